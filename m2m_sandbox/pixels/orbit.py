"""How the satellite flew over a scene: distances along and across its track, view and sun angles, gaps."""

from __future__ import annotations

from datetime import date
from math import atan2, degrees
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from m2m_sandbox.archive.landsat.grid import projector
from m2m_sandbox.archive.overpasses.sun import sun_at
from m2m_sandbox.pixels.tiff import TILE

if TYPE_CHECKING:
    from m2m_sandbox.archive.landsat.grid import Grid
    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts
    from m2m_sandbox.pixels.landscape.view import View

Numbers = NDArray[np.float64]
TilePlace = tuple["Grid", int, int, int]
"""A tile: grid, level, column, row."""

SLC_OFF = date(2003, 5, 31)
"""The day on which the scan line corrector of Landsat 7 failed."""

_ALTITUDE = 705_000.0
_SWEEP = 990.0
"""Meters along the track from one gap to the next: two sweeps of 16 lines, and the gap between them."""

_INTACT, _SWATH_EDGE, _MAX_LOSS = 11_000.0, 93_000.0, 0.42
"""Meters from the track up to which nothing is lost, and where the loss is greatest; the share lost there."""


def _heading(grid: Grid) -> tuple[float, float, float, float]:
    """Return the middle of the footprint in meters of the grid, and the direction of flight (unit vector)."""
    xs, ys = projector(grid.crs).transform(grid.footprint[:, 0], grid.footprint[:, 1])
    flight = xs[1] - xs[0] + xs[2] - xs[3], ys[1] - ys[0] + ys[2] - ys[3]
    length = float(np.hypot(*flight))
    middle = float(np.mean(xs)), float(np.mean(ys))
    return round(middle[0], 2), round(middle[1], 2), round(flight[0] / length, 9), round(flight[1] / length, 9)


def _track(tile_place: TilePlace) -> tuple[Numbers, Numbers, float]:
    """Return meters along the track and to the right of it, for every pixel of a tile; and the heading in degrees."""
    grid, level, column, row = tile_place
    x0, y0, east, north = _heading(grid)
    size = grid.pixel * 2**level
    x = (grid.west - grid.pixel / 2 + size * (column * TILE + np.arange(TILE) + 0.5) - x0)[None, :]
    y = (grid.north + grid.pixel / 2 - size * (row * TILE + np.arange(TILE) + 0.5) - y0)[:, None]
    return x * east + y * north, x * north - y * east, degrees(atan2(east, north))


def gaps(facts: SceneFacts, tile_place: TilePlace) -> NDArray[np.bool_]:
    """Return the pixels that Landsat 7 misses since its scan line corrector failed: wedges widening toward the edges.

    Overviews whose pixels are coarser than a wedge have none.
    """
    grid, level, _column, _row = tile_place
    if facts.sensor != "ETM" or facts.day < SLC_OFF or grid.pixel * 2**level > 240:
        return np.zeros((TILE, TILE), bool)
    along, across, _ = _track(tile_place)
    loss = np.clip((np.abs(across) - _INTACT) / (_SWATH_EDGE - _INTACT), 0, 1) * _MAX_LOSS
    return np.asarray((along / _SWEEP + np.where(across > 0, 0.0, 0.5)) % 1 < loss)


def view_angles(tile_place: TilePlace) -> tuple[Numbers, Numbers]:
    """Return zenith and azimuth (−180 to 180) of the satellite from every pixel, in degrees."""
    _along, across, heading = _track(tile_place)
    back = np.where(across > 0, heading - 90, heading + 90)
    return np.degrees(np.arctan(np.abs(across) / _ALTITUDE)), (back + 180) % 360 - 180


def sun_angles(facts: SceneFacts, view: View) -> tuple[Numbers, Numbers]:
    """Return zenith and azimuth (−180 to 180) of the sun from every pixel, in degrees."""
    longitudes, latitudes = view.window.east * 360 - 540, view.window.latitudes
    angles = np.array(
        [sun_at(float(lon), float(lat), facts.middle) for lon, lat in zip(longitudes.flat, latitudes.flat, strict=True)]
    )
    zenith = 90 - angles[:, 0].reshape(longitudes.shape)
    # Near the zenith azimuths change quickly; they are unwrapped around the scene's own before interpolation.
    azimuth = ((angles[:, 1] - facts.sun[1] + 180) % 360 - 180 + facts.sun[1]).reshape(longitudes.shape)
    interpolated = (view.window.spread(nodes)[2:-3, 2:-3] for nodes in (zenith, azimuth))
    zeniths, azimuths = interpolated
    return zeniths, (azimuths + 180) % 360 - 180
