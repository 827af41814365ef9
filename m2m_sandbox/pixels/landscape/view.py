"""What a picture shows: the lie of the land, what covers it on the day, the light on it, and the clouds above it."""

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

    from m2m_sandbox.archive.landsat.archive import SceneFacts
    from m2m_sandbox.archive.landsat.grid import Grid
    from m2m_sandbox.pixels.landscape.noise import Floats

__all__ = ["KEPT", "View", "looked", "view", "weather_of"]

KEPT = 96 * 2**20
"""Bytes of views that are kept for the other bands that will ask for them."""

_TALLEST = 70.0
"""Degrees; a sun above it makes no less shadow."""


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """Fields of one size: shares of the surfaces, the light on them (1 on level ground), °C of the air, the sky."""

    inside: NDArray[np.bool_]
    shares: tuple[Floats, ...]
    light: Floats
    air: Floats
    sky: Sky
    window: Window

    @property
    def nbytes(self) -> int:
        """What the fields take."""
        skies = (self.sky.cloud, self.sky.shadow, self.sky.cirrus, self.sky.apart)
        return self.inside.nbytes + sum(field.nbytes for field in (*self.shares, self.light, self.air, *skies))

    def share(self, surface: str) -> Floats:
        """0 to 1 for every pixel, whatever hangs above it."""
        return self.shares[SURFACES.index(surface)]


def looked(window: Window, day: date, weather: Weather, within: NDArray[np.bool_]) -> View:
    """A window on a day; ``within`` says which of its pixels are seen."""
    land = terrain(window)
    covered, above = cover(window, land, day), sky(window, weather)
    return View(
        within,
        tuple(_cropped(share) for share in covered.shares),
        _light(window, land, covered, weather.sun),
        _cropped(covered.air),
        Sky(_cropped(above.cloud), _cropped(above.shadow), _cropped(above.cirrus), _cropped(above.apart)),
        Window(window.east, window.down),  # without the places that were worked out on it
    )


def _cropped(field: Floats) -> Floats:
    return np.ascontiguousarray(field[1:-1, 1:-1])


def _light(window: Window, land: Terrain, covered: Cover, sun: tuple[float, float]) -> Floats:
    """Slopes toward the sun are light and those away from it dark, as far as the sun is low; water is level."""
    toward_right, toward_up = _in_pixels(window, sun[1])
    steep = np.float32(1 / (2 * window.metres * tan(radians(min(max(sun[0], 18.0), _TALLEST)))))
    height = land.height
    right, up = height[1:-1, 2:] - height[1:-1, :-2], height[:-2, 1:-1] - height[2:, 1:-1]
    slope = (right * np.float32(toward_right) + up * np.float32(toward_up)) * steep
    slope *= 1 - _cropped(land.water)
    return np.asarray((1 + _cropped(covered.tone)) * np.clip(1 - slope, 0.3, 1.7))


def _in_pixels(window: Window, azimuth: float) -> tuple[float, float]:
    """A direction on the map → on the picture, whose columns need not run north."""
    right, up = (part / window.cell for part in window.upward)
    east, north = sin(radians(azimuth)), cos(radians(azimuth))
    return round(east * up - north * right, 9), round(east * right + north * up, 9)


def weather_of(facts: SceneFacts) -> Weather:
    """A scene's own cloud and sun."""
    return Weather(facts.grid, (facts.cloud or 0) / 10000, facts.bits, facts.sun)


def _key(facts: SceneFacts, grid: Grid, level: int, column: int, row: int) -> tuple[str, float, int, int, int]:
    return facts.display_id, grid.pixel, level, column, row


@cached(LRUCache(KEPT, getsizeof=lambda seen: seen.nbytes), key=_key, condition=Condition())
def view(facts: SceneFacts, grid: Grid, level: int, column: int, row: int) -> View:
    """A tile of a scene. Readers ask for several bands at once: whoever comes second waits for the first's."""
    window = of_tile(grid, level, column, row)
    return looked(window, facts.day, weather_of(facts), inside(grid, level, column, row))
