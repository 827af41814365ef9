"""For scripts: hrefs that have expired, or will soon, are renewed before they are read.

::

    import odc.stac, pystac_client
    from stac_bridge.client import signing

    client = pystac_client.Client.open("http://127.0.0.1:8000", modifier=signing.modifier)
    odc.stac.load(items, patch_url=signing.patch_url, ...)

Items that were searched for just now are fresh; those kept from last month are not. Nothing is asked over the
network while an href is good. Each href is renewed by the server that signed it, so nothing has to be configured.
Imports httpx and nothing of the server.
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

__all__ = ["NotRenewed", "Renewer", "modifier", "patch_url"]

MARGIN = 3000.0
"""Seconds that an href has to be good for: less than the shortest lifetime there is, which is an hour."""

MOST = 1000
"""Hrefs that a server takes at once."""

AGAIN = 60.0
"""Seconds until a server is asked again for an href that it could not make last for the margin."""

REMEMBERED = 100_000
"""Hrefs kept in mind: 50 MB."""

_SIGNED = re.compile(
    r"(?P<base>https?://[^?#]*)/collections/[^/?#]+/items/[^/?#]+/assets/[^/?#]+/[^/?#]+"
    r"\?e=(?P<expires>\d{1,12})&x=[^&=#]+&s=[A-Za-z0-9_-]{24}"
)


class NotRenewed(Exception):
    """The server does not renew an href: it did not sign it, or cannot be reached. The text says which."""


class Renewer:
    """Renews hrefs of any stac-bridge that are not good for ``margin`` seconds more. Threads may share one.

    ``timeout`` is in seconds; ``transport`` and ``clock`` are for those who bring their own.
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
        self._known: dict[str, tuple[str, float]] = {}
        self._asking = threading.Lock()

    def patch_url(self, href: str) -> str:
        """The href, renewed where it has to be; any other address as it is. For ``odc.stac.load(patch_url=…)``.

        Raises NotRenewed.
        """
        return self._renewed([href]).get(href, href)

    def modifier(self, found: Any) -> None:
        """Renew, in place, what an Item, an ItemCollection, a Collection, a dict or a list of them refers to.

        For ``pystac_client.Client.open(modifier=…)``. All that has expired is renewed at once. Raises NotRenewed.
        """
        holders = [(asset, owner) for owner in _owners(found) for asset in _assets(owner)]
        renewed = self._renewed([_href(asset) for asset, _owner in holders])
        for asset, owner in holders:
            href = renewed.get(_href(asset))
            if href:
                _put(asset, href)
                _tell(owner, href)

    def _renewed(self, hrefs: Iterable[str]) -> dict[str, str]:
        """Old → new, for those hrefs that were not good any more."""
        if not (old := [href for href in dict.fromkeys(hrefs) if self._is_old(href)]):
            return {}
        with self._asking:  # who comes second finds what the first was given
            if len(self._known) > REMEMBERED:
                self._known.clear()
            if unknown := [href for href in old if self._remembered(href) is None]:
                self._ask(unknown)
            return {href: self._known[href][0] for href in old}

    def _is_old(self, href: str) -> bool:
        said = _SIGNED.fullmatch(href)
        return said is not None and int(said["expires"]) < self._clock() + self._margin

    def _remembered(self, href: str) -> str | None:
        renewed, asked = self._known.get(href, ("", 0.0))
        is_good = renewed and (not self._is_old(renewed) or self._clock() < asked + AGAIN)
        return renewed if is_good else None

    def _ask(self, hrefs: list[str]) -> None:
        with httpx.Client(timeout=self._timeout, transport=self._transport) as http:
            for base, theirs in _by_server(hrefs).items():
                for start in range(0, len(theirs), MOST):
                    part = theirs[start : start + MOST]
                    given = ((href, self._clock()) for href in _posted(http, base, part))
                    self._known.update(zip(part, given, strict=True))


def _by_server(hrefs: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for href in hrefs:
        if said := _SIGNED.fullmatch(href):
            found[said["base"]].append(href)
    return found


def _posted(http: httpx.Client, base: str, hrefs: list[str]) -> list[str]:
    """What a server gives for these. Raises NotRenewed."""
    try:
        answer = http.post(f"{base}/sign", json={"hrefs": hrefs})
        said = answer.json()
    except (httpx.HTTPError, ValueError) as failed:
        raise NotRenewed(f"{base} does not renew its hrefs now ({type(failed).__name__}); try again later.") from failed
    if answer.status_code != 200:
        reason = said.get("detail") if isinstance(said, dict) else None
        raise NotRenewed(
            f"{base} does not renew an href (HTTP {answer.status_code}): {reason or 'it does not say why'}"
        )
    return [str(href) for href in said["hrefs"]]


# -- what may hold hrefs: pystac's objects, which are not imported for it, or their dicts -----------------------


def _owners(found: Any) -> Iterator[Any]:
    """The objects that have assets of their own."""
    if isinstance(found, dict):
        members = found.get("features")
    else:
        members = found if isinstance(found, list | tuple) else getattr(found, "items", None)
    if isinstance(members, list | tuple):  # the items of a pystac.ItemCollection; those of others are a method
        for member in members:
            yield from _owners(member)
    else:
        yield found


def _assets(owner: Any) -> list[Any]:
    assets = owner.get("assets") if isinstance(owner, dict) else getattr(owner, "assets", None)
    return [asset for asset in assets.values() if isinstance(_href(asset), str)] if isinstance(assets, dict) else []


def _href(asset: Any) -> Any:
    return asset.get("href") if isinstance(asset, dict) else getattr(asset, "href", None)


def _put(asset: Any, href: str) -> None:
    if isinstance(asset, dict):
        asset["href"] = href
    else:
        asset.href = href


def _tell(owner: Any, href: str) -> None:
    """What an Item says of its hrefs is true again."""
    properties = owner.get("properties") if isinstance(owner, dict) else getattr(owner, "properties", None)
    said = _SIGNED.fullmatch(href)
    if isinstance(properties, dict) and "m2m:href_expires" in properties and said:
        expires = time.gmtime(int(said["expires"]))
        properties["m2m:href_expires"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", expires)


_shared = Renewer()
modifier = _shared.modifier
patch_url = _shared.patch_url
