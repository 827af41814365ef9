"""Gradient noise on a Web Mercator lattice: the same at a place in every image that shows it.

Octave k has 2^k cells around the globe, each octave with its own origin so that their lattices never coincide.
Octaves finer than the pixel fade out, so an overview needs no averaging; the others keep their amplitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from m2m_sandbox.archive.hashing import mix_bits
from m2m_sandbox.pixels.window import refine

if TYPE_CHECKING:
    from m2m_sandbox.pixels.window import Window

Floats = NDArray[np.float32]

_DEVIATION = 0.2535
"""Standard deviation of gradient noise with unit gradients."""

_COARSEST = 32
"""Largest step in pixels between computed positions."""

_NEGLIGIBLE = 0.008
"""Amplitude, relative to the first octave, below which an octave is skipped."""

_ANGLES = [2 * pi * (turn + 0.5) / 64 for turn in range(64)]
_GRADIENTS = np.array([complex(round(cos(turn), 6), round(sin(turn), 6)) for turn in _ANGLES], np.complex64)
"""Unit vectors (across, down) as complex numbers, so that one lookup fetches both components."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Octaves ``first`` to ``last``, each with ``gain`` times the amplitude of the previous; ``ridged`` has crests."""

    seed: int
    first: int
    last: int
    gain: float = 0.55
    ridged: bool = False


def noise(window: Window, kind: Noise, shift: tuple[float, float] = (0.0, 0.0)) -> Floats:
    """Return a field of mean 0 and standard deviation 1 over a window, one pixel wider on every side.

    ``shift`` offsets the positions: fractions of the globe eastward and northward.
    """
    total, spacing = np.zeros((1, 1), np.float32), _COARSEST
    for octave in range(kind.first, kind.last + 1):
        pixels = 1 / (2**octave * window.cell)
        visibility = min(1.0, (pixels - 2) / 2)
        if visibility <= 0 or kind.gain ** (octave - kind.first) < _NEGLIGIBLE:
            break
        step = _step(pixels)
        amplitude = np.float32(kind.gain ** (octave - kind.first) * visibility / _deviation(kind))
        total = refine(total, spacing // step) if total.size > 1 else total
        total, spacing = total + amplitude * _octave(window.places(step), kind, octave, shift), step
    if total.size == 1:
        return np.zeros((window.height + 2, window.width + 2), np.float32)
    return refine(total, spacing)[1:-2, 1:-2]


def _step(pixels: float) -> int:
    """Return the pixel step at which cells of this many pixels are computed; pixels between are interpolated."""
    return next((step for step in (_COARSEST, 16, 8, 4, 2) if pixels >= 3.5 * step), 1)


@lru_cache(maxsize=64)
def _deviation(kind: Noise) -> float:
    """Return the standard deviation of all octaves together, including those that are too fine to be visible.

    Dividing by it keeps the amplitude of the visible octaves the same at every scale.
    """
    power = sum(kind.gain ** (2 * number) for number in range(kind.last - kind.first + 1))
    return float(power**0.5) * _DEVIATION


def _octave(
    positions: tuple[NDArray[np.float64], NDArray[np.float64]], kind: Noise, octave: int, shift: tuple[float, float]
) -> Floats:
    east, down = positions
    offset_x, offset_y = _origin(kind.seed, octave)
    values = _gradients(
        (east + shift[0]) * 2**octave + offset_x, (down - shift[1]) * 2**octave + offset_y, (kind.seed, octave)
    )
    if kind.ridged:
        values = np.float32(0.36) - 2 * np.abs(values)
    return values


def _gradients(x: NDArray[np.float64], y: NDArray[np.float64], lattice: tuple[int, int]) -> Floats:
    """Evaluate one octave; each lattice point is hashed only once for all pixels around it."""
    left, top = x.astype(np.int32), y.astype(np.int32)
    dx, dy = (x - left).astype(np.float32), (y - top).astype(np.float32)
    west, north = int(left.min()), int(top.min())
    columns, rows = int(left.max()) - west + 2, int(top.max()) - north + 2
    directions = _directions(west + np.arange(columns)[None, :], north + np.arange(rows)[:, None], lattice)
    gradients = _GRADIENTS[directions]
    index = ((top - np.int32(north)) * np.int32(columns) + (left - np.int32(west))).astype(np.intp)

    def corner(right: int, below: int) -> Floats:
        gradient = gradients.take(index + (below * columns + right))
        return gradient.real * (dx - np.float32(right)) + gradient.imag * (dy - np.float32(below))

    u, v = _fade(dx), _fade(dy)
    upper, lower = corner(0, 0), corner(0, 1)
    upper += u * (corner(1, 0) - upper)
    lower += u * (corner(1, 1) - lower)
    return upper + v * (lower - upper)


@lru_cache(maxsize=1024)
def _origin(seed: int, octave: int) -> tuple[float, float]:
    words = int(_lattice_hash(seed, octave))
    return (words & 0xFFFF) / 65536, (words >> 16 & 0xFFFF) / 65536


@lru_cache(maxsize=1024)
def _lattice_hash(seed: int, octave: int) -> np.uint64:
    return np.uint64(mix_bits(np.int64(seed), np.int64(octave)))


def _directions(columns: NDArray[np.int64], rows: NDArray[np.int64], lattice: tuple[int, int]) -> NDArray[np.intp]:
    """Return one of 64 directions for every lattice point; the lattice wraps around the globe."""
    mask = (1 << lattice[1]) - 1
    key = ((columns & mask) | (rows & mask) << 32).astype(np.uint64) ^ _lattice_hash(*lattice)
    return (mix_bits(key) & np.uint64(63)).astype(np.intp).ravel()


def _fade(t: Floats) -> Floats:
    return np.asarray(t * t * t * (t * (t * np.float32(6) - np.float32(15)) + np.float32(10)), np.float32)
