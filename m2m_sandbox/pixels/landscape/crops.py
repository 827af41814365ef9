"""Fields of crops, each with a calendar of its own; where the land is dry, watered circles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from m2m_sandbox.archive.hashing import mixed
from m2m_sandbox.pixels.landscape.noise import Floats, Noise, noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from m2m_sandbox.pixels.window import Window

__all__ = ["parcels"]

_BEND = (Noise(11, 12, 15, 0.5), Noise(12, 12, 15, 0.5))

# How green each crop is at the middle of every month (of the north): wheat, barley, maize, beet, meadow, rape, fallow
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


def parcels(window: Window, day: int, strength: float) -> tuple[Floats, Floats]:
    """How green the fields are on a day of the northern year, and how light their soil is (−1 to 1).

    Parcels are cells of 2^16 round the globe (600 m at the equator), some cut in two or four, along bent lines.
    Smaller than about three pixels, they run together into their mean. Where the seasons have little ``strength``
    (0 to 1), crops of all ages stand side by side.
    """
    of_crop = _on(day) * np.float32(strength) + _CROPS.mean(1)[::-1] * np.float32(1.3 - 1.3 * strength)
    sharp = np.float32(min(1.0, max(0.0, 1 / (2**17 * window.cell) - 1) / 1.5))
    shape = window.height + 2, window.width + 2
    if not sharp:
        return np.full(shape, of_crop.mean(), np.float32), np.zeros(shape, np.float32)
    words = _words(window)
    green = of_crop[(words & np.uint64(7)).astype(np.intp)]
    vigour = ((words >> np.uint64(8)) & np.uint64(0xFF)).astype(np.float32) / np.float32(255)
    green *= np.float32(0.7) + np.float32(0.3) * vigour
    tone = ((words >> np.uint64(16)) & np.uint64(0xFF)).astype(np.float32) / np.float32(127.5) - 1
    mean = np.float32(of_crop.mean() * 0.85)
    return mean + sharp * (green - mean), sharp * tone


def _on(day: int) -> NDArray[np.float32]:
    """How green each crop is on a day."""
    month = (day - 15) / 30.44
    before, part = int(month // 1) % 12, np.float32(month % 1)
    return np.asarray(_CROPS[:, before] * (1 - part) + _CROPS[:, (before + 1) % 12] * part)


def _words(window: Window) -> NDArray[np.uint64]:
    """A hashed word for every pixel's parcel."""
    across, down = (places[1:-2, 1:-2] * 2**17 for places in window.places(1))
    u = (across - 0.35 * down + np.float32(1.1) * noise(window, _BEND[0])).astype(np.int64)
    v = (down + np.float32(1.1) * noise(window, _BEND[1])).astype(np.int64)
    west, north = int(u.min()) >> 1, int(v.min()) >> 1
    table = _table(west, (int(u.max()) >> 1) - west + 1, north, (int(v.max()) >> 1) - north + 1)
    whole = table.ravel().take(((v >> 1) - north) * table.shape[1] + ((u >> 1) - west))
    return _cut(whole, u, v)


def _table(west: int, across: int, north: int, down: int) -> NDArray[np.uint64]:
    columns, rows = np.arange(west, west + across)[None, :], np.arange(north, north + down)[:, None]
    return mixed((columns & 0xFFFF) | (rows & 0xFFFF) << 16, np.int64(13))


def _cut(whole: NDArray[np.uint64], u: NDArray[Any], v: NDArray[Any]) -> NDArray[np.uint64]:
    """Bits of the whole say along which lines it is cut; each part takes other bits for its own."""
    side = (u & 1).astype(np.uint64) & (whole >> np.uint64(60)) & np.uint64(1)
    half = (v & 1).astype(np.uint64) & (whole >> np.uint64(61)) & np.uint64(1)
    turn = (side * np.uint64(13) + half * np.uint64(26)) % np.uint64(40)
    return np.asarray(whole >> turn)
