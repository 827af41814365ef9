"""An asset's address, and why to believe it.

The signature (HMAC-SHA256) covers the path from ``/collections`` on and every parameter, as they are written:
change a character and it is another address. What resolving needs, the scene's entity id, travels inside.
"""

from __future__ import annotations

import base64
import hmac
import logging
import os
import re
import secrets
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from stac_bridge.errors import BridgeError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["AssetRef", "Signer", "load_keys"]

_log = logging.getLogger(__name__)

SHORTEST_KEY = 16
"""Characters; a shorter configured key is refused."""

WINDOWS = 4
"""Windows in an href's lifetime: hrefs of one window are equal, and good for 1 to 1.25 lifetimes."""

_SIGNED = 18
"""Bytes of the HMAC that are kept: 144 bits, 24 characters."""

_PATH = re.compile(r"/collections/([^/]+)/items/([^/]+)/assets/([^/]+)/([^/]+)$")
_QUERY = re.compile(r"e=(\d{1,12})&x=([^&=]+)&s=([A-Za-z0-9_-]{24})$")


@dataclass(frozen=True, slots=True)
class AssetRef:
    """What a believed href says; ``expires`` in Unix seconds."""

    collection: str
    item: str
    key: str
    filename: str
    entity_id: str
    expires: int


class Signer:
    """Makes hrefs with the first key, believes those of any key. ``lifetime`` in seconds."""

    def __init__(self, keys: Sequence[bytes], lifetime: int, clock: Callable[[], float] = time.time) -> None:
        self._keys = tuple(keys)
        self._lifetime = lifetime
        self._window = max(1, lifetime // WINDOWS)
        self._clock = clock

    def href_maker(self, base: str, collection: str, item: str, entity_id: str) -> Callable[[str, str], str]:
        """A function from (asset key, file name) to the href. ``base`` ends in a slash and is not signed."""
        key, root = self._keys[0], base.rstrip("/")
        path = f"/collections/{quote(collection, safe='')}/items/{quote(item, safe='')}/assets/"
        query = f"?e={self._expiry()}&x={quote(entity_id, safe='')}"

        def href(asset: str, filename: str) -> str:
            address = f"{path}{quote(asset, safe='')}/{quote(filename, safe='')}{query}"
            return f"{root}{address}&s={_signature(address, key)}"

        return href

    def verify(self, raw_path: str, query: str) -> AssetRef:
        """What an href says, given its path (still percent-encoded) and its query. Raises Refused."""
        place, said = _PATH.search(raw_path), _QUERY.match(query)
        if place is None or said is None or not self._believes(place[0], query):
            raise Refused("The signature does not fit this address; take the href from the Item as it is.")
        if int(said[1]) < self._clock():
            raise Refused("This href has expired; fetch the Item again for a new one.")
        collection, item, asset, filename = (unquote(part) for part in place.groups())
        return AssetRef(collection, item, asset, filename, unquote(said[2]), int(said[1]))

    def _expiry(self) -> int:
        """The end of the window, and a lifetime more."""
        return (int(self._clock()) // self._window + 1) * self._window + self._lifetime

    def _believes(self, path: str, query: str) -> bool:
        signed, _, given = query.rpartition("&s=")
        return any(hmac.compare_digest(given, _signature(f"{path}?{signed}", key)) for key in self._keys)


def _signature(address: str, key: bytes) -> str:
    digest = hmac.digest(key, b"asset " + address.encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:_SIGNED]).decode()


def load_keys(configured: Sequence[str], data_dir: Path) -> tuple[bytes, ...]:
    """The configured keys; where there are none, one that is made once and kept in the data folder.

    Raises BridgeError for a configured key that is too short to keep a secret.
    """
    if not configured:
        return (_kept_key(data_dir / "signing.key"),)
    if any(len(key) < SHORTEST_KEY for key in configured):
        raise BridgeError(f"STAC_BRIDGE_SIGNING_KEYS: each key has at least {SHORTEST_KEY} characters; one is shorter.")
    return tuple(key.encode() for key in configured)


def _kept_key(path: Path) -> bytes:
    try:
        return _read_key(path) or _make_key(path)
    except OSError as refused:
        _log.warning("No signing key can be kept in %s (%s): hrefs end with this process.", path.parent, refused)
        return secrets.token_hex(32).encode()


def _read_key(path: Path) -> bytes | None:
    try:
        return path.read_bytes().strip() or None
    except FileNotFoundError:
        return None


def _make_key(path: Path) -> bytes:
    """Written whole under another name, then linked: of several processes at once, the first one's key stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent) as file:  # of mode 600
        file.write(secrets.token_hex(32).encode())
        file.flush()
        try:
            os.link(file.name, path)
        except FileExistsError:
            pass
        else:
            _log.info("A key that signs hrefs was made and is kept in %s.", path)
    return path.read_bytes().strip()
