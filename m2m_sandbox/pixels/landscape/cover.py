"""What covers the land on a day: soil, sand, rock, straw, leaves, forest, water, snow; and the air temperature."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from typing import TYPE_CHECKING

import numpy as np

from m2m_sandbox.pixels.landscape.crops import parcels
from m2m_sandbox.pixels.landscape.noise import Floats, Noise, noise
from m2m_sandbox.pixels.landscape.terrain import Terrain, smoothstep

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from m2m_sandbox.pixels.window import Window

SURFACES = ("soil", "sand", "rock", "straw", "leaves", "forest", "water", "snow")

_RAIN = Noise(7, 6, 11, 0.5)
_WOODS = Noise(8, 11, 17, 0.6)
_FARMS = Noise(9, 10, 17, 0.55)
_PATCHES = Noise(10, 11, 15, 0.6)

# By latitude: wetness of the land (0 to 1), annual mean temperature at sea level, and seasonal amplitude (°C).
_LATITUDES = (0, 8, 16, 24, 31, 38, 46, 55, 63, 70, 85)
_WETNESS = (0.95, 0.85, 0.45, 0.12, 0.25, 0.48, 0.68, 0.72, 0.58, 0.40, 0.20)
_MEAN_TEMPERATURES = (27, 27, 27, 24, 21, 17, 12.5, 7.5, 1, -6, -22)
_SEASONAL_AMPLITUDES = (1, 2, 4, 7, 8, 10, 10.5, 12, 15, 16, 14)


@dataclass(frozen=True, slots=True)
class Cover:
    """Shares of the surfaces, which sum to 1, and air temperature in °C; one pixel wider on every side."""

    shares: tuple[Floats, ...]
    air: Floats
    tone: Floats
    """Brightness relative to the usual, as a fraction (0 is usual)."""


def season(day: date, latitude: float) -> float:
    """Return the season: 1 at the height of summer, −1 in the depth of winter."""
    swing = cos(2 * pi * (day.timetuple().tm_yday - 200) / 365.25)
    return round(swing if latitude >= 0 else -swing, 6)


def cover(window: Window, land: Terrain, day: date) -> Cover:
    """Compute the cover. Growth depends on wetness and temperature; woods, rock and snow also on height."""
    abs_latitude = np.abs(window.latitudes)
    wetness = (
        _by_latitude(window, abs_latitude, _WETNESS)
        + np.float32(0.17) * noise(window, _RAIN)
        + np.float32(0.45) * land.moist * 0.6
    )
    mean = _by_latitude(window, abs_latitude, _MEAN_TEMPERATURES) - np.float32(0.006) * land.height
    air = mean + _by_latitude(window, abs_latitude, _SEASONAL_AMPLITUDES) * np.float32(season(day, window.latitude))
    northern_day = day.timetuple().tm_yday + (0 if window.latitude >= 0 else 183)
    green, soil_tone = parcels(window, northern_day % 366, round(min(1.0, abs(window.latitude) / 25), 6))
    patches = noise(window, _PATCHES)
    green = np.clip(green * (1 + np.float32(0.22) * patches), 0, 1)

    farms = _farms(window, land, wetness, mean)
    woods = _woods(window, land, wetness, mean) * (1 - farms)
    barren = np.maximum(smoothstep(wetness, 0.38, 0.14), smoothstep(mean, -1.0, -7.0))
    growth = smoothstep(air, 1, 14)
    meadow = (1 - barren) * (np.float32(0.25) + np.float32(0.75) * growth) * smoothstep(wetness, 0.2, 0.75)
    leaves = farms * green * (np.float32(0.35) + np.float32(0.65) * growth) + (1 - farms) * meadow * np.float32(0.85)

    open_share = (1 - woods) * (1 - land.water)
    leaves, bare = open_share * leaves, open_share * (1 - leaves)
    stony = smoothstep(land.rugged + np.float32(0.17) * land.grain, 0.25, 0.7)
    wild = bare * (1 - farms)
    rock = wild * np.maximum(stony * smoothstep(wetness, 0.75, 0.3), smoothstep(mean, 2, -5))
    sand = (wild - rock) * barren
    straw = (wild - rock - sand) * np.float32(0.8) + bare * farms * np.float32(0.25)
    soil = np.maximum(bare - rock - sand - straw, 0)
    land_shares = (soil, sand, rock, straw, leaves, woods * (1 - land.water), land.water)
    tone = np.float32(0.065) * land.grain + np.float32(0.16) * farms * soil_tone + np.float32(0.06) * patches
    return Cover(_add_snow(land_shares, air + np.float32(1.1) * patches, land), air, tone)


def _by_latitude(window: Window, abs_latitude: NDArray[np.float64], values: tuple[float, ...]) -> Floats:
    return window.spread(np.interp(abs_latitude, _LATITUDES, values))[1:-2, 1:-2].astype(np.float32)


def _farms(window: Window, land: Terrain, wetness: Floats, mean: Floats) -> Floats:
    """Return the share of farmland: level, neither dry nor cold, and not everywhere."""
    suitability = noise(window, _FARMS) + np.float32(0.9) - np.float32(3.2) * land.rugged
    climate = smoothstep(wetness, 0.28, 0.45) * smoothstep(wetness, 0.98, 0.8) * smoothstep(mean, 2.5, 6)
    return smoothstep(suitability + np.float32(2) * (climate - 1), -0.1, 0.15)


def _woods(window: Window, land: Terrain, wetness: Floats, mean: Floats) -> Floats:
    """Return the share of woods: denser on wetter land, up to the treeline."""
    suitability = noise(window, _WOODS) + np.float32(5) * (wetness - np.float32(0.6)) + np.float32(0.7) * land.rugged
    return smoothstep(suitability, -0.15, 0.45) * smoothstep(mean + np.float32(0.7) * land.grain, -2.5, 1.5)


def _add_snow(shares: tuple[Floats, ...], air: Floats, land: Terrain) -> tuple[Floats, ...]:
    """Add snow if the air is cold: more on open land than under trees and on rivers."""
    snow = smoothstep(air + np.float32(1.25) * land.grain - np.float32(1.5) * land.rugged, -0.5, -4.5)
    snow = snow * (1 - np.float32(0.55) * shares[5] - np.float32(0.9) * land.water * smoothstep(air, -16, -8))
    bare = 1 - snow
    return (*(share * bare for share in shares), snow)
