"""The tile grids of Landsat Analysis Ready Data, on Albers projections of the USA [REFERENCE §15]."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from m2m_sandbox.archive.landsat.grid import Albers, Grid, projector

_SIDE, _PIXELS, _PIXEL = 150_000.0, 5000, 30.0


@dataclass(frozen=True, slots=True)
class Region:
    """A grid of tiles: ``west`` and ``north`` are its outer corner in meters of ``crs``; ``land`` is in degrees."""

    crs: Albers
    west: float
    north: float
    across: int
    down: int
    land: tuple[tuple[float, float], ...]


REGIONS = {
    "CU": Region(Albers(-96.0, 23.0, (29.5, 45.5)), -2565585.0, 3314805.0, 33, 22, (
        (-124.7, 48.4), (-123, 49), (-95.2, 49), (-89.5, 48), (-84.5, 46.5), (-82.4, 42), (-79, 43.3), (-75, 45),
        (-71.5, 45), (-69.2, 47.4), (-67, 44.8), (-70, 41.5), (-74, 39.5), (-75.5, 35.2), (-81, 31.5), (-80, 25.2),
        (-82, 26), (-84, 30), (-89, 29), (-94, 29.3), (-97.3, 25.9), (-101, 29.7), (-103, 29), (-106.5, 31.7),
        (-111, 31.3), (-117.1, 32.5), (-120.6, 34.5), (-124.4, 40.4),
    )),
    "AK": Region(Albers(-154.0, 50.0, (55.0, 65.0)), -2201715.0, 2474325.0, 26, 14, (
        (-156.5, 71.3), (-141, 69.6), (-141, 60.3), (-130, 55), (-134, 56), (-140, 59.5), (-148, 60), (-154, 57),
        (-162, 55), (-157, 58.5), (-166, 61.5), (-162, 64.5), (-168, 65.6), (-162, 67), (-166.5, 68.3),
    )),
    "HI": Region(Albers(-157.0, 3.0, (8.0, 18.0)), -444345.0, 2168895.0, 5, 3, (
        (-160.3, 21.8), (-159.4, 22.3), (-157.7, 21.6), (-156.2, 21.1), (-154.8, 19.5), (-155.7, 18.9), (-156.1, 19.8),
        (-157.0, 20.6), (-158.3, 21.3), (-159.5, 21.8),
    )),
}  # fmt: skip
"""Coasts and borders, coarse: they only decide which tiles contain land."""


@lru_cache(maxsize=1024)
def tile_grid(region: str, horizontal: int, vertical: int) -> Grid:
    """Return the raster of a tile: 5,000 × 5,000 pixels of 30 m."""
    bounds = REGIONS[region]
    west, north = bounds.west + _SIDE * horizontal, bounds.north - _SIDE * vertical
    xs, ys = [west, west + _SIDE, west + _SIDE, west], [north - _SIDE, north - _SIDE, north, north]
    to_degrees = projector(bounds.crs)
    ring = np.stack(to_degrees.transform(xs, ys, direction="INVERSE"), -1)
    longitude, latitude = to_degrees.transform(west + _SIDE / 2, north - _SIDE / 2, direction="INVERSE")
    first = west + _PIXEL / 2, north - _PIXEL / 2
    return Grid(bounds.crs, *first, _PIXELS, _PIXELS, (float(longitude), float(latitude)), ring)
