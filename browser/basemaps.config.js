import VectorLayer from 'ol/layer/Vector.js';
import VectorSource from 'ol/source/Vector.js';
import TopoJSON from 'ol/format/TopoJSON.js';
import Graticule from 'ol/layer/Graticule.js';
import LayerGroup from 'ol/layer/Group.js';
import { Fill, Stroke, Style, Text } from 'ol/style.js';

// Takes the place of STAC Browser's own file, whose maps come from hosts elsewhere: tiles of a template that the
// server names in config.js, else the outline of the world that is served beside this page.

const LAND = new Style({
  fill: new Fill({ color: '#f4f1ea' }),
  stroke: new Stroke({ color: '#9fb0b8', width: 1 })
});

// An island that lies across 180 degrees would be a line around the world.
function shown(feature) {
  const [west, south, east, north] = feature.getGeometry().getExtent();
  return east - west > 3e7 && north - south < 1e6 ? null : LAND;
}

function outline() {
  return new VectorLayer({
    source: new VectorSource({
      url: 'world.json',
      format: new TopoJSON({ layers: ['countries'] }),
      attributions: 'Natural Earth'
    }),
    background: '#dfe9ee',
    style: shown
  });
}

// Where the outline is too coarse to tell a place, degrees do.
function degrees() {
  const label = (align) => new Text({
    font: '11px sans-serif',
    fill: new Fill({ color: '#5c6b73' }),
    stroke: new Stroke({ color: 'rgba(255,255,255,0.8)', width: 3 }),
    ...align
  });
  return new Graticule({
    strokeStyle: new Stroke({ color: 'rgba(92,107,115,0.25)', width: 1 }),
    showLabels: true,
    wrapX: true,
    lonLabelPosition: 0.03,
    latLabelPosition: 0.995,
    lonLabelStyle: label({ textBaseline: 'bottom' }),
    latLabelStyle: label({ textAlign: 'end' })
  });
}

const OUTLINE = {
  is: null,
  title: 'World outline',
  projection: 'EPSG:3857',
  layerCreated: async () => new LayerGroup({
    layers: [outline(), degrees()],
    properties: { title: 'World outline', base: true }
  })
};

export default function configureBasemap() {
  const told = window.STAC_BRIDGE_BASEMAP;
  if (!told?.url) {
    return [OUTLINE];
  }
  const tiles = { ...told, is: 'XYZ', title: 'Map', projection: 'EPSG:3857' };
  return [tiles, OUTLINE];
}
