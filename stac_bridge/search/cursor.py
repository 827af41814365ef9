"""Where a search goes on, as a sealed token: signed, versioned, bound to its search, good for a day."""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stac_bridge.errors import BadCursor

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LIFETIME", "Cursor", "open_cursor", "seal_cursor"]

LIFETIME = 86400
"""Seconds that a token is good for: offsets into an archive that grows mean less and less."""

_VERSION = 1
_BODY = struct.Struct(">BHIQ")
_SEAL = 16


@dataclass(frozen=True, slots=True)
class Cursor:
    """The first scene not yet read: ``start`` (from 1) within the plan's ``step`` (from 0)."""

    step: int = 0
    start: int = 1


def seal_cursor(cursor: Cursor, digest: bytes, key: bytes, now: float) -> str:
    """A token for the search with this digest; ``now`` in Unix seconds."""
    body = _BODY.pack(_VERSION, cursor.step, cursor.start, int(now))
    return base64.urlsafe_b64encode(body + _seal(body, digest, key)).rstrip(b"=").decode()


def open_cursor(token: str, digest: bytes, keys: Sequence[bytes], now: float) -> Cursor:
    """The cursor in a token. Raises BadCursor."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    body, seal = raw[: _BODY.size], raw[_BODY.size :]
    if len(raw) != _BODY.size + _SEAL or not any(hmac.compare_digest(seal, _seal(body, digest, key)) for key in keys):
        raise BadCursor(
            "This token is not of this search: follow the next link with all its parameters unchanged, "
            "or start the search again without token."
        )
    version, step, start, issued = _BODY.unpack(body)
    if version != _VERSION or not 0 <= now - issued <= LIFETIME:
        raise BadCursor("This token is older than 24 hours: start the search again without token.")
    return Cursor(step, start)


def _seal(body: bytes, digest: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"cursor" + digest + body, "sha256")[:_SEAL]
