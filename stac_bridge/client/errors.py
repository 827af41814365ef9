"""Turns an API's error response into one of our exceptions, with the API's own message if it has one."""

from __future__ import annotations

import json

from stac_bridge.errors import BadRequest, UpstreamUnreachable


def api_error(api: str, status: int | None, text: str) -> BadRequest | UpstreamUnreachable:
    """Return the exception for an unsuccessful response; ``status`` is None if there was no usable response.

    ``text`` is the response body. A status below 500 other than 429 is the caller's mistake.

    >>> api_error("http://bridge.example", 400, '{"detail": "bbox has three numbers."}')
    BadRequest('bbox has three numbers.')
    >>> api_error("http://bridge.example", None, "")
    UpstreamUnreachable('Nothing answers as a STAC API at http://bridge.example.')
    """
    detail = _detail(text)
    if status is None:
        return UpstreamUnreachable(f"Nothing answers as a STAC API at {api}.")
    if status < 500 and status != 429:
        return BadRequest(detail or f"{api} answered HTTP {status}.")
    return UpstreamUnreachable(detail or f"{api} answered HTTP {status}.")


def pystac_client_error(api: str, error: Exception) -> BadRequest | UpstreamUnreachable:
    """Return the exception for pystac-client's APIError.

    It carries the status, if there was a response, and its text is the response body.
    """
    return api_error(api, getattr(error, "status_code", None), str(error))


def one_line(text: str, max_length: int = 500) -> str:
    """Return text from an untrusted source as one line without control characters.

    A terminal would interpret escape sequences, and a log line must stay one line.
    """
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:max_length]


def _detail(text: str) -> str:
    """Return the message of a problem document (RFC 9457), or of the errors that other STAC APIs send."""
    try:
        body = json.loads(text)
    except ValueError:
        return ""
    message = (body.get("detail") or body.get("description")) if isinstance(body, dict) else None
    return one_line(message) if isinstance(message, str) else ""
