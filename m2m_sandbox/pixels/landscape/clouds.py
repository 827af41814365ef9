"""The clouds of a scene, and their shadows: as much as the scene says, where its own seed puts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from math import cos, radians, sin, tan
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from m2m_sandbox.archive.landsat.grid import Grid, within
from m2m_sandbox.pixels.landscape.noise import Floats, Noise, noise
from m2m_sandbox.pixels.landscape.terrain import eased
from m2m_sandbox.pixels.tiff import TILE
from m2m_sandbox.pixels.window import EARTH, Window, of_tile

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["Sky", "Weather", "inside", "sky"]

_SOFT = 0.22
"""How far into a cloud it has become opaque, in deviations."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What decides a picture's clouds: their share (0 to 1), seed, and the sun (elevation and azimuth).

    The share is met exactly on a ``grid``, and by chance without one.
    """

    grid: Grid | None = field(compare=False)
    share: float
    seed: int
    sun: tuple[float, float]

    @property
    def kind(self) -> Noise:
        """Small and scattered, or large and layered."""
        first, gain = ((8, 0.62), (9, 0.66), (10, 0.74), (10, 0.84))[self.seed & 3]
        return Noise(self.seed >> 4 & 0xFFFF | 0x10000, first, 17, gain)

    @property
    def height(self) -> float:
        """Of the clouds above the ground, in metres."""
        return 700.0 + 200 * (self.seed >> 20 & 7)


@dataclass(frozen=True, slots=True)
class Sky:
    """How thick cloud, shadow and cirrus are (0 to 1); how far a place is from cloud, in deviations of its noise."""

    cloud: Floats
    shadow: Floats
    cirrus: Floats
    apart: Floats


def sky(window: Window, weather: Weather) -> Sky:
    """The sky over a window, one pixel wider on every side."""
    shape = window.height + 2, window.width + 2
    none = np.zeros(shape, np.float32)
    if weather.share < 0.0005:
        return Sky(none, none, none, np.full(shape, 4, np.float32))
    edge = _edge(weather)
    above = noise(window, weather.kind) - np.float32(edge)
    toward = noise(window, weather.kind, _toward_sun(window, weather)) - np.float32(edge)
    thin = Noise(weather.seed >> 4 & 0xFFFF | 0x20000, 9, 15, 0.62)
    cirrus = eased(noise(window, thin), 3.0 - 1.6 * weather.share, 4.6) * np.float32(0.6)
    return Sky(eased(above, -0.5 * _SOFT, 0.5 * _SOFT), eased(toward, -0.1, 0.15), cirrus, -above)


def _toward_sun(window: Window, weather: Weather) -> tuple[float, float]:
    """From a place to the cloud that shades it, as shares of the globe."""
    elevation, azimuth = weather.sun
    away = weather.height / tan(radians(max(elevation, 8.0))) / (EARTH * cos(radians(window.latitude)))
    return round(away * sin(radians(azimuth)), 12), round(away * cos(radians(azimuth)), 12)


@lru_cache(maxsize=256)
def _edge(weather: Weather) -> float:
    """The noise above which there is cloud: so much of the scene, seen from far, lies above it."""
    if weather.grid is None:
        return round(NormalDist().inv_cdf(1 - min(0.999, weather.share)), 4)
    grid, level = weather.grid, 0
    while max(grid.width, grid.height) >> level > TILE:
        level += 1
    window = of_tile(grid, level, 0, 0)
    seen = noise(window, weather.kind)[1:-1, 1:-1][inside(grid, level, 0, 0)]
    return round(float(np.quantile(seen, 1 - min(1.0, weather.share))), 4)


def inside(grid: Grid, level: int, column: int, row: int) -> NDArray[np.bool_]:
    """Which pixels of a tile lie within the scene's footprint."""
    size = grid.pixel * 2**level
    x = grid.west - grid.pixel / 2 + size * (column * TILE + np.arange(TILE) + 0.5)
    y = grid.north + grid.pixel / 2 - size * (row * TILE + np.arange(TILE) + 0.5)
    return within(grid.epsg, grid.footprint, x[None, :], y[:, None])
