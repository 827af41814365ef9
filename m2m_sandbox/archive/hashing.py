"""Hashing of whole numbers. All variety in the sandbox comes from it, so that equal requests get equal responses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
_MASK_64 = 2**64 - 1


def mix_bits(*parts: NDArray[Any] | np.integer[Any] | int) -> Words:
    """Hash whole numbers to 64 bits, element by element (the finalizer of splitmix64)."""
    with np.errstate(over="ignore"):
        state = np.zeros((), np.uint64)
        for part in parts:
            state = state * np.uint64(0x9E3779B97F4A7C15) + np.asarray(part).astype(np.uint64)
            state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            state = state ^ (state >> np.uint64(31))
    return np.asarray(state)


def mix_bits_scalar(*parts: int) -> int:
    """Return the same hash for plain integers, faster than with arrays of one element."""
    state = 0
    for part in parts:
        state = (state * 0x9E3779B97F4A7C15 + part) & _MASK_64
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK_64
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK_64
        state ^= state >> 31
    return state


def share(words: Words, first_bit: int = 0) -> NDArray[np.float64]:
    """Return 16 of the bits, from ``first_bit`` upward, as fractions in [0, 1)."""
    return ((words >> np.uint64(first_bit)) & np.uint64(0xFFFF)) / 65536.0
