"""What stands in Redis is believed only where a worker of ours wrote it: before anything is unpickled."""

from __future__ import annotations

import hashlib
import hmac
import logging
import pickle
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Seal"]

_log = logging.getLogger(__name__)

_MAC = hashlib.sha256().digest_size
_PLAIN, _PACKED = b"p", b"z"

WORTH_PACKING = 2048
"""Bytes from which a value is compressed."""

_UNREADABLE = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
)
"""What unpickling raises where a value was written by other code than ours."""


class Seal:
    """HMAC-SHA256 under keys derived from ``secrets``: the first seals, all open."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._keys = [hmac.digest(secret, b"stac-bridge: values in Redis", "sha256") for secret in secrets]
        self._told = False

    def name(self, key: str) -> str:
        """A key as it stands in Redis: its first word, and a digest of the rest, which may be a URL."""
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]
        return f"{key.partition(' ')[0]}:{digest}"

    def close(self, name: str, payload: bytes) -> bytes:
        """The payload sealed for the place ``name``."""
        return self._mac(self._keys[0], name, payload) + payload

    def open(self, name: str, sealed: bytes) -> bytes | None:
        """The payload; None where nobody who knows a secret put it there."""
        mac, payload = sealed[:_MAC], sealed[_MAC:]
        if any(hmac.compare_digest(mac, self._mac(key, name, payload)) for key in self._keys):
            return payload
        if not self._told:
            self._told = True
            _log.warning(
                "Redis holds values that were sealed with another key, which are not used: "
                "give all workers the same STAC_BRIDGE_SIGNING_KEYS."
            )
        return None

    def pack(self, name: str, value: Any) -> bytes:
        """A value, pickled and sealed."""
        plain = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        packed = len(plain) >= WORTH_PACKING
        return self.close(name, _PACKED + zlib.compress(plain, 1) if packed else _PLAIN + plain)

    def unpack(self, name: str, sealed: bytes) -> Any | None:
        """The value; None where it is not ours, or not of this code."""
        payload = self.open(name, sealed)
        if payload is None:
            return None
        plain = zlib.decompress(payload[1:]) if payload[:1] == _PACKED else payload[1:]
        try:
            return pickle.loads(plain)  # noqa: S301 -- sealed by a worker of ours
        except _UNREADABLE as unreadable:
            _log.debug("A value in Redis cannot be read: %s", unreadable)
            return None

    @staticmethod
    def _mac(key: bytes, name: str, payload: bytes) -> bytes:
        return hmac.digest(key, name.encode() + b"\0" + payload, "sha256")
