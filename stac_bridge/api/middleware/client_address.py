"""The client's address and the requested host, behind the proxies that the settings trust."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([^:]+):\d+")
_PAIR = re.compile(r'([a-z]+)="?([^";]*)"?')
HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")
"""A host name or address with or without a port; RFC 9110 allows more characters, but no host has them."""

_FORWARDED = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")


class TrustedProxies:
    """Replaces client, scheme and host by those that a trusted proxy reports.

    uvicorn's equivalent supports neither X-Forwarded-Host nor Forwarded (RFC 7239).
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            scope = {**scope, **self._corrections(scope)}
        await self._app(scope, receive, send)

    def _corrections(self, scope: Scope) -> dict[str, Any]:
        """The scope entries to replace; none if the peer is not trusted."""
        peer = _parse_address((scope.get("client") or ("",))[0])
        if peer is None or not _is_in(self._trusted, peer):
            return {}
        forwarded = read_forwarded(Headers(scope=scope))
        corrections: dict[str, Any] = {"client": (str(client_address(forwarded.chain, peer, self._trusted)), 0)}
        if forwarded.scheme in ("http", "https"):
            corrections["scheme"] = forwarded.scheme
        if HOST.fullmatch(forwarded.host):
            others = [pair for pair in scope["headers"] if pair[0] != b"host"]
            corrections["headers"] = [(b"host", forwarded.host.encode()), *others]
        return corrections


def caller_of(scope: Scope) -> str:
    """The client to which a request is counted: its address, or its /64 network for IPv6.

    A household has a whole /64 to choose addresses from. Authorization is ignored: nothing verifies it, so one
    client could pass for any number of clients.

    >>> caller_of({"client": ("192.0.2.7", 4711)}), caller_of({"client": ("::ffff:192.0.2.7", 1)}), caller_of({})
    ('192.0.2.7', '192.0.2.7', '')
    >>> caller_of({"client": ("2001:db8:1:2:3:4:5:6", 4711)})
    '2001:db8:1:2::/64'
    """
    host = str((scope.get("client") or ("",))[0])
    address = _parse_address(host)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), 64), strict=False))
    return host if address is None else str(address)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What the proxies report: the address each one received the request from, the nearest proxy's last; and the
    scheme and host that the nearest proxy was requested under."""

    chain: tuple[str, ...] = ()
    scheme: str = ""
    host: str = ""


def read_forwarded(headers: Headers) -> Forwarded:
    """Reads X-Forwarded-* if present, else Forwarded. Of several values the last one is the nearest proxy's.

    >>> read_forwarded(Headers({"X-Forwarded-For": "198.51.100.1, 192.0.2.7", "X-Forwarded-Proto": "https"}))
    Forwarded(chain=('198.51.100.1', '192.0.2.7'), scheme='https', host='')
    >>> read_forwarded(Headers({"Forwarded": 'for=192.0.2.7, for="[2001:db8::1]:80";proto=https;host=stac.example'}))
    Forwarded(chain=('192.0.2.7', '[2001:db8::1]:80'), scheme='https', host='stac.example')
    """
    chain, schemes, hosts = (_list_values(headers, name) for name in _FORWARDED)
    if chain or schemes or hosts:
        return Forwarded(chain, _last(schemes).lower(), _last(hosts))
    elements = [dict(_PAIR.findall(element.lower())) for element in _list_values(headers, "forwarded")]
    nearest = elements[-1] if elements else {}
    # An element without "for" stays in the chain as "", which stops client_address: what is left of it is untrusted.
    chain = tuple(element.get("for", "") for element in elements)
    return Forwarded(chain, nearest.get("proto", ""), nearest.get("host", ""))


def client_address(chain: Sequence[str], peer: Address, trusted: Sequence[Network]) -> Address:
    """The right-most address that is not a trusted proxy's. Everything to the left of it can be forged.

    An entry that is no address (RFC 7239's ``unknown``) stands for the proxy that sent it.

    >>> proxies = [IPv4Network("10.0.0.0/8")]
    >>> str(client_address(["192.0.2.1", "198.51.100.7:4711", "10.0.0.2"], ip_address("10.0.0.1"), proxies))
    '198.51.100.7'
    >>> str(client_address(["198.51.100.7", "unknown"], ip_address("10.0.0.1"), proxies))
    '10.0.0.1'
    """
    nearest = peer
    for entry in reversed(chain):
        address = _parse_address(entry)
        if address is None:
            break
        nearest = address
        if not _is_in(trusted, address):
            break
    return nearest


def _list_values(headers: Headers, name: str) -> tuple[str, ...]:
    return tuple(value.strip() for value in ",".join(headers.getlist(name)).split(",") if value.strip())


def _last(values: Sequence[str]) -> str:
    return values[-1] if values else ""


def _is_in(networks: Sequence[Network], address: Address) -> bool:
    return any(address in network for network in networks)


def _parse_address(text: str) -> Address | None:
    """An IP address with or without a port; an IPv4-mapped IPv6 address becomes IPv4. None if it is neither."""
    match = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address(match[1] or match[2] if match else text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
