"""Where a search goes on, as a sealed token: signed, versioned, bound to its search, good for a day."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from stac_bridge.errors import BadCursor
from stac_bridge.search.paging.slices import Stand

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LIFETIME", "Cursor", "mark", "open_cursor", "seal_cursor"]

LIFETIME = 86400
"""Seconds that a token is good for, at least: offsets into an archive that grows mean less and less."""

ISSUED = 60
"""Seconds by which tokens tell their age: within them a page that is asked for again is the same, and so its ETag."""

_VERSION = 4
_HEAD = struct.Struct(">BI")
_SEAL = 16

_MARK = 4
"""Characters of a mark: 24 bits, which tell a scene from the few hundred about it."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The first scene not yet read: ``start`` (from 1) within the plan's ``step`` (from 0).

    ``last`` marks the scenes read before it, the last one first, by which it is found again when others arrive.
    """

    step: int = 0
    start: int = 1
    last: tuple[str, ...] = ()


def mark(entity_id: str) -> str:
    """A scene's id in a few characters: enough to know it again among its neighbours."""
    return base64.urlsafe_b64encode(hashlib.blake2b(entity_id.encode(), digest_size=_MARK * 3 // 4).digest()).decode()


def seal_cursor(cursor: Cursor | Stand, steps: Sequence[str], digest: bytes, key: bytes, now: float) -> str:
    """A token for the search with this digest; ``steps`` names the plan's steps in order, ``now`` in Unix seconds.

    The token holds the name of a step, not its number, so that it survives a list of datasets that has changed.
    """
    said: list[object]
    if isinstance(cursor, Stand):
        said = [cursor.position, cursor.width, cursor.after, cursor.matched]
    else:
        said = [steps[cursor.step], cursor.start, "".join(cursor.last)]
    body = _HEAD.pack(_VERSION, int(now) // ISSUED * ISSUED) + orjson.dumps([isinstance(cursor, Stand), said])
    return base64.urlsafe_b64encode(body + _seal(body, digest, key)).rstrip(b"=").decode()


def open_cursor(token: str, steps: Sequence[str], digest: bytes, keys: Sequence[bytes], now: float) -> Cursor | Stand:
    """The cursor in a token. Raises BadCursor."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    body, seal = raw[:-_SEAL], raw[-_SEAL:]
    if len(body) <= _HEAD.size or not any(hmac.compare_digest(seal, _seal(body, digest, key)) for key in keys):
        raise BadCursor(
            "This token is not of this search: follow the next link with all its parameters unchanged, "
            "or start the search again without token."
        )
    version, issued = _HEAD.unpack_from(body)
    if version != _VERSION or not 0 <= now - issued <= LIFETIME + ISSUED:
        raise BadCursor("This token is older than 24 hours: start the search again without token.")
    is_stand, said = orjson.loads(body[_HEAD.size :])
    if is_stand:
        position, width, after, matched = said
        return Stand(position, width, None if after is None else tuple(after), matched)
    step, start, last = said
    if step not in steps:
        raise BadCursor("The dataset where this token stopped is no longer searched: start again without token.")
    return Cursor(steps.index(step), start, tuple(last[place : place + _MARK] for place in range(0, len(last), _MARK)))


def _seal(body: bytes, digest: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"cursor" + digest + body, "sha256")[:_SEAL]
