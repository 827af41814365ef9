"""The Range header (RFC 9110 §14), for files whose host does not do it."""

from __future__ import annotations

import re

__all__ = ["Unsatisfiable", "read_range"]

_ONE = re.compile(r"bytes=\s*(\d*)\s*-\s*(\d*)\s*$", re.ASCII)


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
