"""A view of the landscape → the numbers of each of a product's rasters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import radians, sin
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from m2m_sandbox.pixels.landscape.spectra import kelvin, rows, surface, top
from m2m_sandbox.pixels.landscape.view import View, view
from m2m_sandbox.pixels.orbit import Place, gaps, sun_angles, view_angles
from m2m_sandbox.pixels.quality import aerosol, cloud_flags, opacity, quality
from m2m_sandbox.pixels.tiff import Tiff, TiffShape

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.archive.landsat.archive import SceneFacts
    from m2m_sandbox.archive.landsat.grid import Grid

__all__ = ["raster", "rasters_of"]

Values = NDArray[Any]
_EARLY = 3
"""The last satellite whose MSS bands were numbered from 4."""


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What there is to draw from: the scene, the tile, what is seen in it, and what of."""

    facts: SceneFacts
    place: Place
    seen: View
    what: Any

    @property
    def lit(self) -> float:
        """The sine of the sun's elevation; never 0, though nothing is to be seen at night."""
        return max(0.05, sin(radians(self.facts.sun[0])))

    @property
    def kelvin(self) -> Values:
        """Surface temperature."""
        return kelvin(self.seen, self.facts.sun[0]).astype(np.float64)


def rasters_of(sensor: str, level: str, satellite: int = 5) -> tuple[str, ...]:
    """The names of the rasters that a product has: one without temperature lacks those of it."""
    return tuple(_table(sensor, level, satellite))


@lru_cache(maxsize=64)
def _table(sensor: str, level: str, satellite: int) -> dict[str, list[Any]]:
    """Name → how it is drawn, type, fill, and of what."""
    said = rows("rasters")
    kind = "ARD" if level == "ARD" else level[:2]
    base, lacking = said["tables"].get(sensor, (sensor, []))
    if base == "ETM" and kind != "L1":
        base = "TM"
    if base == "MSS" and satellite <= _EARLY:
        base = "MSS-early"
    found: dict[str, list[Any]] = said["products"][f"{kind}/{base}"]
    cold = level == "L2SR" or (kind == "ARD" and sensor == "OLI")
    return {
        name: row
        for name, row in sorted(found.items(), key=lambda one: _order(one[0]))
        if name not in lacking and not (cold and name.startswith("ST_"))
    }


def _order(name: str) -> tuple[str, int, str]:
    """As USGS lists them: by kind, then by the number of the band."""
    stem, _, rest = name.rpartition("B")
    number = rest.partition("_")[0]
    return (stem, int(number), rest) if number.isdigit() else (name, 0, "")


def raster(facts: SceneFacts, name: str) -> Tiff:
    """The file of one raster. Raises KeyError for one that the product does not have."""
    draw, kind, fill, *more = _table(facts.sensor, facts.level, facts.satellite)[name]
    what = more[0] if more else None
    grid = _finer(facts.grid, more[1]) if len(more) > 1 else facts.grid
    limits = np.iinfo(kind)
    shape = TiffShape(
        (grid.width, grid.height),
        np.dtype(kind),
        grid.epsg,
        (grid.west - grid.pixel / 2, grid.north + grid.pixel / 2),
        grid.pixel,
        fill,
    )

    def tile(level: int, column: int, row: int) -> Values:
        place = (grid, level, column, row)
        seen = view(facts, *place)
        values = np.rint(_DRAWN[draw](_Drawing(facts, place, seen, what)))
        blank = ~seen.inside | gaps(facts, place)
        return np.where(blank, fill or 0, np.clip(values, limits.min, limits.max)).astype(kind)

    return Tiff(shape, tile)


def _finer(grid: Grid, pixel: float) -> Grid:
    """The grid of the panchromatic band: its corner pixels have the same centres as the others'."""
    times = int(grid.pixel / pixel)
    return replace(grid, pixel=float(pixel), width=times * (grid.width - 1) + 1, height=times * (grid.height - 1) + 1)


def _scaled(to: _Drawing) -> Values:
    """Reflectance at the top of the atmosphere, not yet divided by the sine of the sun's elevation."""
    return np.asarray(np.maximum((top(to.seen, to.what) * np.float32(to.lit) + np.float32(0.1)) / np.float32(2e-5), 1))


def _counted(to: _Drawing) -> Values:
    """The same in eight bits, which the brightest clouds and snow overflow."""
    counts = (top(to.seen, to.what) * np.float32(to.lit) + np.float32(0.0032)) / np.float32(0.0016)
    return np.asarray(np.clip(counts, 1, 255))


def _cirrus(to: _Drawing) -> Values:
    high = np.float32(0.0015) + np.float32(0.06) * to.seen.sky.cirrus + np.float32(0.012) * to.seen.sky.cloud
    return (high * np.float32(to.lit) + np.float32(0.1)) / np.float32(2e-5)


def _planck(kelvins: Values, k1: float, k2: float) -> Values:
    """Radiance in W/(m² sr µm)."""
    return np.asarray(k1 / (np.exp(k2 / kelvins) - 1))


def _emitted(to: _Drawing) -> Values:
    """Radiance that reaches the sensor of band 10: what the air lets through of the ground's, and its own."""
    return np.asarray(0.86 * _emissivity(to) * _planck(to.kelvin, 774.8853, 1321.0789) + 1.1)


def _emissivity(to: _Drawing) -> Values:
    green = to.seen.share("leaves") + to.seen.share("forest")
    wet = to.seen.share("water") + to.seen.share("snow")
    return np.asarray(0.965 + 0.02 * green.astype(np.float64) + 0.023 * wet)


def _brightness(to: _Drawing) -> Values:
    return np.asarray(1321.0789 / np.log(774.8853 / _emitted(to) + 1))


def _thermal(to: _Drawing) -> Values:
    """Numbers whose radiance has the brightness temperature, by the constants of the band."""
    k1, k2, factor, offset = to.what
    return np.asarray(np.maximum((_planck(_brightness(to), k1, k2) - offset) / factor, 1))


def _saturation(to: _Drawing) -> Values:
    """QA_RADSAT: a bit for every band whose numbers have run out; OLI's never do."""
    if to.facts.sensor.startswith(("OLI", "TIRS")) or not to.facts.level.startswith("L1"):
        return np.zeros(to.seen.inside.shape, np.uint16)
    packed = np.zeros(to.seen.inside.shape, np.uint16)
    for name, row in _table(to.facts.sensor, to.facts.level, to.facts.satellite).items():
        if row[0] == "counted" and len(row) == 4:
            packed |= (np.rint(_counted(replace(to, what=row[3]))) >= 255).astype(np.uint16) << (int(name[1:]) - 1)
    return packed


def _kelvins(values: Values) -> Values:
    """As ST bands write them."""
    return np.asarray(np.maximum((values - 149) / 0.00341802, 1))


_DRAWN: dict[str, Callable[[_Drawing], Values]] = {
    "surface": lambda to: (surface(to.seen, to.what) + np.float32(0.2)) / np.float32(2.75e-5),
    "top": lambda to: (top(to.seen, to.what) + np.float32(0.1)) / np.float32(2e-5),
    "scaled": _scaled,
    "counted": _counted,
    "cirrus": _cirrus,
    "thermal": _thermal,
    "temperature": lambda to: _kelvins(to.kelvin),
    "brightness": lambda to: _kelvins(_brightness(to)),
    "radiance": lambda to: _emitted(to) * 1000,
    "emissivity": lambda to: _emissivity(to) * 10000,
    "transmittance": lambda to: np.full(to.seen.inside.shape, 8600),
    "upwelled": lambda to: np.full(to.seen.inside.shape, 1100),
    "downwelled": lambda to: np.full(to.seen.inside.shape, 1750),
    "spread": lambda to: 40 + 120 * (1 - to.seen.share("leaves") - to.seen.share("forest")),
    "distance": lambda to: 1000 * np.clip(to.seen.sky.apart, 0, 20),
    "uncertainty": lambda to: 150 + 350 * np.clip(1 - to.seen.sky.apart, 0, 2),
    "quality": lambda to: quality(to.seen, to.facts.sensor),
    "saturation": _saturation,
    "aerosol": lambda to: aerosol(to.seen),
    "opacity": lambda to: opacity(to.seen),
    "cloud_flags": lambda to: cloud_flags(to.seen),
    "sun_zenith": lambda to: 100 * sun_angles(to.facts, to.seen)[0],
    "sun_azimuth": lambda to: 100 * sun_angles(to.facts, to.seen)[1],
    "view_zenith": lambda to: 100 * view_angles(to.place)[0],
    "view_azimuth": lambda to: 100 * view_angles(to.place)[1],
}
