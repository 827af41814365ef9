"""Gradient noise on the lattice of Web Mercator: the same at a place however it is looked at.

Octave k has 2^k cells round the globe, each octave with an origin of its own so that their lattices never coincide.
Octaves finer than the pixel fade out, so an overview needs no averaging; what is left keeps its loudness.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from m2m_sandbox.archive.hashing import mixed
from m2m_sandbox.pixels.window import refined

if TYPE_CHECKING:
    from m2m_sandbox.pixels.window import Window

__all__ = ["Floats", "Noise", "noise"]

Floats = NDArray[np.float32]

_DEVIATION = 0.2535
"""Of gradient noise with gradients of length one."""

_COARSEST = 32
_FAINT = 0.008
"""How much quieter than the first an octave is that nobody would miss."""

_TURNS = [2 * pi * (turn + 0.5) / 64 for turn in range(64)]
_GRADIENTS = np.array([complex(round(cos(turn), 6), round(sin(turn), 6)) for turn in _TURNS], np.complex64)
"""Across and down, as one number each so that both are fetched at once."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Octaves from ``first`` to ``last``, each ``gain`` times as loud as the one before; ``ridged`` has crests."""

    seed: int
    first: int
    last: int
    gain: float = 0.55
    ridged: bool = False


def noise(window: Window, kind: Noise, shift: tuple[float, float] = (0.0, 0.0)) -> Floats:
    """A field of mean 0 and deviation 1 over a window, one pixel wider on every side.

    ``shift`` moves the place looked at: shares of the globe eastward and northward.
    """
    total, at = np.zeros((1, 1), np.float32), _COARSEST
    for octave in range(kind.first, kind.last + 1):
        pixels = 1 / (2**octave * window.cell)
        heard = min(1.0, (pixels - 2) / 2)
        if heard <= 0 or kind.gain ** (octave - kind.first) < _FAINT:
            break
        step = _step(pixels)
        loud = np.float32(kind.gain ** (octave - kind.first) * heard / _deviation(kind))
        total = refined(total, at // step) if total.size > 1 else total
        total, at = total + loud * _octave(window.places(step), kind, octave, shift), step
    if total.size == 1:
        return np.zeros((window.height + 2, window.width + 2), np.float32)
    return refined(total, at)[1:-2, 1:-2]


def _step(pixels: float) -> int:
    """How coarsely cells of so many pixels can be computed, then interpolated smoothly."""
    return next((step for step in (_COARSEST, 16, 8, 4, 2) if pixels >= 3.5 * step), 1)


@lru_cache(maxsize=64)
def _deviation(kind: Noise) -> float:
    """Of all octaves together, heard or not: so that what is heard does not grow louder from afar."""
    power = sum(kind.gain ** (2 * number) for number in range(kind.last - kind.first + 1))
    return float(power**0.5) * _DEVIATION


def _octave(
    places: tuple[NDArray[np.float64], NDArray[np.float64]], kind: Noise, octave: int, shift: tuple[float, float]
) -> Floats:
    east, down = places
    right, below = _origin(kind.seed, octave)
    values = _gradients(
        (east + shift[0]) * 2**octave + right, (down - shift[1]) * 2**octave + below, (kind.seed, octave)
    )
    if kind.ridged:
        values = np.float32(0.36) - 2 * np.abs(values)
    return values


def _gradients(x: NDArray[np.float64], y: NDArray[np.float64], lattice: tuple[int, int]) -> Floats:
    """Lattice points are hashed once for all pixels round them."""
    left, top = x.astype(np.int32), y.astype(np.int32)
    dx, dy = (x - left).astype(np.float32), (y - top).astype(np.float32)
    west, north = int(left.min()), int(top.min())
    columns, rows = int(left.max()) - west + 2, int(top.max()) - north + 2
    turns = _turns(west + np.arange(columns)[None, :], north + np.arange(rows)[:, None], lattice)
    gradients = _GRADIENTS[turns]
    at = ((top - np.int32(north)) * np.int32(columns) + (left - np.int32(west))).astype(np.intp)

    def corner(right: int, below: int) -> Floats:
        found = gradients.take(at + (below * columns + right))
        return found.real * (dx - np.float32(right)) + found.imag * (dy - np.float32(below))

    u, v = _eased(dx), _eased(dy)
    upper, lower = corner(0, 0), corner(0, 1)
    upper += u * (corner(1, 0) - upper)
    lower += u * (corner(1, 1) - lower)
    return upper + v * (lower - upper)


@lru_cache(maxsize=1024)
def _origin(seed: int, octave: int) -> tuple[float, float]:
    words = int(_salt(seed, octave))
    return (words & 0xFFFF) / 65536, (words >> 16 & 0xFFFF) / 65536


@lru_cache(maxsize=1024)
def _salt(seed: int, octave: int) -> np.uint64:
    return np.uint64(mixed(np.int64(seed), np.int64(octave)))


def _turns(columns: NDArray[np.int64], rows: NDArray[np.int64], lattice: tuple[int, int]) -> NDArray[np.intp]:
    """One of 64 directions for every lattice point; the lattice closes round the globe."""
    mask = (1 << lattice[1]) - 1
    key = ((columns & mask) | (rows & mask) << 32).astype(np.uint64) ^ _salt(*lattice)
    return (mixed(key) & np.uint64(63)).astype(np.intp).ravel()


def _eased(t: Floats) -> Floats:
    return np.asarray(t * t * t * (t * (t * np.float32(6) - np.float32(15)) + np.float32(10)), np.float32)
