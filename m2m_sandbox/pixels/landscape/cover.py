"""What covers the land on a day: soil, sand, rock, straw, leaves, forest, water, snow; and how warm it is."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from typing import TYPE_CHECKING

import numpy as np

from m2m_sandbox.pixels.landscape.crops import parcels
from m2m_sandbox.pixels.landscape.noise import Floats, Noise, noise
from m2m_sandbox.pixels.landscape.terrain import Terrain, eased

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from m2m_sandbox.pixels.window import Window

__all__ = ["SURFACES", "Cover", "cover"]

SURFACES = ("soil", "sand", "rock", "straw", "leaves", "forest", "water", "snow")

_RAIN = Noise(7, 6, 11, 0.5)
_WOODS = Noise(8, 11, 17, 0.6)
_FARMS = Noise(9, 10, 17, 0.55)
_PATCHES = Noise(10, 11, 15, 0.6)

# By latitude: how wet the land is (0 to 1), the year's mean temperature at sea level and half its swing (°C).
_LATITUDES = (0, 8, 16, 24, 31, 38, 46, 55, 63, 70, 85)
_WET = (0.95, 0.85, 0.45, 0.12, 0.25, 0.48, 0.68, 0.72, 0.58, 0.40, 0.20)
_WARM = (27, 27, 27, 24, 21, 17, 12.5, 7.5, 1, -6, -22)
_SWING = (1, 2, 4, 7, 8, 10, 10.5, 12, 15, 16, 14)


@dataclass(frozen=True, slots=True)
class Cover:
    """Shares of the surfaces, which sum to 1, and degrees Celsius of the air; one pixel wider on every side."""

    shares: tuple[Floats, ...]
    air: Floats
    tone: Floats
    """How much lighter than usual, as a share."""


def season(day: date, latitude: float) -> float:
    """1 at the height of summer, −1 in the depth of winter."""
    swing = cos(2 * pi * (day.timetuple().tm_yday - 200) / 365.25)
    return round(swing if latitude >= 0 else -swing, 6)


def cover(window: Window, land: Terrain, day: date) -> Cover:
    """Everything grows by wet and warmth, and woods, rock and snow by height."""
    away = np.abs(window.latitudes)
    wet = _field(window, away, _WET) + np.float32(0.17) * noise(window, _RAIN) + np.float32(0.45) * land.moist * 0.6
    mean = _field(window, away, _WARM) - np.float32(0.006) * land.height
    air = mean + _field(window, away, _SWING) * np.float32(season(day, window.latitude))
    northern = day.timetuple().tm_yday + (0 if window.latitude >= 0 else 183)
    green, soil_tone = parcels(window, northern % 366, round(min(1.0, abs(window.latitude) / 25), 6))
    patches = noise(window, _PATCHES)
    green = np.clip(green * (1 + np.float32(0.22) * patches), 0, 1)

    farms = _farms(window, land, wet, mean)
    woods = _woods(window, land, wet, mean) * (1 - farms)
    barren = np.maximum(eased(wet, 0.38, 0.14), eased(mean, -1.0, -7.0))
    growth = eased(air, 1, 14)
    meadow = (1 - barren) * (np.float32(0.25) + np.float32(0.75) * growth) * eased(wet, 0.2, 0.75)
    leaves = farms * green * (np.float32(0.35) + np.float32(0.65) * growth) + (1 - farms) * meadow * np.float32(0.85)

    open_land = (1 - woods) * (1 - land.water)
    leaves, bare = open_land * leaves, open_land * (1 - leaves)
    stony = eased(land.rugged + np.float32(0.17) * land.grain, 0.25, 0.7)
    wild = bare * (1 - farms)
    rock = wild * np.maximum(stony * eased(wet, 0.75, 0.3), eased(mean, 2, -5))
    sand = (wild - rock) * barren
    straw = (wild - rock - sand) * np.float32(0.8) + bare * farms * np.float32(0.25)
    soil = np.maximum(bare - rock - sand - straw, 0)
    land_shares = (soil, sand, rock, straw, leaves, woods * (1 - land.water), land.water)
    tone = np.float32(0.065) * land.grain + np.float32(0.16) * farms * soil_tone + np.float32(0.06) * patches
    return Cover(_snowed(land_shares, air + np.float32(1.1) * patches, land), air, tone)


def _field(window: Window, away: NDArray[np.float64], values: tuple[float, ...]) -> Floats:
    return window.spread(np.interp(away, _LATITUDES, values))[1:-2, 1:-2].astype(np.float32)


def _farms(window: Window, land: Terrain, wet: Floats, mean: Floats) -> Floats:
    """Where land is tilled: level, neither dry nor cold, and not everywhere."""
    chosen = noise(window, _FARMS) + np.float32(0.9) - np.float32(3.2) * land.rugged
    fit = eased(wet, 0.28, 0.45) * eased(wet, 0.98, 0.8) * eased(mean, 2.5, 6)
    return eased(chosen + np.float32(2) * (fit - 1), -0.1, 0.15)


def _woods(window: Window, land: Terrain, wet: Floats, mean: Floats) -> Floats:
    """Up to the treeline, the thicker the wetter."""
    chosen = noise(window, _WOODS) + np.float32(5) * (wet - np.float32(0.6)) + np.float32(0.7) * land.rugged
    return eased(chosen, -0.15, 0.45) * eased(mean + np.float32(0.7) * land.grain, -2.5, 1.5)


def _snowed(shares: tuple[Floats, ...], air: Floats, land: Terrain) -> tuple[Floats, ...]:
    """Snow lies where the air is cold, more of it on open land than under trees and on rivers."""
    lying = eased(air + np.float32(1.25) * land.grain - np.float32(1.5) * land.rugged, -0.5, -4.5)
    lying = lying * (1 - np.float32(0.55) * shares[5] - np.float32(0.9) * land.water * eased(air, -16, -8))
    left = 1 - lying
    return (*(share * left for share in shares), lying)
