"""Files that are computed by the byte range."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Content", "Held", "Joined", "Made"]


class Content(Protocol):
    """A file of ``size`` bytes, any part of which can be had."""

    @property
    def size(self) -> int:
        """In bytes."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` up to ``stop``."""
        ...


class Held:
    """A file that is held as it is."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self._data)

    def read(self, start: int, stop: int) -> bytes:
        """A slice."""
        return self._data[start:stop]


class Made:
    """A file that ``make`` makes when it is first read; its size is known before."""

    def __init__(self, size: int, make: Callable[[], bytes]) -> None:
        self._size = size
        self._make = make

    @property
    def size(self) -> int:
        """In bytes."""
        return self._size

    def read(self, start: int, stop: int) -> bytes:
        """A slice of it. Raises ValueError if it was made longer or shorter than said."""
        data = self._make()
        if len(data) != self._size:
            raise ValueError(f"made {len(data)} bytes instead of {self._size}")
        return data[start:stop]


class Joined:
    """Files one after the other."""

    def __init__(self, parts: Sequence[Content]) -> None:
        self._parts = parts
        self._ends = list(accumulate(part.size for part in parts))

    @property
    def size(self) -> int:
        """In bytes."""
        return self._ends[-1] if self._ends else 0

    def read(self, start: int, stop: int) -> bytes:
        """From all parts that the range touches."""
        found, place = [], bisect_right(self._ends, start)
        while start < min(stop, self.size):
            part, end = self._parts[place], self._ends[place]
            begin = end - part.size
            found.append(part.read(start - begin, min(stop, end) - begin))
            start, place = end, place + 1
        return b"".join(found)
