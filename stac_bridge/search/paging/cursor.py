"""Where a search continues, as a sealed token: signed, versioned, bound to its search, valid for a day."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from stac_bridge.errors import BadCursor
from stac_bridge.search.paging.slices import SortCursor

TOKEN_TTL = 86400
"""Seconds that a token is valid, at least: positions in an archive that grows become outdated."""

TOKEN_TIME_STEP = 60
"""Seconds to which a token's time is rounded: a page requested twice within them has the same token, and so ETag."""

_VERSION = 4
_HEADER = struct.Struct(">BI")
"""Version, and the time of issue in Unix seconds."""
_SIGNATURE_BYTES = 16

_FINGERPRINT_LENGTH = 4
"""Characters of a fingerprint: 24 bits, enough to tell a scene from the few hundred around it."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The first scene not yet read: number ``start`` (from 1) of the plan's step ``step`` (from 0).

    ``last`` holds the fingerprints of the scenes read before it, the last one first. If scenes arrive or disappear
    between two pages, they show where the cursor has moved.
    """

    step: int = 0
    start: int = 1
    last: tuple[str, ...] = ()


def fingerprint(entity_id: str) -> str:
    """Return a scene's id as a few characters, enough to recognize it among its neighbors."""
    digest = hashlib.blake2b(entity_id.encode(), digest_size=_FINGERPRINT_LENGTH * 3 // 4).digest()
    return base64.urlsafe_b64encode(digest).decode()


def seal_cursor(cursor: Cursor | SortCursor, steps: Sequence[str], digest: bytes, key: bytes, now: float) -> str:
    """Return a token for the search with this digest; ``steps`` names the plan's steps, ``now`` is in Unix seconds.

    The token holds the name of a step, not its number, so that it survives a change in the list of datasets.
    """
    state: list[object]
    if isinstance(cursor, SortCursor):
        state = [cursor.position, cursor.width, cursor.after, cursor.matched]
    else:
        state = [steps[cursor.step], cursor.start, "".join(cursor.last)]
    issued = int(now) // TOKEN_TIME_STEP * TOKEN_TIME_STEP
    body = _HEADER.pack(_VERSION, issued) + orjson.dumps([isinstance(cursor, SortCursor), state])
    return base64.urlsafe_b64encode(body + _sign(body, digest, key)).rstrip(b"=").decode()


def open_cursor(
    token: str, steps: Sequence[str], digest: bytes, keys: Sequence[bytes], now: float
) -> Cursor | SortCursor:
    """Return the cursor in a token, signed with any of ``keys``. Raises BadCursor."""
    is_sort_cursor, state = orjson.loads(check_token(token, digest, keys, now))
    if is_sort_cursor:
        position, width, after, matched = state
        return SortCursor(position, width, None if after is None else tuple(after), matched)
    step, start, last = state
    if step not in steps:
        raise BadCursor("The dataset where this token stopped is no longer searched: start again without token.")
    size = _FINGERPRINT_LENGTH
    return Cursor(steps.index(step), start, tuple(last[index : index + size] for index in range(0, len(last), size)))


def check_token(token: str, digest: bytes, keys: Sequence[bytes], now: float) -> bytes:
    """Return the state in a token of the search with this digest. Needs no plan. Raises BadCursor."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    body, signature = raw[:-_SIGNATURE_BYTES], raw[-_SIGNATURE_BYTES:]
    is_signed = any(hmac.compare_digest(signature, _sign(body, digest, key)) for key in keys)
    if len(body) <= _HEADER.size or not is_signed:
        raise BadCursor(
            "This token is not of this search: follow the next link with all its parameters unchanged, "
            "or start the search again without token."
        )
    version, issued = _HEADER.unpack_from(body)
    if version != _VERSION or not 0 <= now - issued <= TOKEN_TTL + TOKEN_TIME_STEP:
        raise BadCursor("This token is older than 24 hours: start the search again without token.")
    return body[_HEADER.size :]


def _sign(body: bytes, digest: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"cursor" + digest + body, "sha256")[:_SIGNATURE_BYTES]
