"""The Range header of a request (RFC 9110 §14.2)."""

from __future__ import annotations

import re

from stac_bridge.http_headers import read_count

_SINGLE_RANGE = re.compile(r"bytes=\s*(\d*)\s*-\s*(\d*)\s*$", re.ASCII)


class RangeNotSatisfiable(Exception):
    """The range is empty, or starts past the file's end."""


def read_range(header: str | None, size: int) -> range | None:
    """Return the requested bytes of a file of ``size`` bytes; None for the whole file.

    Malformed headers and several ranges count as a request for the whole file, which the RFC allows.
    Raises RangeNotSatisfiable.

    >>> read_range("bytes=0-99", 1000), read_range("bytes=900-", 1000), read_range("bytes=-10", 1000)
    (range(0, 100), range(900, 1000), range(990, 1000))
    >>> read_range("bytes=0-1,5-6", 1000), read_range("bytes=-", 1000), read_range("lines=1-2", 1000)
    (None, None, None)
    """
    match = _SINGLE_RANGE.match(header or "")
    if not match or not any(match.groups()):
        return None
    first, last = (read_count(digits) for digits in match.groups())
    if first is None:
        start, stop = max(0, size - (last or 0)), size
    else:
        start, stop = first, size if last is None else min(size, last + 1)
        if last is not None and last < first:
            return None
    if start >= stop:
        raise RangeNotSatisfiable
    return range(start, stop)
