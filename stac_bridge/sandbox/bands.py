"""A view of the landscape → the numbers of each of a product's rasters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stac_bridge.sandbox.grid import PIXEL
from stac_bridge.sandbox.landscape import Facts, View, view
from stac_bridge.sandbox.tiff import Tiff, TiffShape

if TYPE_CHECKING:
    from stac_bridge.sandbox.landsat import SceneFacts

__all__ = ["natural_colour", "raster", "rasters_of"]

# soil, leaves, water, snow, cloud
_REFLECTANCE = {
    "SR_B1": (0.07, 0.02, 0.05, 0.80, 0.52),
    "SR_B2": (0.09, 0.03, 0.05, 0.82, 0.52),
    "SR_B3": (0.12, 0.07, 0.04, 0.82, 0.53),
    "SR_B4": (0.16, 0.04, 0.025, 0.80, 0.54),
    "SR_B5": (0.24, 0.46, 0.012, 0.70, 0.56),
    "SR_B6": (0.32, 0.20, 0.006, 0.10, 0.45),
    "SR_B7": (0.27, 0.10, 0.004, 0.08, 0.38),
}
_CONSTANT = {
    "ST_ATRAN": 8600,
    "ST_CDIST": 420,
    "ST_DRAD": 760,
    "ST_EMIS": 9720,
    "ST_EMSD": 85,
    "ST_QA": 310,
    "ST_TRAD": 8900,
    "ST_URAD": 1450,
}
_TYPES = {
    **dict.fromkeys(_REFLECTANCE, ("uint16", 0)),
    **dict.fromkeys(_CONSTANT, ("int16", -9999)),
    "ST_B10": ("uint16", 0),
    "QA_PIXEL": ("uint16", 1),
    "QA_RADSAT": ("uint16", None),
    "SR_QA_AEROSOL": ("uint8", 1),
}
Values = NDArray[Any]


def rasters_of(_sensor: str, level: str) -> tuple[str, ...]:
    """The names of the rasters that a product has: one without temperature lacks those of it."""
    return tuple(name for name in _TYPES if level == "L2SP" or not name.startswith("ST_"))


def raster(facts: SceneFacts, name: str) -> Tiff:
    """The file of one raster."""
    grid, (kind, nodata) = facts.grid, _TYPES[name]
    shape = TiffShape(
        grid.width, grid.height, np.dtype(kind), grid.epsg, grid.west - PIXEL / 2, grid.north + PIXEL / 2, PIXEL, nodata
    )
    key = Facts(facts)

    def draw(level: int, column: int, row: int) -> Values:
        return _drawn(name, view(key, level, column, row)).astype(kind)

    return Tiff(shape, draw)


def _drawn(name: str, seen: View) -> Values:
    if name in _REFLECTANCE:
        return np.where(seen.inside, (reflectance(name, seen) + 0.2) / 2.75e-5, 0)
    if name in _CONSTANT:
        return np.where(seen.inside, _CONSTANT[name] * (1 + 0.02 * seen.green), -9999)
    if name == "ST_B10":
        return np.where(seen.inside, (_kelvin(seen) - 149) / 0.00341802, 0)
    if name == "QA_PIXEL":
        return np.where(seen.inside, _quality(seen), 1)
    if name == "SR_QA_AEROSOL":
        return np.where(seen.inside, np.where(seen.water, 70, 66), 1)
    return np.zeros(seen.inside.shape)


def reflectance(name: str, seen: View) -> NDArray[np.float32]:
    """Surface reflectance of a band, 0 to 1."""
    soil, leaves, water, snow, cloud = (np.float32(value) for value in _REFLECTANCE[name])
    land = soil + (leaves - soil) * seen.green + np.float32(0.012) * seen.relief
    shown = np.where(seen.water, water, np.where(seen.snow, snow, land))
    return np.clip(np.where(seen.cloud, cloud, shown), 0.001, 1).astype(np.float32)


def _kelvin(seen: View) -> NDArray[np.float32]:
    ground = 305 - abs(seen.latitude) * 0.45 - 6 * seen.green - 3 * seen.relief
    cooler = np.where(seen.water, 288 - abs(seen.latitude) * 0.2, np.where(seen.snow, 268, ground))
    return np.asarray(np.where(seen.cloud, 255, cooler), np.float32)


def _quality(seen: View) -> Values:
    """Landsat's own words for clear land, clear water, snow and cloud."""
    clear = np.where(seen.water, 21952, np.where(seen.snow, 30048, 21824))
    return np.where(seen.cloud, 22280, clear)


def natural_colour(facts: SceneFacts, most: int) -> NDArray[np.uint8]:
    """A picture of at most ``most`` pixels across or down, as (height, width, 3)."""
    grid, level = facts.grid, 0
    while max(grid.width, grid.height) >> level > most:
        level += 1
    width, height = -(-grid.width // 2**level), -(-grid.height // 2**level)
    picture = np.zeros((-(-height // 256) * 256, -(-width // 256) * 256, 3), np.uint8)
    for row in range(picture.shape[0] // 256):
        for column in range(picture.shape[1] // 256):
            seen = view(Facts(facts), level, column, row)
            shown = np.stack([reflectance(name, seen) for name in ("SR_B4", "SR_B3", "SR_B2")], -1)
            tile = np.where(seen.inside[..., None], np.clip(shown / 0.4, 0, 1) ** 0.7 * 255, 0)
            picture[256 * row : 256 * (row + 1), 256 * column : 256 * (column + 1)] = tile.astype(np.uint8)
    return picture[:height, :width]
