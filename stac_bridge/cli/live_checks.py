"""What ``stac-bridge doctor --live`` asks: the clock, the account, a search, and the first bytes of a file."""

from __future__ import annotations

import asyncio
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx

from stac_bridge.cli.account import m2m_client
from stac_bridge.cli.checks import Finding, State
from stac_bridge.cli.local_server import own_server
from stac_bridge.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stac_bridge.settings import Settings

__all__ = ["in_life"]

MOST_SKEW = 60.0
"""Seconds by which this machine's clock may differ from M2M's: signatures and keys have their times."""

LANDSAT = "landsat_ot_c2_l2"
_DAYS = "2024-07-01T00:00:00Z/2024-07-03T00:00:00Z"
"""A narrow search, of scenes whose files need no preparing."""

_SMALL = ("mtl.json", "mtl.txt", "mtl.xml", "thumbnail")
_PAGE = {"Range": "bytes=0-15", "Origin": "http://doctor.invalid"}
"""What a page in a browser would send: its bytes come through the server, whatever STAC_BRIDGE_DELIVERY says."""


def in_life(settings: Settings) -> Iterator[Finding]:
    """All checks that ask M2M; those that a failure leaves without a ground are skipped."""
    reached = _clock(settings)
    yield reached
    login = asyncio.run(_login(settings))
    yield login
    if login.state is State.wrong:
        yield from (Finding(name, State.skipped, "Not tried without a login.") for name in ("search", "asset"))
        return
    try:
        with own_server(settings, "these checks") as address, httpx.Client(timeout=settings.deadline) as http:
            yield from _served(http, address)
    except BridgeError as failed:
        yield Finding("search", State.wrong, str(failed))


def _clock(settings: Settings) -> Finding:
    if settings.embeds_sandbox:
        return Finding("clock", State.skipped, "The embedded sandbox has this machine's clock.")
    try:
        answer = httpx.get(str(settings.m2m_url), timeout=settings.m2m_timeout)
        skew = time.time() - parsedate_to_datetime(answer.headers["date"]).timestamp()
    except httpx.HTTPError as fault:
        why = f"cannot be reached ({type(fault).__name__}): look at the network, a proxy, or STAC_BRIDGE_M2M_URL"
        return Finding("clock", State.wrong, f"{settings.m2m_url.host} {why}.")
    except (KeyError, ValueError):
        return Finding("clock", State.skipped, f"{settings.m2m_url.host} does not tell the time.")
    if abs(skew) > MOST_SKEW:
        return Finding("clock", State.wrong, f"This machine's clock is {skew:+.0f} s off M2M's; set it by NTP.")
    return Finding("clock", State.ok, f"{settings.m2m_url.host} answers; the clocks differ by {abs(skew):.0f} s.")


async def _login(settings: Settings) -> Finding:
    client = m2m_client(settings)
    try:
        roles = await client.permissions()
    except BridgeError as refused:
        return Finding("login", State.wrong, str(refused))
    finally:
        await client.logout()
        await client.aclose()
    if "download" in roles:
        return Finding("login", State.ok, "The account may search and download.")
    return Finding("login", State.ok, "The account may search, not download; USGS grants the MACHINE role on request.")


def _served(http: httpx.Client, address: str) -> Iterator[Finding]:
    """A search over a server of our own, and a file of the Item that it finds."""
    try:
        item, seconds = _found(http, address)
    except (httpx.HTTPError, BridgeError) as failed:
        yield Finding("search", State.wrong, _why(failed))
        yield Finding("asset", State.skipped, "Not tried without an Item.")
        return
    yield Finding("search", State.ok, f"{item['collection']} gave {item['id']} after {seconds:.1f} s.")
    try:
        yield _asset(http, address, item)
    except httpx.HTTPError as failed:
        yield Finding("asset", State.wrong, _why(failed))


def _found(http: httpx.Client, address: str) -> tuple[dict[str, Any], float]:
    """An Item, and the seconds that its search took. Raises BridgeError, httpx.HTTPError."""
    listed = http.get(f"{address}/collections", params={"fields": "id", "limit": 10_000}).raise_for_status().json()
    ids = [one["id"] for one in listed["collections"]]
    if not ids:
        raise BridgeError("M2M lists no dataset for this account; look at STAC_BRIDGE_CATALOGS.")
    asked = {"collections": LANDSAT, "datetime": _DAYS} if LANDSAT in ids else {"collections": ids[0]}
    begun = time.monotonic()
    page = http.get(f"{address}/search", params={**asked, "limit": 1}).raise_for_status().json()
    if not page["features"]:
        raise BridgeError(f"A search of {asked['collections']} found nothing.")
    return page["features"][0], time.monotonic() - begun


def _asset(http: httpx.Client, address: str, item: dict[str, Any]) -> Finding:
    """The first bytes of a file, a small one where there is any."""
    hrefs = {key: one.get("href", "") for key, one in item["assets"].items()}
    ours = [key for key, href in hrefs.items() if href.startswith(f"{address}/collections/")]
    if not ours:
        return Finding("asset", State.skipped, "This account can fetch no file of the Item.")
    key = next((one for one in _SMALL if one in ours), ours[0])
    answer = http.get(hrefs[key], headers=_PAGE)
    if answer.status_code == 503:
        return Finding("asset", State.ok, f"USGS prepares {key} first: {_detail(answer)}")
    if not answer.is_success:
        return Finding("asset", State.wrong, f"{key} cannot be read: {_detail(answer)}")
    return Finding("asset", State.ok, f"The first {len(answer.content)} bytes of {key} came through.")


def _why(failed: Exception) -> str:
    if isinstance(failed, httpx.HTTPStatusError):
        return _detail(failed.response)
    return str(failed) or f"The server did not answer ({type(failed).__name__})."


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}."
