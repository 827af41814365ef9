"""An asset's address, and why to believe it.

The signature (HMAC-SHA256) covers the path from ``/collections`` on and every parameter, as they are written:
change a character and it is another address. What resolving needs, the scene's entity id, travels inside.
"""

from __future__ import annotations

import base64
import hmac
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from stac_bridge.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["AssetRef", "HrefMaker", "Signer", "looks_signed"]

WINDOWS = 4
"""Windows in an href's lifetime: hrefs of one window are equal, and good for 1 to 1.25 lifetimes."""

LONGEST = 4096
"""Characters of a path and its query that are looked at; no href of ours comes near."""

_SIGNED = 18
"""Bytes of the HMAC that are kept: 144 bits, 24 characters."""

_PATH = re.compile(r"/collections/([^/]+)/items/([^/]+)/assets/([^/]+)/([^/]+)$")
_QUERY = re.compile(r"e=(\d{1,12})&x=([^&=]+)&s=([A-Za-z0-9_-]{24})$")
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+")
_UNSAFE = re.compile(r"(?:^|/)\.{1,2}(?:/|$)|[\\\x00-\x1f\x7f]")
"""What no name of a file, scene or dataset has: steps up a folder, backslashes, control characters."""


@dataclass(frozen=True, slots=True)
class AssetRef:
    """What a believed href says; ``expires`` in Unix seconds."""

    collection: str
    item: str
    key: str
    filename: str
    entity_id: str
    expires: int


@dataclass(frozen=True, slots=True)
class HrefMaker:
    """A function from (asset key, file name) to the href, for one Item. ``expires`` tells when they do (RFC 3339)."""

    root: str
    path: str
    query: str
    key: bytes
    expires: str

    def __call__(self, asset: str, filename: str) -> str:
        """The href."""
        address = f"{self.path}{_quoted(asset)}/{_quoted(filename)}{self.query}"
        return f"{self.root}{address}&s={_signature(address, self.key)}"


class Signer:
    """Makes hrefs with the first key, believes those of any key. ``lifetime`` in seconds."""

    def __init__(self, keys: Sequence[bytes], lifetime: int, clock: Callable[[], float] = time.time) -> None:
        self._keys = tuple(keys)
        self._lifetime = lifetime
        self._window = max(1, lifetime // WINDOWS)
        self._clock = clock

    def href_maker(self, base: str, collection: str, item: str, entity_id: str) -> HrefMaker:
        """Makes the hrefs of an Item's assets. ``base`` ends in a slash and is not signed."""
        expiry = self._expiry()
        return HrefMaker(
            root=base.rstrip("/"),
            path=f"/collections/{quote(collection, safe='')}/items/{quote(item, safe='')}/assets/",
            query=f"?e={expiry}&x={quote(entity_id, safe='')}",
            key=self._keys[0],
            expires=_written(expiry),
        )

    def verify(self, raw_path: str, query: str) -> AssetRef:
        """What an href says, given its path (still percent-encoded) and its query. Raises Refused."""
        ref = self._read(raw_path, query)
        if ref.expires < self._clock():
            raise Refused("This href has expired; ask /sign for a new one, or fetch the Item again.")
        return ref

    def renew(self, href: str, base: str) -> tuple[str, str]:
        """The same file's href below ``base``, signed anew, and when that one expires. Raises Refused.

        An expired href is as good as a fresh one: what it says was signed here. Where it led does not matter,
        as long as its path and its signature are ours.
        """
        ref = self._read(*_parts(href))
        make = self.href_maker(base, ref.collection, ref.item, ref.entity_id)
        return make(ref.key, ref.filename), make.expires

    def _read(self, raw_path: str, query: str) -> AssetRef:
        """What an href says, expired or not. Raises Refused."""
        if len(raw_path) + len(query) > LONGEST:
            raise Refused("This address is longer than any that was signed here; take the href from the Item as it is.")
        place, said = _PATH.search(raw_path), _QUERY.match(query)
        if place is None or said is None or not self._believes(place[0], query):
            raise Refused("The signature does not fit this address; take the href from the Item as it is.")
        collection, item, asset, filename, entity_id = (unquote(part) for part in (*place.groups(), said[2]))
        if any(map(_UNSAFE.search, (collection, item, asset, filename, entity_id))):
            raise Refused("This address has a name with a step up a folder, a backslash or a control character in it.")
        return AssetRef(collection, item, asset, filename, entity_id, int(said[1]))

    def _expiry(self) -> int:
        """The end of the window, and a lifetime more."""
        return (int(self._clock()) // self._window + 1) * self._window + self._lifetime

    def _believes(self, path: str, query: str) -> bool:
        signed, _, given = query.rpartition("&s=")
        return any(hmac.compare_digest(given, _signature(f"{path}?{signed}", key)) for key in self._keys)


def looks_signed(href: str) -> bool:
    """Whether an address has the form of an href of ours, whoever signed it."""
    try:
        path, query = _parts(href)
    except Refused:
        return False
    return len(href) <= LONGEST and _PATH.search(path) is not None and _QUERY.match(query) is not None


def _parts(href: str) -> tuple[str, str]:
    """Path and query. Raises Refused for what is no address of a web server."""
    try:
        parts = urlsplit(href)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or parts.fragment:
        raise Refused("This is no href that was signed here; take it from an Item as it is.")
    return parts.path, parts.query


def _quoted(name: str) -> str:
    """Percent-encoded; most names need none, and looking is quicker than encoding."""
    return name if _PLAIN.fullmatch(name) else quote(name, safe="")


@lru_cache(maxsize=64)
def _written(expiry: int) -> str:
    return datetime.fromtimestamp(expiry, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _signature(address: str, key: bytes) -> str:
    digest = hmac.digest(key, b"asset " + address.encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:_SIGNED]).decode()
