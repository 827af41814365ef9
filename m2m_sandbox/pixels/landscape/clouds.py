"""The clouds of a scene and their shadows: as much cloud as the scene's cloud cover, placed by the scene's seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from math import cos, radians, sin, tan
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from m2m_sandbox.archive.landsat.grid import Grid, within
from m2m_sandbox.pixels.landscape.noise import Floats, Noise, noise
from m2m_sandbox.pixels.landscape.terrain import smoothstep
from m2m_sandbox.pixels.tiff import TILE
from m2m_sandbox.pixels.window import EARTH, Window, of_tile

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EDGE_WIDTH = 0.22
"""Width of a cloud's soft edge, in standard deviations of its noise."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What determines an image's clouds: their share (0 to 1), seed, and the sun (elevation and azimuth in degrees).

    The share is exact on a ``grid``, and only expected without one.
    """

    grid: Grid | None = field(compare=False)
    share: float
    seed: int
    sun: tuple[float, float]

    @property
    def kind(self) -> Noise:
        """The noise of the clouds: small and scattered, or large and layered."""
        first, gain = ((8, 0.62), (9, 0.66), (10, 0.74), (10, 0.84))[self.seed & 3]
        return Noise(self.seed >> 4 & 0xFFFF | 0x10000, first, 17, gain)

    @property
    def height(self) -> float:
        """Height of the clouds above the ground, in meters."""
        return 700.0 + 200 * (self.seed >> 20 & 7)


@dataclass(frozen=True, slots=True)
class Sky:
    """Opacity of cloud, shadow and cirrus (0 to 1).

    ``cloud_distance`` is the distance from cloud in standard deviations of the cloud noise; negative inside clouds.
    """

    cloud: Floats
    shadow: Floats
    cirrus: Floats
    cloud_distance: Floats


def sky(window: Window, weather: Weather) -> Sky:
    """Return the sky over a window, one pixel wider on every side."""
    shape = window.height + 2, window.width + 2
    empty = np.zeros(shape, np.float32)
    if weather.share < 0.0005:
        return Sky(empty, empty, empty, np.full(shape, 4, np.float32))
    threshold = _threshold(weather)
    excess = noise(window, weather.kind) - np.float32(threshold)
    shading = noise(window, weather.kind, _toward_sun(window, weather)) - np.float32(threshold)
    cirrus_noise = Noise(weather.seed >> 4 & 0xFFFF | 0x20000, 9, 15, 0.62)
    cirrus = smoothstep(noise(window, cirrus_noise), 3.0 - 1.6 * weather.share, 4.6) * np.float32(0.6)
    return Sky(
        smoothstep(excess, -0.5 * _EDGE_WIDTH, 0.5 * _EDGE_WIDTH), smoothstep(shading, -0.1, 0.15), cirrus, -excess
    )


def _toward_sun(window: Window, weather: Weather) -> tuple[float, float]:
    """Return the offset from a place to the cloud that shades it, in fractions of the globe."""
    elevation, azimuth = weather.sun
    distance = weather.height / tan(radians(max(elevation, 8.0))) / (EARTH * cos(radians(window.latitude)))
    return round(distance * sin(radians(azimuth)), 12), round(distance * cos(radians(azimuth)), 12)


@lru_cache(maxsize=256)
def _threshold(weather: Weather) -> float:
    """Return the noise value above which there is cloud.

    It is the quantile of a coarse overview of the scene that leaves the scene's share of cloud above it.
    """
    if weather.grid is None:
        return round(NormalDist().inv_cdf(1 - min(0.999, weather.share)), 4)
    grid, level = weather.grid, 0
    while max(grid.width, grid.height) >> level > TILE:
        level += 1
    window = of_tile(grid, level, 0, 0)
    values = noise(window, weather.kind)[1:-1, 1:-1][inside(grid, level, 0, 0)]
    return round(float(np.quantile(values, 1 - min(1.0, weather.share))), 4)


def inside(grid: Grid, level: int, column: int, row: int) -> NDArray[np.bool_]:
    """Test which pixels of a tile lie within the scene's footprint."""
    size = grid.pixel * 2**level
    x = grid.west - grid.pixel / 2 + size * (column * TILE + np.arange(TILE) + 0.5)
    y = grid.north + grid.pixel / 2 - size * (row * TILE + np.arange(TILE) + 0.5)
    return within(grid.crs, grid.footprint, x[None, :], y[:, None])
