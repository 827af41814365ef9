"""Sign values in Redis (HMAC), and verify that one of our workers wrote a value before unpickling it."""

from __future__ import annotations

import hashlib
import hmac
import logging
import pickle
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = logging.getLogger(__name__)

_MAC_SIZE = hashlib.sha256().digest_size
_PLAIN, _COMPRESSED = b"p", b"z"

MIN_COMPRESSED_SIZE = 2048
"""Bytes from which a value is compressed."""

_UNPICKLING_ERRORS = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
    zlib.error,
)
"""Errors of reading a value that other code than this one wrote."""


class ValueSigner:
    """HMAC-SHA256 with keys derived from ``secrets``: the first signs, all verify.

    The MAC covers the Redis key too, so that a value copied to another key is not valid there.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._keys = [hmac.digest(secret, b"stac-bridge: values in Redis", "sha256") for secret in secrets]
        self._has_warned = False

    def redis_key(self, key: str) -> str:
        """Return the Redis key for a cache key: its first word, and a digest of the rest, which may be a URL."""
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]
        return f"{key.partition(' ')[0]}:{digest}"

    def sign(self, name: str, payload: bytes) -> bytes:
        """Return the payload, signed for the Redis key ``name``."""
        return self._mac(self._keys[0], name, payload) + payload

    def verify(self, name: str, signed: bytes) -> bytes | None:
        """Return the payload; None unless it was signed for ``name`` with one of the secrets."""
        mac, payload = signed[:_MAC_SIZE], signed[_MAC_SIZE:]
        if any(hmac.compare_digest(mac, self._mac(key, name, payload)) for key in self._keys):
            return payload
        if not self._has_warned:
            self._has_warned = True
            _log.warning(
                "Redis holds values that are damaged or signed with another key; they are ignored. "
                "Set the same STAC_BRIDGE_SIGNING_KEYS for all workers."
            )
        return None

    def dumps(self, name: str, value: Any) -> bytes:
        """Pickle, compress and sign a value for the Redis key ``name``."""
        plain = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        compress = len(plain) >= MIN_COMPRESSED_SIZE
        return self.sign(name, _COMPRESSED + zlib.compress(plain, 1) if compress else _PLAIN + plain)

    def loads(self, name: str, signed: bytes) -> Any | None:
        """Return the value; None if it is not ours, or was written by another version of the code."""
        payload = self.verify(name, signed)
        if payload is None:
            return None
        try:
            plain = zlib.decompress(payload[1:]) if payload[:1] == _COMPRESSED else payload[1:]
            return pickle.loads(plain)  # noqa: S301 -- the signature proves that one of our workers wrote it
        except _UNPICKLING_ERRORS as error:
            _log.debug("A value in Redis is not readable: %s", error)
            return None

    @staticmethod
    def _mac(key: bytes, name: str, payload: bytes) -> bytes:
        return hmac.digest(key, name.encode() + b"\0" + payload, "sha256")
