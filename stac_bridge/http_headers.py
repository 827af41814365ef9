"""Reads HTTP headers (RFC 9110) for all parts of the project. What cannot be read is None, never an error."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

__all__ = ["MAX_COUNT", "read_content_range", "read_count", "read_retry_after", "read_text"]

MAX_COUNT = 10**18 - 1
"""Largest number that is read from a header. Python refuses to convert thousands of digits."""

MAX_WAIT = 86_400.0
"""Seconds: the longest Retry-After that is believed."""

_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)$", re.ASCII)
_TEXT = re.compile(r"[\t\x20-\x7e]*")


def read_count(value: str | None) -> int | None:
    """A whole number such as a Content-Length, at most ``MAX_COUNT``.

    >>> read_count("1024"), read_count("9" * 5000) == MAX_COUNT
    (1024, True)
    >>> read_count("²"), read_count("-1"), read_count(""), read_count(None)
    (None, None, None, None)
    """
    digits = (value or "").strip()
    if not (digits.isascii() and digits.isdecimal()):
        return None
    return int(digits) if len(digits) <= 18 else MAX_COUNT


def read_retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait, from a Retry-After that is a number or a date; ``now`` is Unix time. At most a day.

    >>> read_retry_after("30", 0), read_retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 15), read_retry_after("soon", 0)
    (30.0, 45.0, None)
    """
    seconds = read_count(value)
    if seconds is not None:
        return min(float(seconds), MAX_WAIT)
    try:
        return min(max(parsedate_to_datetime(value or "").timestamp() - now, 0.0), MAX_WAIT)
    except (ValueError, OverflowError, TypeError):
        return None


def read_content_range(value: str | None) -> tuple[range, int | None] | None:
    """The bytes that an answer holds (``*`` is none), and the size of the whole file if the header has it.

    >>> read_content_range("bytes 0-9/1000"), read_content_range("bytes 0-9/*"), read_content_range("bytes */1000")
    ((range(0, 10), 1000), (range(0, 10), None), (range(0, 0), 1000))
    >>> read_content_range("bytes 9-0/1000"), read_content_range("lines 0-9/1000")
    (None, None)
    """
    match = _CONTENT_RANGE.match(value or "")
    if not match or (match[1] and int(match[1]) > int(match[2])):
        return None
    part = range(int(match[1]), int(match[2]) + 1) if match[1] else range(0)
    return part, None if match[3] == "*" else int(match[3])


def read_text(value: str | None) -> str | None:
    """A value that may be repeated in a header of ours: printable ASCII. Anything else is treated as absent.

    >>> read_text('"abc"'), read_text("Ω"), read_text(None)
    ('"abc"', None, None)
    """
    return value if value is not None and _TEXT.fullmatch(value) else None
