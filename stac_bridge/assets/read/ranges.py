"""The Range header of a request, and the body of a response to several ranges (RFC 9110 §14)."""

from __future__ import annotations

import re

from stac_bridge.http_headers import read_count

MAX_RANGES = 100
"""Maximum number of ranges in one request; for more, the whole file is sent. Each one may be a request to USGS.

GDAL, with ``MULTIRANGE=SINGLE_GET``, sends one range for each row of blocks in a window.
"""

_BYTES = re.compile(r"\s*bytes\s*=(.*)", re.IGNORECASE | re.DOTALL)
_RANGE = re.compile(r"(\d*)[ \t]*-[ \t]*(\d*)", re.ASCII)


class RangeNotSatisfiable(Exception):
    """The ranges are empty, or start past the file's end."""


def read_ranges(header: str | None, size: int) -> tuple[range, ...] | None:
    """Return the requested bytes of a file of ``size`` bytes; None for the whole file.

    Ranges keep their order; one that overlaps others is united with the first of them. Ranges past the end are left
    out. Malformed headers and too many ranges count as a request for the whole file, which the RFC allows.
    Raises RangeNotSatisfiable if no range is left.

    >>> read_ranges("bytes=0-99", 1000), read_ranges("Bytes=900-", 1000), read_ranges("bytes=-10", 1000)
    ((range(0, 100),), (range(900, 1000),), (range(990, 1000),))
    >>> read_ranges("bytes=5-6, 0-1,,1-2, 1000-", 1000)
    (range(5, 7), range(0, 3))
    >>> read_ranges("bytes=-", 1000), read_ranges("lines=1-2", 1000), read_ranges("bytes=2-1", 1000)
    (None, None, None)
    """
    match = _BYTES.fullmatch(header or "")
    texts = [text.strip() for text in match[1].split(",") if text.strip()] if match else []
    parts = [_read_range(text, size) for text in texts]
    if not parts or len(parts) > MAX_RANGES or any(part is None for part in parts):
        return None
    satisfiable = [part for part in parts if part]
    if not satisfiable:
        raise RangeNotSatisfiable
    return _unite(satisfiable)


def _read_range(text: str, size: int) -> range | None:
    """Return a range, empty if it has no bytes of the file; None if it is malformed."""
    match = _RANGE.fullmatch(text)
    if not match or not any(match.groups()):
        return None
    first, last = (read_count(digits) for digits in match.groups())
    if first is None:
        return range(max(0, size - (last or 0)), size)
    if last is not None and last < first:
        return None
    return range(first, size if last is None else min(size, last + 1))


def _unite(parts: list[range]) -> tuple[range, ...]:
    """Unite ranges that overlap, so that no byte is sent twice. Neighbors stay apart, as readers expect them."""
    united: dict[int, range] = {}  # by the place of the first of them in the request
    previous = None
    for place, part in sorted(enumerate(parts), key=lambda entry: (entry[1].start, entry[1].stop)):
        if previous is not None and part.start < united[previous].stop:
            whole = united.pop(previous)
            previous = min(previous, place)
            united[previous] = range(whole.start, max(whole.stop, part.stop))
        else:
            previous = place
            united[place] = part
    return tuple(part for _place, part in sorted(united.items()))


def content_range(part: range, size: int) -> str:
    """Return the value of a Content-Range header.

    >>> content_range(range(0, 10), 1000)
    'bytes 0-9/1000'
    """
    return f"bytes {part.start}-{part.stop - 1}/{size}"


def part_header(part: range, size: int, media_type: str, boundary: str) -> bytes:
    """Return what precedes a part in a ``multipart/byteranges`` body."""
    lines = (f"--{boundary}", f"Content-Type: {media_type}", f"Content-Range: {content_range(part, size)}", "", "")
    return "\r\n".join(lines).encode("latin-1")


def body_end(boundary: str) -> bytes:
    """Return what follows the last part."""
    return f"--{boundary}--\r\n".encode()
