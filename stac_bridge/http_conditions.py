"""Conditional requests (RFC 9110 §13). A condition that cannot be parsed is ignored."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TAG = re.compile(r"""(?:W/)?"[^"]*"|[^\s,"]+""")
"""An entity tag. Some servers send them without quotes, and clients repeat them as they are."""


def is_precondition_failed(headers: Mapping[str, str], etag: str | None, last_modified: str | None) -> bool:
    """Return whether the client wants only a version other than this one: If-Match, or else If-Unmodified-Since.

    The names of ``headers`` are in lower case, or compared without case.

    >>> is_precondition_failed({"if-match": '"a", "b"'}, '"b"', None)
    False
    >>> is_precondition_failed({"if-match": 'W/"a"'}, 'W/"a"', None)
    True
    >>> is_precondition_failed({"if-match": "*"}, None, None)
    False
    """
    if "if-match" in headers:
        tags = _TAG.findall(headers["if-match"])
        return "*" not in tags and (etag is None or etag.startswith("W/") or etag not in tags)
    limit, modified = _time(headers.get("if-unmodified-since")), _time(last_modified)
    return limit is not None and modified is not None and modified > limit


def is_not_modified(headers: Mapping[str, str], etag: str | None, last_modified: str | None = None) -> bool:
    """Return whether the client has this version already: If-None-Match, or else If-Modified-Since.

    >>> is_not_modified({"if-none-match": 'W/"a"'}, '"a"'), is_not_modified({"if-none-match": '"a,b"'}, '"a"')
    (True, False)
    >>> is_not_modified({"if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT"}, None, "Thu, 01 Jan 2026 00:00:00 GMT")
    True
    """
    if "if-none-match" in headers:
        tags = _TAG.findall(headers["if-none-match"])
        weak = {tag.removeprefix("W/") for tag in tags}
        return "*" in tags or (etag is not None and etag.removeprefix("W/") in weak)
    since, modified = _time(headers.get("if-modified-since")), _time(last_modified)
    return since is not None and modified is not None and modified <= since


def is_range_valid(if_range: str | None, etag: str | None, last_modified: str | None) -> bool:
    """Return whether a range may be sent: there is no If-Range, or it is this version's strong entity tag or date.

    >>> is_range_valid('"a"', '"a"', None), is_range_valid('W/"a"', 'W/"a"', None), is_range_valid(None, None, None)
    (True, False, True)
    """
    if if_range is None:
        return True
    return not if_range.startswith("W/") and if_range in (etag, last_modified)


def _time(value: str | None) -> float | None:
    """Return an HTTP date as Unix seconds."""
    try:
        return parsedate_to_datetime(value or "").timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
