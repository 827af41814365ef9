"""The terrain: heights, rivers and lakes. It is the same on every day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from m2m_sandbox.pixels.landscape.noise import Floats, Noise, noise

if TYPE_CHECKING:
    from m2m_sandbox.pixels.window import Window

_RUGGED = Noise(1, 7, 10, 0.5)
_WIDE = Noise(2, 8, 11, 0.5)
_COURSE = Noise(3, 10, 20, 0.37)
"""Rivers and valleys follow its zero crossings."""

_CREST = Noise(4, 12, 17, 0.5, ridged=True)
_BASIN = Noise(5, 11, 20, 0.45)
_GRAIN = Noise(6, 16, 23, 0.8)


@dataclass(frozen=True, slots=True)
class Terrain:
    """Fields over a window, one pixel wider on every side: ``height`` in meters, the others shares or plain numbers."""

    height: Floats
    rugged: Floats
    water: Floats
    grain: Floats
    moist: Floats
    """Closeness to water: 1 on the bank, 0 far from it."""


def smoothstep(values: Floats, low: float, high: float) -> Floats:
    """Rise smoothly from 0 at ``low`` to 1 at ``high`` (or fall, if high is lower than low)."""
    t = values * np.float32(1 / (high - low))
    t -= np.float32(low / (high - low))
    np.clip(t, 0, 1, out=t)
    return np.asarray(t * t * (np.float32(3) - (t + t)))


def terrain(window: Window) -> Terrain:
    """Compute the terrain; not cached."""
    course, basin = noise(window, _COURSE), noise(window, _BASIN)
    height, rugged, grain, wide = _elevate(window, course)
    width = np.float32(0.016) * (1 - np.float32(0.55) * rugged) * (1 + np.float32(0.5) * wide)
    river = _band_share(course, width, window.cell * 2**11 * 1.1)
    hollow = np.maximum(np.float32(2.5) + np.float32(1.5) * rugged - basin, 0)
    water = np.maximum(river, _band_share(hollow, np.float32(0.55), window.cell * 2**12))
    moist = np.maximum(smoothstep(np.abs(course), 0.16, 0.03), smoothstep(basin, 1.2, 1.9)) * (1 - rugged)
    return Terrain(height, rugged, water, grain, moist)


def heights(window: Window) -> Floats:
    """Return only the heights of ``terrain``."""
    return _elevate(window, noise(window, _COURSE))[0]


def _elevate(window: Window, course: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return height, ruggedness, finest grain, and the large-scale height."""
    rugged = smoothstep(noise(window, _RUGGED), -0.35, 1.25)
    wide, grain = np.maximum(noise(window, _WIDE) + np.float32(1.4), 0), noise(window, _GRAIN)
    valley = np.abs(course)
    ridge = valley * (np.float32(1.6) - np.minimum(valley, 0.8))
    height = 40 + 190 * wide + rugged * (350 + 1350 * ridge + 520 * np.minimum(ridge, 1) * noise(window, _CREST))
    height += (7 + 16 * rugged) * grain
    return np.maximum(height, 0), rugged, grain, wide


def _band_share(values: Floats, width: Floats | np.float32, slope: float) -> Floats:
    """Return the share of a pixel within ``width`` of zero, if values change by ``slope`` per pixel."""
    half = np.float32(max(slope, 0.004) / 2)
    inside = np.minimum(values + half, width) - np.maximum(values - half, -width)
    return np.asarray(np.clip(inside / (2 * half), 0, 1))
