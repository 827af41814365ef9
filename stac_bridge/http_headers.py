"""Parse HTTP headers (RFC 9110). An unreadable value is None, never an error."""

from __future__ import annotations

import re
from email.message import Message
from email.utils import parsedate_to_datetime

MAX_COUNT = 10**18 - 1
"""Largest number read from a header: Python refuses to convert thousands of digits."""

MAX_RETRY_AFTER = 86_400.0
"""Longest Retry-After believed, in seconds."""

_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)$", re.ASCII)
_TEXT = re.compile(r"[\t\x20-\x7e]*")
_MEMBER = re.compile(r"""(?:[^,"]|"(?:\\.|[^"\\])*")+""")
_WEIGHT = re.compile(r"q\s*=\s*(.*)", re.IGNORECASE)
_EXTENDED_FILENAME = re.compile(r";\s*filename\*\s*=[^;]*", re.IGNORECASE)
_NUMBER = re.compile(r"[01](?:\.\d{0,3})?", re.ASCII)


def read_count(value: str | None) -> int | None:
    """Parse a whole number such as a Content-Length; larger ones become ``MAX_COUNT``.

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
    """Parse a Retry-After (a number or a date) to seconds, at most a day; ``now`` is Unix time.

    >>> read_retry_after("30", 0), read_retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 15), read_retry_after("soon", 0)
    (30.0, 45.0, None)
    """
    seconds = read_count(value)
    if seconds is not None:
        return min(float(seconds), MAX_RETRY_AFTER)
    try:
        return min(max(parsedate_to_datetime(value or "").timestamp() - now, 0.0), MAX_RETRY_AFTER)
    except (ValueError, OverflowError, TypeError):
        return None


def read_content_range(value: str | None) -> tuple[range, int | None] | None:
    """Parse a Content-Range to (bytes in the response, size of the whole file); ``bytes *`` is an empty range.

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
    """Return a value that is safe to repeat in our own headers (printable ASCII), else None.

    >>> read_text('"abc"'), read_text("Ω"), read_text(None)
    ('"abc"', None, None)
    """
    return value if value is not None and _TEXT.fullmatch(value) else None


def read_weights(value: str | None) -> dict[str, float]:
    """Parse an Accept or Accept-Encoding header to its members and their weights (RFC 9110 §12.4.2).

    Members are in lower case, with their parameters. One that is excluded, or has a malformed weight, has weight 0.

    >>> read_weights("gzip;q=0, br, *;q=0.5"), read_weights("text/html; Level=1 ; q=0.3"), read_weights(None)
    ({'gzip': 0.0, 'br': 1.0, '*': 0.5}, {'text/html;level=1': 0.3}, {})
    """
    return dict(_read_weight(member) for member in _MEMBER.findall(value or "") if member.strip())


def _read_weight(member: str) -> tuple[str, float]:
    name, *parameters = (part.strip() for part in member.split(";"))
    weight = 1.0
    for parameter in parameters:
        if match := _WEIGHT.fullmatch(parameter):
            weight = min(1.0, float(match[1])) if _NUMBER.fullmatch(match[1]) else 0.0
    kept = [parameter for parameter in parameters if not _WEIGHT.fullmatch(parameter)]
    return ";".join([name, *kept]).lower(), weight


def read_preferred_wait(value: str | None) -> float | None:
    """Parse the seconds that a Prefer header allows for the response (RFC 7240); 0: the server must not wait.

    Of several, the first applies. None if the header does not limit the time.

    >>> read_preferred_wait("respond-async, Wait = 5"), read_preferred_wait("respond-async")
    (5.0, 0.0)
    >>> read_preferred_wait("return=minimal"), read_preferred_wait("wait=soon"), read_preferred_wait(None)
    (None, None, None)
    """
    preferences: dict[str, str] = {}
    for member in _MEMBER.findall(value or ""):
        name, _, setting = member.partition(";")[0].partition("=")
        preferences.setdefault(name.strip().lower(), setting.strip().strip('"'))
    seconds = read_count(preferences.get("wait"))
    if seconds is not None:
        return float(seconds)
    return 0.0 if "respond-async" in preferences else None


def read_filename(disposition: str | None) -> str | None:
    """Parse the file name of a Content-Disposition (RFC 6266), without folders before it and a query after it.

    >>> read_filename('attachment; filename="a.tif"'), read_filename("attachment; filename*=UTF-8''%C3%A4.tif")
    ('a.tif', 'ä.tif')
    >>> read_filename("attachment; filename=_.tif; filename*=UTF-8''%C3%A4.tif")
    'ä.tif'
    >>> read_filename('attachment; filename="../b/a.tif?token=x"'), read_filename("inline"), read_filename(None)
    ('a.tif', None, None)
    """
    message = Message()
    text = " ".join((disposition or "").split())
    extended = _EXTENDED_FILENAME.search(text)  # it takes precedence over a plain one
    message["Content-Disposition"] = f"attachment{extended[0]}" if extended else text
    try:
        name = message.get_filename() or ""
    except (TypeError, ValueError, LookupError):  # the library fails for malformed continuations and character sets
        return None
    return re.split(r"[/\\]", name.partition("?")[0])[-1].strip() or None
