"""Range and Content-Range (RFC 9110 §14): what a reader asks for, and what a host says that it gives."""

from __future__ import annotations

import re

__all__ = ["Unsatisfiable", "read_content_range", "read_range", "shifted"]

_ONE = re.compile(r"bytes=\s*(\d*)\s*-\s*(\d*)\s*$", re.ASCII)
_GIVEN = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)$", re.ASCII)


class Unsatisfiable(Exception):
    """The range lies past the file's end."""


def read_range(header: str | None, size: int) -> range | None:
    """The bytes asked for of a file of ``size`` bytes; None for the whole.

    What is malformed, or several ranges, is answered with the whole file, as the RFC allows. Raises Unsatisfiable.

    >>> read_range("bytes=0-99", 1000), read_range("bytes=900-", 1000), read_range("bytes=-10", 1000)
    (range(0, 100), range(900, 1000), range(990, 1000))
    >>> read_range("bytes=0-1,5-6", 1000), read_range("bytes=-", 1000), read_range("lines=1-2", 1000)
    (None, None, None)
    """
    found = _ONE.match(header or "")
    if not found or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None
    if start >= end:
        raise Unsatisfiable
    return range(start, end)


def read_content_range(header: str) -> tuple[range, int | None] | None:
    """The bytes that an answer holds (``*`` is none), and the size of the whole where it is told.

    None for what cannot be read.

    >>> read_content_range("bytes 0-9/1000"), read_content_range("bytes 0-9/*"), read_content_range("bytes */1000")
    ((range(0, 10), 1000), (range(0, 10), None), (range(0, 0), 1000))
    >>> read_content_range("bytes 9-0/1000"), read_content_range("lines 0-9/1000")
    (None, None)
    """
    found = _GIVEN.match(header)
    if not found or (found[1] and int(found[1]) > int(found[2])):
        return None
    part = range(int(found[1]), int(found[2]) + 1) if found[1] else range(0)
    return part, None if found[3] == "*" else int(found[3])


def shifted(part: range, by: int) -> range:
    """The same bytes, counted from another place.

    >>> shifted(range(0, 10), 512)
    range(512, 522)
    """
    return range(part.start + by, part.stop + by)
