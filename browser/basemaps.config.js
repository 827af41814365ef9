import VectorLayer from 'ol/layer/Vector.js';
import VectorSource from 'ol/source/Vector.js';
import TopoJSON from 'ol/format/TopoJSON.js';
import Graticule from 'ol/layer/Graticule.js';
import MultiPolygon from 'ol/geom/MultiPolygon.js';
import LayerGroup from 'ol/layer/Group.js';
import { Fill, Stroke, Style, Text } from 'ol/style.js';

// Takes the place of STAC Browser's own file, whose maps come from hosts elsewhere: tiles of a template that the
// server names in config.js, else the outline of the world that is served beside this page.

const LAND = new Style({
  fill: new Fill({ color: '#f4f1ea' }),
  stroke: new Stroke({ color: '#9fb0b8', width: 1 })
});

const WORLD = 2 * Math.PI * 6378137;

// A ring that crosses 180 degrees jumps to the other end of the world and back; it is drawn whole, at both ends.
// One that goes around the world, around a pole, stays as it is.
function whole(ring) {
  let shift = 0;
  const moved = ring.map(([x, y], place) => {
    const step = place ? x - ring[place - 1][0] : 0;
    shift -= Math.abs(step) > WORLD / 2 ? Math.sign(step) * WORLD : 0;
    return [x + shift, y];
  });
  const out = moved.find(([x]) => Math.abs(x) > WORLD / 2 + 1);
  if (shift || !out) {
    return [ring];
  }
  return [moved, moved.map(([x, y]) => [x - Math.sign(out[0]) * WORLD, y])];
}

function mend(feature) {
  const geometry = feature.getGeometry();
  const polygons = geometry.getType() === 'Polygon' ? [geometry.getCoordinates()] : geometry.getCoordinates();
  const mended = polygons.flatMap(([outer, ...holes]) => {
    const rings = whole(outer);
    return rings.length > 1 ? rings.map(ring => [ring]) : [[outer, ...holes]];
  });
  feature.setGeometry(new MultiPolygon(mended));
}

function outline() {
  const source = new VectorSource({
    url: 'world.json',
    format: new TopoJSON({ layers: ['countries'] }),
    attributions: 'Natural Earth'
  });
  source.on('featuresloadend', ({ features }) => features.forEach(mend));
  return new VectorLayer({ source, background: '#dfe9ee', style: LAND });
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
