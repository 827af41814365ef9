"""How the satellite flew over a scene: across and along its track, the angles it looked and was lit at, its gaps."""

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
    from m2m_sandbox.archive.landsat.archive import SceneFacts
    from m2m_sandbox.archive.landsat.grid import Grid
    from m2m_sandbox.pixels.landscape.view import View

__all__ = ["gaps", "sun_angles", "view_angles"]

Numbers = NDArray[np.float64]
Place = tuple["Grid", int, int, int]
"""A tile: grid, level, column, row."""

SLC_OFF = date(2003, 5, 31)
"""The day on which the scan line corrector of Landsat 7 failed."""

_ALTITUDE = 705_000.0
_SWEEP = 990.0
"""Metres along the track from one gap to the next: two sweeps of 16 lines, and what is lost between them."""

_WHOLE, _EDGE, _WIDEST = 11_000.0, 93_000.0, 0.42
"""Metres from the track within which nothing is lost, and where most is; the share that is lost there."""


def _heading(grid: Grid) -> tuple[float, float, float, float]:
    """Of the footprint on its grid: the middle in metres, and the direction of flight (unit vector)."""
    xs, ys = projector(grid.epsg).transform(grid.footprint[:, 0], grid.footprint[:, 1])
    ahead = xs[1] - xs[0] + xs[2] - xs[3], ys[1] - ys[0] + ys[2] - ys[3]
    length = float(np.hypot(*ahead))
    middle = float(np.mean(xs)), float(np.mean(ys))
    return round(middle[0], 2), round(middle[1], 2), round(ahead[0] / length, 9), round(ahead[1] / length, 9)


def _track(place: Place) -> tuple[Numbers, Numbers, float]:
    """Metres along the track and to the right of it, for every pixel of a tile; the heading in degrees."""
    grid, level, column, row = place
    x0, y0, east, north = _heading(grid)
    size = grid.pixel * 2**level
    x = (grid.west - grid.pixel / 2 + size * (column * TILE + np.arange(TILE) + 0.5) - x0)[None, :]
    y = (grid.north + grid.pixel / 2 - size * (row * TILE + np.arange(TILE) + 0.5) - y0)[:, None]
    return x * east + y * north, x * north - y * east, degrees(atan2(east, north))


def gaps(facts: SceneFacts, place: Place) -> NDArray[np.bool_]:
    """Where Landsat 7 sees nothing since its scan line corrector failed: wedges that widen toward the edges.

    Overviews whose pixels are coarser than a wedge show none.
    """
    grid, level, _column, _row = place
    if facts.sensor != "ETM" or facts.day < SLC_OFF or grid.pixel * 2**level > 240:
        return np.zeros((TILE, TILE), bool)
    along, aside, _ = _track(place)
    lost = np.clip((np.abs(aside) - _WHOLE) / (_EDGE - _WHOLE), 0, 1) * _WIDEST
    return np.asarray((along / _SWEEP + np.where(aside > 0, 0.0, 0.5)) % 1 < lost)


def view_angles(place: Place) -> tuple[Numbers, Numbers]:
    """Zenith and azimuth (−180 to 180) of the satellite from every pixel, in degrees."""
    _along, aside, heading = _track(place)
    back = np.where(aside > 0, heading - 90, heading + 90)
    return np.degrees(np.arctan(np.abs(aside) / _ALTITUDE)), (back + 180) % 360 - 180


def sun_angles(facts: SceneFacts, seen: View) -> tuple[Numbers, Numbers]:
    """Zenith and azimuth (−180 to 180) of the sun from every pixel, in degrees."""
    longitudes, latitudes = seen.window.east * 360 - 540, seen.window.latitudes
    angles = np.array(
        [sun_at(float(lon), float(lat), facts.middle) for lon, lat in zip(longitudes.flat, latitudes.flat, strict=True)]
    )
    zenith = 90 - angles[:, 0].reshape(longitudes.shape)
    # Near the zenith azimuths turn quickly; they are unwrapped about the scene's own.
    azimuth = ((angles[:, 1] - facts.sun[1] + 180) % 360 - 180 + facts.sun[1]).reshape(longitudes.shape)
    spread = (seen.window.spread(nodes)[2:-3, 2:-3] for nodes in (zenith, azimuth))
    high, turned = spread
    return high, (turned + 180) % 360 - 180
