"""Views: terrain, its cover on a day, the light on it, and the clouds above it."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin, tan
from threading import Condition
from typing import TYPE_CHECKING

import numpy as np
from cachetools import LRUCache, cached

from m2m_sandbox.pixels.landscape.clouds import Sky, Weather, inside, sky
from m2m_sandbox.pixels.landscape.cover import SURFACES, Cover, cover
from m2m_sandbox.pixels.landscape.terrain import Terrain, terrain
from m2m_sandbox.pixels.window import Window, of_tile

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from m2m_sandbox.archive.landsat.grid import Grid
    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts
    from m2m_sandbox.pixels.landscape.noise import Floats

CACHE_BYTES = 96 * 2**20
"""Size of the cache of views, which the other bands of a tile reuse."""

_MAX_SUN_ELEVATION = 70.0
"""Degrees; a higher sun does not weaken shading further."""


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """Fields of one size: shares of the surfaces, light on them (1 on level ground), air temperature in °C, and sky."""

    inside: NDArray[np.bool_]
    shares: tuple[Floats, ...]
    light: Floats
    air: Floats
    sky: Sky
    window: Window

    @property
    def nbytes(self) -> int:
        """Memory of the fields."""
        sky_fields = (self.sky.cloud, self.sky.shadow, self.sky.cirrus, self.sky.cloud_distance)
        return self.inside.nbytes + sum(field.nbytes for field in (*self.shares, self.light, self.air, *sky_fields))

    def share(self, surface: str) -> Floats:
        """Return a surface's share of every pixel, 0 to 1, ignoring clouds."""
        return self.shares[SURFACES.index(surface)]


def render_view(window: Window, day: date, weather: Weather, inside: NDArray[np.bool_]) -> View:
    """Render a window on a day; ``inside`` marks the pixels within the scene."""
    land = terrain(window)
    land_cover, sky_above = cover(window, land, day), sky(window, weather)
    return View(
        inside,
        tuple(_cropped(share) for share in land_cover.shares),
        _light(window, land, land_cover, weather.sun),
        _cropped(land_cover.air),
        Sky(
            _cropped(sky_above.cloud),
            _cropped(sky_above.shadow),
            _cropped(sky_above.cirrus),
            _cropped(sky_above.cloud_distance),
        ),
        Window(window.east, window.down),  # a copy without cached positions, which would take memory
    )


def _cropped(field: Floats) -> Floats:
    return np.ascontiguousarray(field[1:-1, 1:-1])


def _light(window: Window, land: Terrain, land_cover: Cover, sun: tuple[float, float]) -> Floats:
    """Return the light on slopes: bright toward the sun and dark away from it, more so if the sun is low.

    Water is level.
    """
    toward_right, toward_up = _image_direction(window, sun[1])
    scale = np.float32(1 / (2 * window.meters * tan(radians(min(max(sun[0], 18.0), _MAX_SUN_ELEVATION)))))
    height = land.height
    right, up = height[1:-1, 2:] - height[1:-1, :-2], height[:-2, 1:-1] - height[2:, 1:-1]
    slope = (right * np.float32(toward_right) + up * np.float32(toward_up)) * scale
    slope *= 1 - _cropped(land.water)
    return np.asarray((1 + _cropped(land_cover.tone)) * np.clip(1 - slope, 0.3, 1.7))


def _image_direction(window: Window, azimuth: float) -> tuple[float, float]:
    """Convert a direction on the map to the image, whose columns need not run north."""
    right, up = (part / window.cell for part in window.upward)
    east, north = sin(radians(azimuth)), cos(radians(azimuth))
    return round(east * up - north * right, 9), round(east * right + north * up, 9)


def weather_of(facts: SceneFacts) -> Weather:
    """Return the weather of a scene: its cloud cover, seed and sun."""
    return Weather(facts.grid, (facts.cloud or 0) / 10000, facts.bits, facts.sun)


def _key(facts: SceneFacts, grid: Grid, level: int, column: int, row: int) -> tuple[str, float, int, int, int]:
    return facts.display_id, grid.pixel, level, column, row


@cached(LRUCache(CACHE_BYTES, getsizeof=lambda view: view.nbytes), key=_key, condition=Condition())
def tile_view(facts: SceneFacts, grid: Grid, level: int, column: int, row: int) -> View:
    """Return the view of a tile, cached.

    Readers request several bands at once: the condition makes later threads wait for the first one's view.
    """
    window = of_tile(grid, level, column, row)
    return render_view(window, facts.day, weather_of(facts), inside(grid, level, column, row))
