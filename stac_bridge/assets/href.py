"""Signed asset hrefs: how they are made, verified and renewed.

The signature (HMAC-SHA256) covers the path from ``/collections`` on and every parameter, byte by byte as written, so
that any change makes it invalid. The scene's entity id, which resolving needs, is one of the parameters.
"""

from __future__ import annotations

import base64
import hmac
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlsplit

from stac_bridge.errors import Refused

WINDOWS_PER_LIFETIME = 4
"""Hrefs made within one window are equal (and can be cached); they are valid for 1 to 1.25 lifetimes."""

MAX_LENGTH = 4096
"""Maximum number of characters of a path and its query; no signed href is nearly as long."""

_SIGNATURE_BYTES = 18
"""Bytes of the HMAC in an href: 144 bits, which are 24 characters of base64."""

_PATH = re.compile(r"/collections/([^/]+)/items/([^/]+)/assets/([^/]+)/([^/]+)$")
_SIGNED_PARAMETERS = r"e=(\d{1,12})&x=([^&=]+)(?:&u=([A-Za-z0-9_-]+))?&s="
_QUERY = re.compile(_SIGNED_PARAMETERS + r"([A-Za-z0-9_-]{24})$")
_OTHER_END = re.compile(_SIGNED_PARAMETERS + r"(?:[A-Za-z0-9_-]{0,23}|[A-Za-z0-9_-]{24}.+)", re.DOTALL)
_PATH_SAFE = "!$&()*,:;=@"
_QUERY_SAFE = "!$()*,/:?@"
"""Characters that need no escape in a path segment or a query value (RFC 3986). Some clients (fsspec, by way of yarl)
remove escapes that are not needed, which would change a signed address.
"""

_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]+")
_PARAMETERS = ("e", "x", "s")
_OPTIONAL_PARAMETER = "u"
_ESCAPED_QUERY = re.compile(r"%(?:25)*3fe(?:=|%(?:25)*3d)", re.IGNORECASE)
_MAX_SHOWN = 20
_UNSAFE = re.compile(r"(?:^|/)\.{1,2}(?:/|$)|[\\\x00-\x1f\x7f]")
"""Parts of a path that no file, scene or dataset name has: parent folders, backslashes, control characters."""


@dataclass(frozen=True, slots=True)
class AssetRef:
    """The content of a verified href; ``expires`` in Unix seconds. ``url`` is where a public picture is."""

    collection: str
    item: str
    key: str
    filename: str
    entity_id: str
    expires: int
    url: str | None = None


@dataclass(frozen=True, slots=True)
class HrefMaker:
    """Makes the hrefs of one Item's assets: a function of asset key, file name and, for a public picture, its URL.

    ``expires`` is when they expire (RFC 3339). The parts that all assets share are computed once.
    """

    root: str
    path: str
    query: str
    key: bytes
    expires: str

    def __call__(self, asset: str, filename: str, url: str | None = None) -> str:
        """Return the signed href."""
        address = f"{self.path}{_quote(asset)}/{_quote(filename)}{self.query}"
        if url is not None:
            address = f"{address}&u={_encode(url)}"
        return f"{self.root}{address}&s={_signature(address, self.key)}"


class Signer:
    """Signs hrefs with the first of its keys and accepts the signatures of all, so that keys can be rotated.

    ``lifetime`` is in seconds, ``clock`` returns Unix seconds.
    """

    def __init__(self, keys: Sequence[bytes], lifetime: int, clock: Callable[[], float] = time.time) -> None:
        self._keys = tuple(keys)
        self._lifetime = lifetime
        self._window = max(1, lifetime // WINDOWS_PER_LIFETIME)
        self._clock = clock

    def href_maker(self, base: str, collection: str, item: str, entity_id: str) -> HrefMaker:
        """Return the function that makes the hrefs of an Item's assets. ``base`` ends in a slash and is not signed."""
        expires = self._expiry()
        return HrefMaker(
            root=base.rstrip("/"),
            path=f"/collections/{_quote(collection)}/items/{_quote(item)}/assets/",
            query=f"?e={expires}&x={quote(entity_id, safe=_QUERY_SAFE)}",
            key=self._keys[0],
            expires=_rfc3339(expires),
        )

    def verify(self, raw_path: str, query: str) -> AssetRef:
        """Return the content of an href, given its path (still percent-encoded) and its query.

        Raises Refused if the signature is wrong or the href has expired.
        """
        ref = self._parse(raw_path, query)
        if ref.expires < self._clock():
            raise Refused("This href has expired; renew it with /sign, or fetch the Item again.")
        return ref

    def renew(self, href: str, base: str) -> tuple[str, str]:
        """Return the same file's href below ``base``, signed anew, and when it expires (RFC 3339). Raises Refused.

        An expired href is accepted, because its content was signed here. Its scheme and host are ignored: they are
        not signed, and the new href has those of ``base``.
        """
        ref = self._parse(*_path_and_query(href))
        make_href = self.href_maker(base, ref.collection, ref.item, ref.entity_id)
        return make_href(ref.key, ref.filename, ref.url), make_href.expires

    def _parse(self, raw_path: str, query: str) -> AssetRef:
        """Return the content of an href whose signature is right, expired or not. Raises Refused."""
        if len(raw_path) + len(query) > MAX_LENGTH:
            raise Refused("This address is longer than any that was signed here; take the href from the Item as it is.")
        path, params = _PATH.search(raw_path), _QUERY.match(query)
        if path is None or params is None or not self._is_signed(path[0], query):
            raise Refused(_why_not_signed(raw_path, query))
        collection, item, asset, filename, entity_id = (unquote(part) for part in (*path.groups(), params[2]))
        if any(map(_UNSAFE.search, (collection, item, asset, filename, entity_id))):
            raise Refused("This address has a name with a step up a folder, a backslash or a control character in it.")
        url = None if params[3] is None else _decode(params[3])
        return AssetRef(collection, item, asset, filename, entity_id, int(params[1]), url)

    def _expiry(self) -> int:
        """Return the end of the current window plus one lifetime (Unix seconds)."""
        return (int(self._clock()) // self._window + 1) * self._window + self._lifetime

    def _is_signed(self, path: str, query: str) -> bool:
        params, _, signature = query.rpartition("&s=")
        return any(hmac.compare_digest(signature, _signature(f"{path}?{params}", key)) for key in self._keys)


def _why_not_signed(raw_path: str, query: str) -> str:
    """Return what is missing or changed in an address whose signature does not fit, and what helps."""
    names = [part.partition("=")[0] for part in query.split("&") if part]
    missing = [name for name in _PARAMETERS if name not in names]
    extra = [name for name in names if name not in (*_PARAMETERS, _OPTIONAL_PARAMETER)]
    if _ESCAPED_QUERY.search(raw_path):
        return (
            "The query of this address, which has the signature, was escaped as a part of the path (? became %3F). "
            'Pass the whole href as a URL, not as a path; obstore: HTTPStore.from_url(href), with "" as the path.'
        )
    if not query:
        return (
            "This address has lost its query (?e=…&x=…&s=…), which has the signature: the client dropped it. "
            'Pass the whole href as it is in the Item; obstore: HTTPStore.from_url(href), with "" as the path; '
            "VirtualiZarr: a registry of {href: that store}."
        )
    if "amp;x" in names or "amp;s" in names:
        return "The signature does not fit, because & was written as &amp; for HTML; replace &amp; by & in the href."
    if missing and _QUERY.match(unquote(query)):
        return "The signature does not fit, because the query was percent-encoded; decode it once."
    if missing:
        return (
            f"The query of this address, which has the signature, lacks {' and '.join(missing)}. An href within "
            "another URL (url=… of a tile server) must be percent-encoded as a whole, or it ends there at its first &."
        )
    if extra:
        return (
            "The signature does not fit, because there are other parameters beside e, x and s: remove "
            f"{', '.join(name[:_MAX_SHOWN] for name in extra[:3])}, or percent-encode the href within another URL."
        )
    if _OTHER_END.fullmatch(query):
        return (
            "The signature does not fit, because s does not have 24 characters: the end of the href was cut off, or "
            "something was appended to it."
        )
    if _QUERY.match(query) is None:
        return "The signature does not fit, because the query was reordered or encoded anew; fsspec: encoded=True."
    return "The signature does not fit this address; take the href from the Item as it is."


def looks_signed(href: str) -> bool:
    """Return whether a URL has the form of a signed href, whatever its signature."""
    try:
        path, query = _path_and_query(href)
    except Refused:
        return False
    return len(href) <= MAX_LENGTH and _PATH.search(path) is not None and _QUERY.match(query) is not None


def _path_and_query(href: str) -> tuple[str, str]:
    """Raises Refused for anything but an http or https URL without a fragment."""
    try:
        parts = urlsplit(href)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or parts.fragment:
        raise Refused("This is no href that was signed here; take it from an Item as it is.")
    return parts.path, parts.query


def _quote(name: str) -> str:
    """Percent-encode a name. Most names need no encoding, and matching a pattern is faster than encoding."""
    return name if _UNRESERVED.fullmatch(name) else quote(name, safe=_PATH_SAFE)


def _encode(url: str) -> str:
    """Encode a URL as base64, because some clients escape what is in a query once more, and others remove escapes."""
    return base64.urlsafe_b64encode(url.encode()).rstrip(b"=").decode()


def _decode(value: str) -> str:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()


def _rfc3339(unix_seconds: int) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _signature(address: str, key: bytes) -> str:
    digest = hmac.digest(key, b"asset " + address.encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:_SIGNATURE_BYTES]).decode()
