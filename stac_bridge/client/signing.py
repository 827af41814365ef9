"""Renews hrefs that have expired, or soon will, before a script reads them.

::

    import odc.stac, pystac_client
    from stac_bridge.client import signing

    client = pystac_client.Client.open("http://127.0.0.1:8000", modifier=signing.modifier)
    odc.stac.load(items, patch_url=signing.patch_url, ...)

Items from a search that just ran are fresh; Items saved last month are not. No request is sent while an href is
valid. Each href is renewed by the server that signed it, so there is nothing to configure.

Imports httpx and no other package, so that a script needs nothing of the server.
"""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MARGIN = 3000.0
"""Seconds that an href must still be valid: less than the shortest lifetime a server can have, which is an hour."""

MAX_HREFS = 1000
"""Maximum number of hrefs in one request to ``/sign``; servers refuse more."""

RETRY_INTERVAL = 60.0
"""Seconds before an href is renewed again if the server's new one is not valid for the whole margin either."""

MAX_REMEMBERED = 100_000
"""Renewed hrefs kept in memory, about 50 MB; beyond that all are dropped."""

_SIGNED_HREF = re.compile(
    r"(?P<base>https?://[^?#]*)/collections/[^/?#]+/items/[^/?#]+/assets/[^/?#]+/[^/?#]+"
    r"\?e=(?P<expires>\d{1,12})&x=[^&=#]+&s=[A-Za-z0-9_-]{24}"
)


class NotRenewed(Exception):
    """The server does not renew an href: it did not sign it, or cannot be reached. The text says which."""


class Renewer:
    """Renews hrefs of any stac-bridge that are not valid for ``margin`` seconds more. Threads may share one.

    ``timeout`` is in seconds. ``transport`` and ``clock`` (Unix seconds) replace the network and the time in tests.
    """

    def __init__(
        self,
        margin: float = MARGIN,
        *,
        timeout: float = 60,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._margin = margin
        self._timeout = timeout
        self._transport = transport
        self._clock = clock
        self._renewed: dict[str, tuple[str, float]] = {}  # old href -> (new href, time of the renewal)
        self._lock = threading.Lock()

    def patch_url(self, href: str) -> str:
        """Return the href, renewed if necessary; any other URL is returned unchanged. Raises NotRenewed.

        For ``odc.stac.load(patch_url=…)``.
        """
        return self._renew([href]).get(href, href)

    def modifier(self, stac_object: Any) -> None:
        """Renew, in place, the hrefs of an Item, an ItemCollection, a Collection, a dict or a list of them.

        For ``pystac_client.Client.open(modifier=…)``. Everything that has expired goes into one request per server.
        Raises NotRenewed.
        """
        assets = [(asset, owner) for owner in _owners(stac_object) for asset in _assets(owner)]
        renewed = self._renew([_href(asset) for asset, _owner in assets])
        for asset, owner in assets:
            href = renewed.get(_href(asset))
            if href:
                _set_href(asset, href)
                _update_expiry(owner, href)

    def _renew(self, hrefs: Iterable[str]) -> dict[str, str]:
        """Return old → new for those of the hrefs that expire within the margin."""
        expiring = [href for href in dict.fromkeys(hrefs) if self._is_expiring(href)]
        if not expiring:
            return {}
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
                    new = ((href, self._clock()) for href in _post(http, base, part))
                    self._renewed.update(zip(part, new, strict=True))


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


# -- STAC objects: dicts, or pystac's classes, which are recognized by their attributes so as not to import pystac --


def _owners(stac_object: Any) -> Iterator[Any]:
    """Yield the objects that have assets of their own."""
    if isinstance(stac_object, dict):
        members = stac_object.get("features")
    else:
        is_sequence = isinstance(stac_object, list | tuple)
        members = stac_object if is_sequence else getattr(stac_object, "items", None)
    # A pystac.ItemCollection has a list named items; other objects have a method of that name.
    if isinstance(members, list | tuple):
        for member in members:
            yield from _owners(member)
    else:
        yield stac_object


def _assets(owner: Any) -> list[Any]:
    assets = owner.get("assets") if isinstance(owner, dict) else getattr(owner, "assets", None)
    return [asset for asset in assets.values() if isinstance(_href(asset), str)] if isinstance(assets, dict) else []


def _href(asset: Any) -> Any:
    return asset.get("href") if isinstance(asset, dict) else getattr(asset, "href", None)


def _set_href(asset: Any, href: str) -> None:
    if isinstance(asset, dict):
        asset["href"] = href
    else:
        asset.href = href


def _update_expiry(owner: Any, href: str) -> None:
    """Set an Item's ``m2m:href_expires``, if it has one, to when the new href expires."""
    properties = owner.get("properties") if isinstance(owner, dict) else getattr(owner, "properties", None)
    match = _SIGNED_HREF.fullmatch(href)
    if isinstance(properties, dict) and "m2m:href_expires" in properties and match:
        expires = time.gmtime(int(match["expires"]))
        properties["m2m:href_expires"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", expires)


_shared = Renewer()
modifier = _shared.modifier
patch_url = _shared.patch_url
