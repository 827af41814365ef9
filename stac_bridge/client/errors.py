"""An API's error → one of ours, in the API's own words where it has any."""

from __future__ import annotations

import json

from stac_bridge.client.download.names import one_line
from stac_bridge.errors import BadRequest, UpstreamUnreachable

__all__ = ["refusal", "refusal_of"]


def refusal(api: str, status: int | None, text: str) -> BadRequest | UpstreamUnreachable:
    """What an answer that is not what was asked for says; ``status`` None: there was no answer.

    >>> refusal("http://bridge.example", 400, '{"detail": "bbox has three numbers."}')
    BadRequest('bbox has three numbers.')
    >>> refusal("http://bridge.example", None, "")
    UpstreamUnreachable('Nothing answers as a STAC API at http://bridge.example.')
    """
    detail = _detail(text)
    if status is None:
        return UpstreamUnreachable(f"Nothing answers as a STAC API at {api}.")
    if status < 500 and status != 429:
        return BadRequest(detail or f"{api} answered HTTP {status}.")
    return UpstreamUnreachable(detail or f"{api} answered HTTP {status}.")


def refusal_of(api: str, met: Exception) -> BadRequest | UpstreamUnreachable:
    """What pystac-client's APIError says, which holds the status where there was an answer, and its body."""
    return refusal(api, getattr(met, "status_code", None), str(met))


def _detail(text: str) -> str:
    """Of a problem document (RFC 9457), or of the errors that other STAC APIs give."""
    try:
        said = json.loads(text)
    except ValueError:
        return ""
    words = (said.get("detail") or said.get("description")) if isinstance(said, dict) else None
    return one_line(words) if isinstance(words, str) else ""
