"""Who asks, and by which address: what proxies tell of it is believed of those that the settings name, of no others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Proxied", "Told", "asker", "caller_of", "told_by"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([^:]+):\d+")
_PAIR = re.compile(r'([a-z]+)="?([^";]*)"?')
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")
_FORWARDED = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")


class Proxied:
    """Puts the caller, the scheme and the host that a trusted proxy tells in the place of the proxy's own.

    uvicorn's middleware of this kind knows neither X-Forwarded-Host nor Forwarded (RFC 7239).
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            scope = {**scope, **self._believed(scope)}
        await self._app(scope, receive, send)

    def _believed(self, scope: Scope) -> dict[str, Any]:
        peer = _address((scope.get("client") or ("",))[0])
        if peer is None or not _is_one_of(self._trusted, peer):
            return {}
        told = told_by(Headers(scope=scope))
        believed: dict[str, Any] = {"client": (str(asker(told.chain, peer, self._trusted)), 0)}
        if told.scheme in ("http", "https"):
            believed["scheme"] = told.scheme
        if _HOST.fullmatch(told.host):
            others = [pair for pair in scope["headers"] if pair[0] != b"host"]
            believed["headers"] = [(b"host", told.host.encode()), *others]
        return believed


def caller_of(scope: Scope) -> str:
    """Whose request it is: an address, of IPv6 the /64, in which every household has addresses without end.

    Never what Authorization says: nobody checks it, so that one caller could be as many as it liked.

    >>> caller_of({"client": ("192.0.2.7", 4711)}), caller_of({"client": ("::ffff:192.0.2.7", 1)}), caller_of({})
    ('192.0.2.7', '192.0.2.7', '')
    >>> caller_of({"client": ("2001:db8:1:2:3:4:5:6", 4711)})
    '2001:db8:1:2::/64'
    """
    host = str((scope.get("client") or ("",))[0])
    address = _address(host)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), 64), strict=False))
    return host if address is None else str(address)


@dataclass(frozen=True, slots=True)
class Told:
    """What the proxies told: for whom each asked, the nearest last, and what the nearest says was asked."""

    chain: tuple[str, ...] = ()
    scheme: str = ""
    host: str = ""


def told_by(headers: Headers) -> Told:
    """X-Forwarded-* where there is any, else Forwarded. The last of several is the nearest proxy's.

    >>> told_by(Headers({"X-Forwarded-For": "198.51.100.1, 192.0.2.7", "X-Forwarded-Proto": "https"}))
    Told(chain=('198.51.100.1', '192.0.2.7'), scheme='https', host='')
    >>> told_by(Headers({"Forwarded": 'for=192.0.2.7, for="[2001:db8::1]:80";proto=https;host=stac.example'}))
    Told(chain=('192.0.2.7', '[2001:db8::1]:80'), scheme='https', host='stac.example')
    """
    chain, schemes, hosts = (_words(headers, name) for name in _FORWARDED)
    if chain or schemes or hosts:
        return Told(chain, _last(schemes).lower(), _last(hosts))
    elements = [dict(_PAIR.findall(one.lower())) for one in _words(headers, "forwarded")]
    nearest = elements[-1] if elements else {}
    # an element that does not tell for whom it is keeps its place, so that none to the left of it counts
    return Told(tuple(one.get("for", "") for one in elements), nearest.get("proto", ""), nearest.get("host", ""))


def asker(chain: Sequence[str], peer: Address, trusted: Sequence[Network]) -> Address:
    """The right-most address that is no trusted proxy's: to the left of it, anybody can write what they like.

    A word that is no address (RFC 7239's ``unknown``) is whoever brought it.

    >>> proxies = [IPv4Network("10.0.0.0/8")]
    >>> str(asker(["192.0.2.1", "198.51.100.7:4711", "10.0.0.2"], ip_address("10.0.0.1"), proxies))
    '198.51.100.7'
    >>> str(asker(["198.51.100.7", "unknown"], ip_address("10.0.0.1"), proxies))
    '10.0.0.1'
    """
    nearest = peer
    for said in reversed(chain):
        address = _address(said)
        if address is None:
            break
        nearest = address
        if not _is_one_of(trusted, address):
            break
    return nearest


def _words(headers: Headers, name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in ",".join(headers.getlist(name)).split(",") if word.strip())


def _last(words: Sequence[str]) -> str:
    return words[-1] if words else ""


def _is_one_of(networks: Sequence[Network], address: Address) -> bool:
    return any(address in network for network in networks)


def _address(said: str) -> Address | None:
    """With or without a port; an IPv4 address within IPv6 is itself."""
    found = _WITH_PORT.fullmatch(said)
    try:
        address = ip_address(found[1] or found[2] if found else said)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
