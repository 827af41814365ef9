"""Draws the bands of a Landsat product from a view of the landscape, in each band's digital numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import radians, sin
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from m2m_sandbox.pixels.landscape.spectra import kelvin, read_table, surface, top
from m2m_sandbox.pixels.landscape.view import View, tile_view
from m2m_sandbox.pixels.orbit import TilePlace, gaps, sun_angles, view_angles
from m2m_sandbox.pixels.quality import aerosol, cloud_flags, opacity, quality
from m2m_sandbox.pixels.tiff import Tiff, TiffShape

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.archive.landsat.grid import Grid
    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts

Values = NDArray[Any]
_LAST_EARLY_MSS = 3
"""Landsat 1 to 3 numbered their MSS bands from 4."""

Scale = tuple[float, float]
"""Factor and offset of a number: what it stands for is factor × number + offset."""

SURFACE_SCALE: Scale = 2.75e-5, -0.2
"""Of reflectance in Level 2 and in tiles."""

TEMPERATURE_SCALE: Scale = 0.00341802, 149.0
"""Of temperature in kelvins."""

_LEVEL_1_SCALES: dict[str, Scale] = {"scaled": (2e-5, -0.1), "cirrus": (2e-5, -0.1), "counted": (0.0016, -0.0032)}
"""Painter → the scale of top-of-atmosphere reflectance, not yet divided by the sine of the sun's elevation."""


@dataclass(frozen=True, slots=True)
class _BandSource:
    """The inputs of a band: the scene, the tile, the view of it, and the band's parameters (``spec``)."""

    facts: SceneFacts
    tile_place: TilePlace
    view: View
    spec: Any

    @property
    def sun_sine(self) -> float:
        """Sine of the sun's elevation; at least 0.05, so that night scenes have values too."""
        return max(0.05, sin(radians(self.facts.sun[0])))

    @property
    def kelvin(self) -> Values:
        """Surface temperature in kelvins."""
        return kelvin(self.view, self.facts.sun[0]).astype(np.float64)


def rasters_of(sensor: str, level: str, satellite: int = 5) -> tuple[str, ...]:
    """Return the names of a product's rasters; a product without temperature lacks the ST bands."""
    return tuple(_table(sensor, level, satellite))


@lru_cache(maxsize=64)
def _table(sensor: str, level: str, satellite: int) -> dict[str, list[Any]]:
    """Return by raster name: painter, data type, fill value, and optionally spec and pixel size."""
    tables = read_table("rasters")
    product = "ARD" if level == "ARD" else level[:2]
    instrument, missing = tables["tables"].get(sensor, (sensor, []))
    if instrument == "ETM" and product != "L1":
        instrument = "TM"
    if instrument == "MSS" and satellite <= _LAST_EARLY_MSS:
        instrument = "MSS-early"
    table: dict[str, list[Any]] = tables["products"][f"{product}/{instrument}"]
    no_temperature = level == "L2SR" or (product == "ARD" and sensor == "OLI")
    return {
        name: row
        for name, row in sorted(table.items(), key=lambda item: _usgs_order(item[0]))
        if name not in missing and not (no_temperature and name.startswith("ST_"))
    }


def _usgs_order(name: str) -> tuple[str, int, str]:
    """Sort key of USGS's order: by kind, then by band number."""
    stem, _, rest = name.rpartition("B")
    number = rest.partition("_")[0]
    return (stem, int(number), rest) if number.isdigit() else (name, 0, "")


@dataclass(frozen=True, slots=True)
class RasterKind:
    """What the numbers of a raster are: their type, such as ``UINT16``, and in Level 1 what they stand for.

    ``scale`` is of reflectance, or of radiance in bands with ``thermal`` constants (K1, K2).
    """

    data_type: str
    scale: Scale = (1.0, 0.0)
    thermal: tuple[float, float] | None = None


@lru_cache(maxsize=64)
def raster_kinds(sensor: str, level: str, satellite: int = 5) -> dict[str, RasterKind]:
    """Return the kinds of a product's rasters by their names, in USGS's order."""
    return {name: _kind(*row) for name, row in _table(sensor, level, satellite).items()}


def _kind(painter: str, dtype: str, _fill: int | None, spec: Any = None, _pixel: float | None = None) -> RasterKind:
    if painter == "thermal":
        k1, k2, factor, offset = spec
        return RasterKind(dtype.upper(), (factor, offset), (k1, k2))
    return RasterKind(dtype.upper(), _LEVEL_1_SCALES.get(painter, (1.0, 0.0)))


def raster(facts: SceneFacts, name: str) -> Tiff:
    """Return the file of one raster. Raises KeyError for one that the product does not have."""
    painter, dtype, fill, *options = _table(facts.sensor, facts.level, facts.satellite)[name]
    spec = options[0] if options else None
    grid = _panchromatic_grid(facts.grid, options[1]) if len(options) > 1 else facts.grid
    limits = np.iinfo(dtype)
    shape = TiffShape(
        (grid.width, grid.height),
        np.dtype(dtype),
        grid.crs,
        (grid.west - grid.pixel / 2, grid.north + grid.pixel / 2),
        grid.pixel,
        fill,
    )

    def tile(level: int, column: int, row: int) -> Values:
        tile_place = (grid, level, column, row)
        view = tile_view(facts, *tile_place)
        values = np.rint(_PAINTERS[painter](_BandSource(facts, tile_place, view, spec)))
        blank = ~view.inside | gaps(facts, tile_place)
        return np.where(blank, fill or 0, np.clip(values, limits.min, limits.max)).astype(dtype)

    return Tiff(shape, tile)


def _panchromatic_grid(grid: Grid, pixel: float) -> Grid:
    """Return the grid of the panchromatic band: its corner pixels have the same centers as those of other bands."""
    factor = int(grid.pixel / pixel)
    return replace(grid, pixel=float(pixel), width=factor * (grid.width - 1) + 1, height=factor * (grid.height - 1) + 1)


def _scaled_reflectance(source: _BandSource) -> Values:
    """Digital numbers of top-of-atmosphere reflectance, not yet divided by the sine of the sun's elevation."""
    return np.asarray(np.maximum(_numbers(top(source.view, source.spec) * np.float32(source.sun_sine), "scaled"), 1))


def _counts(source: _BandSource) -> Values:
    """The same in eight bits, which the brightest clouds and snow saturate."""
    counts = _numbers(top(source.view, source.spec) * np.float32(source.sun_sine), "counted")
    return np.asarray(np.clip(counts, 1, 255))


def _cirrus(source: _BandSource) -> Values:
    return _numbers(_cirrus_reflectance(source) * np.float32(source.sun_sine), "cirrus")


def _numbers(reflectance: Values, painter: str) -> Values:
    """Return the Level-1 numbers of reflectance, which is not yet divided by the sine of the sun's elevation."""
    factor, offset = _LEVEL_1_SCALES[painter]
    return np.asarray((reflectance - np.float32(offset)) / np.float32(factor))


def _cirrus_reflectance(source: _BandSource) -> Values:
    return np.asarray(
        np.float32(0.0015) + np.float32(0.06) * source.view.sky.cirrus + np.float32(0.012) * source.view.sky.cloud
    )


def _scaled_level_2(reflectance: Values) -> Values:
    """Digital numbers of reflectance in Level 2 and in tiles."""
    factor, offset = SURFACE_SCALE
    return np.asarray((reflectance - np.float32(offset)) / np.float32(factor))


def _planck_radiance(kelvins: Values, k1: float, k2: float) -> Values:
    """Radiance in W/(m² sr µm)."""
    return np.asarray(k1 / (np.exp(k2 / kelvins) - 1))


def _radiance(source: _BandSource) -> Values:
    """Radiance at the sensor in band 10: the ground's, attenuated by the atmosphere, plus the atmosphere's own."""
    return np.asarray(0.86 * _emissivity(source) * _planck_radiance(source.kelvin, 774.8853, 1321.0789) + 1.1)


def _emissivity(source: _BandSource) -> Values:
    vegetation = source.view.share("leaves") + source.view.share("forest")
    wet = source.view.share("water") + source.view.share("snow")
    return np.asarray(0.965 + 0.02 * vegetation.astype(np.float64) + 0.023 * wet)


def _brightness(source: _BandSource) -> Values:
    return np.asarray(1321.0789 / np.log(774.8853 / _radiance(source) + 1))


def _thermal(source: _BandSource) -> Values:
    """Digital numbers whose radiance has the brightness temperature, by the band's constants."""
    k1, k2, factor, offset = source.spec
    return np.asarray(np.maximum((_planck_radiance(_brightness(source), k1, k2) - offset) / factor, 1))


def _saturation(source: _BandSource) -> Values:
    """QA_RADSAT: a bit for every saturated band; OLI's bands never saturate."""
    if source.facts.sensor.startswith(("OLI", "TIRS")) or not source.facts.level.startswith("L1"):
        return np.zeros(source.view.inside.shape, np.uint16)
    packed = np.zeros(source.view.inside.shape, np.uint16)
    for name, row in _table(source.facts.sensor, source.facts.level, source.facts.satellite).items():
        if row[0] == "counted" and len(row) == 4:
            packed |= (np.rint(_counts(replace(source, spec=row[3]))) >= 255).astype(np.uint16) << (int(name[1:]) - 1)
    return packed


def _scaled_temperature(kelvins: Values) -> Values:
    """Digital numbers of the ST bands."""
    factor, offset = TEMPERATURE_SCALE
    return np.asarray(np.maximum((kelvins - offset) / factor, 1))


_PAINTERS: dict[str, Callable[[_BandSource], Values]] = {
    "surface": lambda source: _scaled_level_2(surface(source.view, source.spec)),
    "top": lambda source: _scaled_level_2(top(source.view, source.spec)),
    "top_cirrus": lambda source: _scaled_level_2(_cirrus_reflectance(source)),
    "scaled": _scaled_reflectance,
    "counted": _counts,
    "cirrus": _cirrus,
    "thermal": _thermal,
    "temperature": lambda source: _scaled_temperature(source.kelvin),
    "brightness": lambda source: _scaled_temperature(_brightness(source)),
    "radiance": lambda source: _radiance(source) * 1000,
    "emissivity": lambda source: _emissivity(source) * 10000,
    "transmittance": lambda source: np.full(source.view.inside.shape, 8600),
    "upwelled": lambda source: np.full(source.view.inside.shape, 1100),
    "downwelled": lambda source: np.full(source.view.inside.shape, 1750),
    "spread": lambda source: 40 + 120 * (1 - source.view.share("leaves") - source.view.share("forest")),
    "distance": lambda source: 1000 * np.clip(source.view.sky.cloud_distance, 0, 20),
    "uncertainty": lambda source: 150 + 350 * np.clip(1 - source.view.sky.cloud_distance, 0, 2),
    "lineage": lambda source: np.ones(source.view.inside.shape),
    "quality": lambda source: quality(source.view, source.facts.sensor),
    "saturation": _saturation,
    "aerosol": lambda source: aerosol(source.view),
    "opacity": lambda source: opacity(source.view),
    "cloud_flags": lambda source: cloud_flags(source.view),
    "sun_zenith": lambda source: 100 * sun_angles(source.facts, source.view)[0],
    "sun_azimuth": lambda source: 100 * sun_angles(source.facts, source.view)[1],
    "view_zenith": lambda source: 100 * view_angles(source.tile_place)[0],
    "view_azimuth": lambda source: 100 * view_angles(source.tile_place)[1],
}
