"""Files of a known size whose bytes are computed for the range that is read."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Content(Protocol):
    """A file that can be read in byte ranges."""

    @property
    def size(self) -> int:
        """The file size in bytes."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from ``start`` up to but without ``stop``; fewer at the end of the file."""
        ...


class BytesContent:
    """A file that is in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """The file size in bytes."""
        return len(self._data)

    def read(self, start: int, stop: int) -> bytes:
        """Return a slice of the file."""
        return self._data[start:stop]


class LazyContent:
    """A file of a known size that ``make`` creates whenever it is read."""

    def __init__(self, size: int, make: Callable[[], bytes]) -> None:
        self._size = size
        self._make = make

    @property
    def size(self) -> int:
        """The file size in bytes."""
        return self._size

    def read(self, start: int, stop: int) -> bytes:
        """Create the file and return a slice of it. Raises ValueError if it does not have the announced size."""
        data = self._make()
        if len(data) != self._size:
            raise ValueError(f"made {len(data)} bytes instead of {self._size}")
        return data[start:stop]


class SlicedContent:
    """The bytes of a file from ``start`` up to but without ``stop``."""

    def __init__(self, content: Content, start: int, stop: int) -> None:
        self._content = content
        self._start, self._stop = start, stop

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self._stop - self._start

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes of a range of the slice."""
        return self._content.read(self._start + start, min(self._stop, self._start + stop))


class JoinedContent:
    """Files one after the other."""

    def __init__(self, parts: Sequence[Content]) -> None:
        self._parts = parts
        self._ends = list(accumulate(part.size for part in parts))

    @property
    def size(self) -> int:
        """The file size in bytes."""
        return self._ends[-1] if self._ends else 0

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes of a range, reading only the parts that it overlaps."""
        chunks, index = [], bisect_right(self._ends, start)
        while start < min(stop, self.size):
            part, end = self._parts[index], self._ends[index]
            begin = end - part.size
            chunks.append(part.read(start - begin, min(stop, end) - begin))
            start, index = end, index + 1
        return b"".join(chunks)
