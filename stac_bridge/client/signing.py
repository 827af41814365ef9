"""Renews hrefs that have expired, or soon will, before a script reads them.

::

    import odc.stac, pystac_client
    from stac_bridge.client import signing

    client = pystac_client.Client.open("http://127.0.0.1:8000", modifier=signing.modifier)
    odc.stac.load(items, patch_url=signing.patch_url, ...)

Items from a search that just ran are fresh; Items saved last month are not. No request is sent while an href is
valid. Each href is renewed by the server that signed it, so there is nothing to configure; only readers who reach that
server by another address use ``Renewer(address=...)``.

Both functions can be pickled, so that dask and process pools run them in their workers.

Imports httpx and no other package, so that a script needs nothing of the server.
"""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MARGIN = 3000.0
"""Seconds that an href must still be valid: less than the shortest lifetime a server can have, which is an hour."""

MAX_HREFS = 1000
"""Maximum number of hrefs in one request to ``/sign``; servers refuse more."""

RETRY_INTERVAL = 60.0
"""Seconds before an href is renewed again if the server's new one is not valid for the whole margin either."""

MAX_REMEMBERED = 100_000
"""Renewed hrefs kept in memory, about 50 MB; beyond that all are dropped."""

_SIGNED_HREF = re.compile(
    r"(?P<base>https?://[^?#]*)(?P<path>/collections/[^/?#]+/items/[^/?#]+/assets/[^/?#]+/[^/?#]+"
    r"\?e=(?P<expires>\d{1,12})&x=[^&=#]+&s=[A-Za-z0-9_-]{24})"
)
_NAME = re.compile(rf"(?P<before>.*?)(?P<href>{_SIGNED_HREF.pattern})(?P<after>(?:[^\w&=%#-].*)?)", re.DOTALL)
"""A reader's name of an href: ``/vsitar//vsicurl/http…/a.tif``, ``zip+http…!a.tif``, ``simplecache::http…``."""

_ENCODED_NAME = re.compile(
    r"(?P<before>.*?)(?P<href>https?(?::|%3A)(?:/|%2F){2}[^\s?&]*%3Fe[^\s?&]*)(?P<after>.*)", re.DOTALL | re.IGNORECASE
)
"""A name with a percent-encoded href: ``/vsicurl?…&url=http%3A…``, or the URL of a tile server."""


class NotRenewed(Exception):
    """The server does not renew an href: it did not sign it, or cannot be reached. The text says which."""


class Renewer:
    """Renews hrefs of any stac-bridge that are not valid for ``margin`` seconds more. Threads may share one.

    ``address`` is the URL by which this reader reaches the server, if it is not the one in the hrefs: renewals are
    requested there, and all hrefs are moved there, valid ones too. ``timeout`` is in seconds. ``transport`` and
    ``clock`` (Unix seconds) replace the network and the time in tests.

    Equal ones that are unpickled in one process are the same object, so that its tasks share what has been renewed.
    """

    def __init__(
        self,
        margin: float = MARGIN,
        *,
        address: str | None = None,
        timeout: float = 60,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._margin = margin
        self._address = address.rstrip("/") if address else None
        self._timeout = timeout
        self._transport = transport
        self._clock = clock
        self._renewed: dict[str, tuple[str, float]] = {}  # old href -> (new href, time of the renewal)
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return _shared_renewer, self._configuration

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        """Return the same for equal renewers, in any process, so that dask recognizes its own results."""
        return "stac_bridge.client.signing.Renewer", self._margin, self._address, self._timeout

    @property
    def _configuration(self) -> tuple[Any, ...]:
        return self._margin, self._address, self._timeout, self._transport, self._clock

    def patch_url(self, href: str) -> str:
        """Return the href, renewed if necessary; any other URL is returned unchanged. Raises NotRenewed.

        For ``odc.stac.load(patch_url=…)``. Names that contain an href (``/vsicurl/…``, ``zip+…``) are understood, too.
        """
        name = _Name.parse(href)
        return name.with_href(self._renew([name.href]).get(name.href, name.href))

    def modifier(self, stac_object: Any) -> None:
        """Renew, in place, the hrefs of an Item, an ItemCollection, a Collection, an asset, a dict or a list of them.

        For ``pystac_client.Client.open(modifier=…)``. Everything that has expired goes into one request per server.
        Raises NotRenewed, and TypeError for what cannot be changed in place, such as a text or a generator.
        """
        places: list[_Place] = []
        _collect_places(stac_object, None, places)
        names = [_Name.parse(place.get()) for place in places]
        renewed = self._renew([name.href for name in names])
        for place, name in zip(places, names, strict=True):
            if href := renewed.get(name.href):
                place.set(name.with_href(href))
                _update_expiry(place.item, href)

    def _renew(self, hrefs: Iterable[str]) -> dict[str, str]:
        """Return old → new for those of the hrefs that expire within the margin, or are at another address."""
        signed = {href: self._move(href) for href in dict.fromkeys(hrefs) if _SIGNED_HREF.fullmatch(href)}
        expiring = [href for href in dict.fromkeys(signed.values()) if self._is_expiring(href)]
        renewed = self._renew_expiring(expiring) if expiring else {}
        new = {href: renewed.get(moved, moved) for href, moved in signed.items()}
        return {href: fresh for href, fresh in new.items() if fresh != href}

    def _move(self, href: str) -> str:
        """Return a signed href at the address by which this reader reaches the server; no signature covers it."""
        match = _SIGNED_HREF.fullmatch(href)
        return f"{self._address}{match['path']}" if self._address and match else href

    def _renew_expiring(self, expiring: list[str]) -> dict[str, str]:
        # One request at a time: a thread that waited finds what the thread before it has fetched.
        with self._lock:
            if len(self._renewed) > MAX_REMEMBERED:
                self._renewed.clear()
            if unknown := [href for href in expiring if self._remembered(href) is None]:
                self._request(unknown)
            return {href: self._renewed[href][0] for href in expiring}

    def _is_expiring(self, href: str) -> bool:
        match = _SIGNED_HREF.fullmatch(href)
        return match is not None and int(match["expires"]) < self._clock() + self._margin

    def _remembered(self, href: str) -> str | None:
        new, renewed_at = self._renewed.get(href, ("", 0.0))
        is_usable = new and (not self._is_expiring(new) or self._clock() < renewed_at + RETRY_INTERVAL)
        return new if is_usable else None

    def _request(self, hrefs: list[str]) -> None:
        with httpx.Client(timeout=self._timeout, transport=self._transport) as http:
            for base, own in _by_server(hrefs).items():
                for start in range(0, len(own), MAX_HREFS):
                    part = own[start : start + MAX_HREFS]
                    new = ((self._move(href), self._clock()) for href in _post(http, base, part))
                    self._renewed.update(zip(part, new, strict=True))


@lru_cache(maxsize=64)
def _shared_renewer(
    margin: float,
    address: str | None,
    timeout: float,
    transport: httpx.BaseTransport | None,
    clock: Callable[[], float],
) -> Renewer:
    """Return this process's renewer with this configuration."""
    return Renewer(margin, address=address, timeout=timeout, transport=transport, clock=clock)


def _by_server(hrefs: Iterable[str]) -> dict[str, list[str]]:
    servers: dict[str, list[str]] = defaultdict(list)
    for href in hrefs:
        if match := _SIGNED_HREF.fullmatch(href):
            servers[match["base"]].append(href)
    return servers


def _post(http: httpx.Client, base: str, hrefs: list[str]) -> list[str]:
    """Return a server's new hrefs, in the order of the old ones. Raises NotRenewed."""
    try:
        response = http.post(f"{base}/sign", json={"hrefs": hrefs})
        body = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise NotRenewed(f"{base} does not renew its hrefs now ({type(error).__name__}); try again later.") from error
    if response.status_code != 200:
        reason = body.get("detail") if isinstance(body, dict) else None
        raise NotRenewed(
            f"{base} does not renew an href (HTTP {response.status_code}): {reason or 'it does not say why'}"
        )
    return [str(href) for href in body["hrefs"]]


@dataclass(frozen=True, slots=True)
class _Name:
    """An href, and what a reader's name of it has before and after it."""

    href: str
    before: str = ""
    after: str = ""
    is_encoded: bool = False

    @classmethod
    def parse(cls, text: str) -> _Name:
        if match := _NAME.fullmatch(text):
            return cls(match["href"], match["before"], match["after"])
        if match := _ENCODED_NAME.fullmatch(text):
            return cls(unquote(match["href"]), match["before"], match["after"], is_encoded=True)
        return cls(text)

    def with_href(self, href: str) -> str:
        """Return the name for another href."""
        return f"{self.before}{quote(href, safe='') if self.is_encoded else href}{self.after}"


# -- STAC objects: dicts, or pystac's classes, which are recognized by their attributes so as not to import pystac --


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a text is: a member of a dict or a list, or an attribute; and the Item around it."""

    owner: Any
    key: Any
    item: Any

    def get(self) -> str:
        return str(self.owner[self.key] if isinstance(self.owner, dict | list) else getattr(self.owner, self.key))

    def set(self, text: str) -> None:
        if isinstance(self.owner, dict | list):
            self.owner[self.key] = text
        else:
            setattr(self.owner, self.key, text)


def _collect_places(value: Any, item: Any, places: list[_Place]) -> None:
    """Add the places of all texts that may be signed hrefs. Raises TypeError for what cannot be changed in place."""
    if isinstance(value, dict):
        item = value if "assets" in value else item
        _collect_from_members(value, _members_with_hrefs(value), item, places)
    elif isinstance(value, list):
        _collect_from_members(value, enumerate(value), item, places)
    elif isinstance(value, tuple):
        for member in value:
            if not _is_scalar(member) or _may_be_signed(member):
                _collect_places(member, item, places)
    elif isinstance(getattr(value, "assets", None), dict):  # pystac's Item and Collection
        _collect_places(value.assets, value, places)
    elif isinstance(getattr(value, "items", None), list):  # pystac's ItemCollection
        _collect_places(value.items, item, places)
    elif isinstance(getattr(value, "href", None), str) and isinstance(getattr(value, "extra_fields", None), dict):
        if _may_be_signed(value.href):  # pystac's Asset
            places.append(_Place(value, "href", item))
        _collect_places(value.extra_fields, item, places)
    else:
        raise TypeError(_cannot_change(value))


def _members_with_hrefs(value: dict[Any, Any]) -> Iterable[tuple[Any, Any]]:
    """Return the members of a STAC document that have hrefs of assets; all members of any other dict."""
    if isinstance(value.get("href"), str):
        keys: tuple[str, ...] = ("href", "alternate")
    else:
        keys = tuple(key for key in ("assets", "features", "collections") if key in value)
    return [(key, value[key]) for key in keys if key in value] if keys else value.items()


def _collect_from_members(owner: Any, members: Iterable[tuple[Any, Any]], item: Any, places: list[_Place]) -> None:
    for key, member in members:
        if isinstance(member, str):
            if _may_be_signed(member):
                places.append(_Place(owner, key, item))
        elif not _is_scalar(member):
            _collect_places(member, item, places)


def _may_be_signed(value: Any) -> bool:
    """Whether a value is a text that may have a signature in its query; faster than matching the pattern."""
    return isinstance(value, str) and ("s=" in value or "s%3D" in value)


def _is_scalar(value: Any) -> bool:
    """Whether a member has no members of its own: a text, a number, a date, an array of numbers."""
    if value is None or isinstance(value, str | bytes | int | float):
        return True
    if isinstance(value, dict | list | tuple):
        return False
    if getattr(getattr(value, "dtype", None), "kind", "O") in "biufcmM":
        return True
    return not any(hasattr(value, name) for name in ("__iter__", "assets", "href", "get_items"))


def _cannot_change(value: Any) -> str:
    """Return what to do instead, as a sentence."""
    kind = type(value).__name__
    if isinstance(value, str):
        return "A text cannot be changed in place; use signing.patch_url(href), which returns the renewed href."
    if hasattr(value, "__next__"):
        return f"A {kind} would be used up; pass list(...) of it, and go on with that list."
    if hasattr(value, "get_items") or hasattr(value, "item_collection"):
        return f"A {kind} has no hrefs of its own; pass its Items, as a list or an ItemCollection."
    if hasattr(value, "columns") or hasattr(value, "dtype"):
        return f"The hrefs of a {kind} cannot be changed in place; apply signing.patch_url to its hrefs, or pass Items."
    return f"A {kind} is no STAC object; pass an Item, an ItemCollection, a Collection, an asset, or dicts of them."


def _update_expiry(owner: Any, href: str) -> None:
    """Set an Item's ``m2m:href_expires``, if it has one, to when the new href expires; there may be no Item."""
    properties = owner.get("properties") if isinstance(owner, dict) else getattr(owner, "properties", None)
    match = _SIGNED_HREF.fullmatch(href)
    if isinstance(properties, dict) and "m2m:href_expires" in properties and match:
        expires = time.gmtime(int(match["expires"]))
        properties["m2m:href_expires"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", expires)


_shared = _shared_renewer(*Renewer()._configuration)
modifier = _shared.modifier
patch_url = _shared.patch_url
