"""Fields of crops, each with its own calendar of growth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from m2m_sandbox.archive.hashing import mix_bits
from m2m_sandbox.pixels.landscape.noise import Floats, Noise, noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from m2m_sandbox.pixels.window import Window

_BEND = (Noise(11, 12, 15, 0.5), Noise(12, 12, 15, 0.5))

# Greenness of each crop in the middle of every month (northern hemisphere)
_CROPS = np.array(
    [
        [0.35, 0.40, 0.60, 0.90, 0.95, 0.70, 0.15, 0.05, 0.05, 0.15, 0.30, 0.35],
        [0.30, 0.35, 0.50, 0.80, 0.95, 0.50, 0.10, 0.15, 0.30, 0.25, 0.25, 0.30],
        [0.05, 0.05, 0.05, 0.05, 0.15, 0.60, 0.95, 1.00, 0.80, 0.20, 0.05, 0.05],
        [0.05, 0.05, 0.05, 0.15, 0.40, 0.80, 0.95, 0.95, 0.90, 0.60, 0.10, 0.05],
        [0.45, 0.45, 0.55, 0.80, 0.95, 0.90, 0.85, 0.80, 0.75, 0.65, 0.55, 0.45],
        [0.40, 0.45, 0.65, 0.85, 0.80, 0.75, 0.35, 0.10, 0.30, 0.40, 0.40, 0.40],
        [0.10, 0.10, 0.15, 0.20, 0.30, 0.35, 0.35, 0.30, 0.25, 0.20, 0.15, 0.10],
        [0.05, 0.05, 0.10, 0.10, 0.30, 0.75, 1.00, 0.95, 0.70, 0.15, 0.05, 0.05],
    ],
    np.float32,
)


def parcels(window: Window, day: int, season_strength: float) -> tuple[Floats, Floats]:
    """Return how green the fields are on a day of the northern year, and how bright their soil is (−1 to 1).

    Parcels are cells, 2^16 around the globe (600 m at the equator), some cut in two or four, with bent borders. Those
    smaller than about three pixels blend into their mean. ``season_strength`` (0 to 1) is low in the tropics, where
    crops of all ages grow side by side.
    """
    greenness = _greenness_on(day) * np.float32(season_strength) + _CROPS.mean(1)[::-1] * np.float32(
        1.3 - 1.3 * season_strength
    )
    contrast = np.float32(min(1.0, max(0.0, 1 / (2**17 * window.cell) - 1) / 1.5))
    shape = window.height + 2, window.width + 2
    if not contrast:
        return np.full(shape, greenness.mean(), np.float32), np.zeros(shape, np.float32)
    words = _words(window)
    green = greenness[(words & np.uint64(7)).astype(np.intp)]
    vigor = ((words >> np.uint64(8)) & np.uint64(0xFF)).astype(np.float32) / np.float32(255)
    green *= np.float32(0.7) + np.float32(0.3) * vigor
    tone = ((words >> np.uint64(16)) & np.uint64(0xFF)).astype(np.float32) / np.float32(127.5) - 1
    mean = np.float32(greenness.mean() * 0.85)
    return mean + contrast * (green - mean), contrast * tone


def _greenness_on(day: int) -> NDArray[np.float32]:
    """Return how green each crop is on a day, interpolated between the middles of months."""
    month = (day - 15) / 30.44
    before, part = int(month // 1) % 12, np.float32(month % 1)
    return np.asarray(_CROPS[:, before] * (1 - part) + _CROPS[:, (before + 1) % 12] * part)


def _words(window: Window) -> NDArray[np.uint64]:
    """Return a hashed word for every pixel's parcel."""
    across, down = (places[1:-2, 1:-2] * 2**17 for places in window.places(1))
    u = (across - 0.35 * down + np.float32(1.1) * noise(window, _BEND[0])).astype(np.int64)
    v = (down + np.float32(1.1) * noise(window, _BEND[1])).astype(np.int64)
    west, north = int(u.min()) >> 1, int(v.min()) >> 1
    table = _table(west, (int(u.max()) >> 1) - west + 1, north, (int(v.max()) >> 1) - north + 1)
    whole = table.ravel().take(((v >> 1) - north) * table.shape[1] + ((u >> 1) - west))
    return _subdivide(whole, u, v)


def _table(west: int, across: int, north: int, down: int) -> NDArray[np.uint64]:
    columns, rows = np.arange(west, west + across)[None, :], np.arange(north, north + down)[:, None]
    return mix_bits((columns & 0xFFFF) | (rows & 0xFFFF) << 16, np.int64(13))


def _subdivide(whole: NDArray[np.uint64], u: NDArray[Any], v: NDArray[Any]) -> NDArray[np.uint64]:
    """Subdivide parcels: bits of a word decide how its parcel is cut, and each part uses other bits as its own."""
    side = (u & 1).astype(np.uint64) & (whole >> np.uint64(60)) & np.uint64(1)
    lower = (v & 1).astype(np.uint64) & (whole >> np.uint64(61)) & np.uint64(1)
    turn = (side * np.uint64(13) + lower * np.uint64(26)) % np.uint64(40)
    return np.asarray(whole >> turn)
