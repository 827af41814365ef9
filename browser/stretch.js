// How bright a band is shown: stretched over what land and sea hold, not over all that its type of number could.
// Ranges are in what a band measures: reflectance, kelvin, metres; in its own numbers where nothing tells what it is.

const MEASURED = {
  reflectance: [0, 0.4],
  kelvin: [255, 325],
  meter: [-50, 3000]
};
const COUNTED = { uint16: [4000, 26000] };

module.exports = function stretch(type, options, asset) {
  const band = asset['raster:bands']?.[0];
  if (String(type) !== 'GeoTIFF' || !band || asset['classification:bitfields']) {
    return options;
  }
  const measured = MEASURED[asset.roles?.find(role => role in MEASURED) ?? band.unit];
  const numbers = measured
    ? measured.map(value => (value - (band.offset ?? 0)) / (band.scale ?? 1))
    : COUNTED[band.scale ? null : band.data_type];
  if (!numbers) {
    return options;
  }
  const [min, max] = numbers;
  return { ...options, sources: options.sources.map(source => ({ ...source, min, max })) };
};
