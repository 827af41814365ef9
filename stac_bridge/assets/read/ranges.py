"""The Range header of a request (RFC 9110 §14.2), and shifting a range into an archive."""

from __future__ import annotations

import re

from stac_bridge.http_headers import read_count

__all__ = ["Unsatisfiable", "read_range", "shifted"]

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
    first, last = (read_count(one) for one in found.groups())
    if first is None:
        start, end = max(0, size - (last or 0)), size
    else:
        start, end = first, size if last is None else min(size, last + 1)
        if last is not None and last < first:
            return None
    if start >= end:
        raise Unsatisfiable
    return range(start, end)


def shifted(part: range, by: int) -> range:
    """The same bytes, counted from another place.

    >>> shifted(range(0, 10), 512)
    range(512, 522)
    """
    return range(part.start + by, part.stop + by)
