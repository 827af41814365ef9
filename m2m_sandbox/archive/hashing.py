"""Numbers that look random and are always the same: what makes the sandbox a pure function of its questions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["mixed", "mixed_one", "share"]

Words = NDArray[np.uint64]
_WORD = 2**64 - 1


def mixed(*parts: NDArray[Any] | np.integer[Any] | int) -> Words:
    """64 well-mixed bits of whole numbers, element by element (the finaliser of splitmix64)."""
    with np.errstate(over="ignore"):
        found = np.zeros((), np.uint64)
        for part in parts:
            found = found * np.uint64(0x9E3779B97F4A7C15) + np.asarray(part).astype(np.uint64)
            found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            found = found ^ (found >> np.uint64(31))
    return np.asarray(found)


def mixed_one(*parts: int) -> int:
    """The same bits of single numbers, faster than an array of one."""
    found = 0
    for part in parts:
        found = (found * 0x9E3779B97F4A7C15 + part) & _WORD
        found = (found ^ found >> 30) * 0xBF58476D1CE4E5B9 & _WORD
        found = (found ^ found >> 27) * 0x94D049BB133111EB & _WORD
        found ^= found >> 31
    return found


def share(words: Words, bits_from: int = 0) -> NDArray[np.float64]:
    """16 of the bits as a number from 0 up to 1."""
    return ((words >> np.uint64(bits_from)) & np.uint64(0xFFFF)) / 65536.0
