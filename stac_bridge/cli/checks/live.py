"""The checks of ``stac-bridge doctor --live``: the clock, the account, a search, and the first bytes of a file."""

from __future__ import annotations

import asyncio
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx

from stac_bridge.cli.account import m2m_client
from stac_bridge.cli.checks.local import CheckResult, State
from stac_bridge.cli.local_server import own_server
from stac_bridge.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stac_bridge.settings import Settings

MAX_SKEW = 60.0
"""Seconds by which this machine's clock may differ from M2M's; more would invalidate signatures and API keys."""

LANDSAT = "landsat_ot_c2_l2"
_DAYS = "2024-07-01T00:00:00Z/2024-07-03T00:00:00Z"
"""A narrow search, whose files USGS does not have to prepare."""

_SMALL_ASSETS = ("mtl.json", "mtl.txt", "mtl.xml", "thumbnail")
_PAGE_HEADERS = {"Range": "bytes=0-15", "Origin": "http://doctor.invalid"}
"""Headers of a web page, so that the server streams the file instead of redirecting (unless STAC_BRIDGE_DELIVERY
says otherwise)."""


def live_checks(settings: Settings) -> Iterator[CheckResult]:
    """Runs all checks of M2M; skips those that depend on a failed one."""
    yield _clock(settings)
    login = asyncio.run(_login(settings))
    yield login
    if login.state is State.wrong:
        yield from (CheckResult(name, State.skipped, "Not run without a login.") for name in ("search", "asset"))
        return
    try:
        with own_server(settings, "these checks") as address, httpx.Client(timeout=settings.deadline) as http:
            yield from _search_and_asset(http, address)
    except BridgeError as error:
        yield CheckResult("search", State.wrong, str(error))


def _clock(settings: Settings) -> CheckResult:
    if settings.embeds_sandbox:
        return CheckResult("clock", State.skipped, "The embedded sandbox uses this machine's clock.")
    host = settings.m2m_url.host
    try:
        # only the headers are needed, and the body may be of any size
        with httpx.stream("GET", str(settings.m2m_url), timeout=settings.m2m_timeout) as response:
            skew = time.time() - parsedate_to_datetime(response.headers["date"]).timestamp()
    except httpx.HTTPError as error:
        reason = f"cannot be reached ({type(error).__name__}): check the network, the proxy, or STAC_BRIDGE_M2M_URL"
        return CheckResult("clock", State.wrong, f"{host} {reason}.")
    except (KeyError, ValueError):
        return CheckResult("clock", State.skipped, f"{host} does not send the time.")
    if abs(skew) > MAX_SKEW:
        return CheckResult("clock", State.wrong, f"This machine's clock is {skew:+.0f} s off M2M's; set it by NTP.")
    return CheckResult("clock", State.ok, f"{host} responds; the clocks differ by {abs(skew):.0f} s.")


async def _login(settings: Settings) -> CheckResult:
    client = m2m_client(settings)
    try:
        roles = await client.permissions()
    except BridgeError as error:
        return CheckResult("login", State.wrong, str(error))
    finally:
        await client.logout()
        await client.aclose()
    if "download" in roles:
        return CheckResult("login", State.ok, "The account may search and download.")
    text = "The account may search but not download; USGS grants the MACHINE role on request."
    return CheckResult("login", State.ok, text)


def _search_and_asset(http: httpx.Client, address: str) -> Iterator[CheckResult]:
    """A search on the server at ``address``, and a file of the Item it returns."""
    try:
        item, seconds = _search(http, address)
    except (httpx.HTTPError, BridgeError) as error:
        yield CheckResult("search", State.wrong, _reason(error))
        yield CheckResult("asset", State.skipped, "Not run without an Item.")
        return
    yield CheckResult("search", State.ok, f"{item['collection']} returned {item['id']} after {seconds:.1f} s.")
    try:
        yield _asset(http, address, item)
    except httpx.HTTPError as error:
        yield CheckResult("asset", State.wrong, _reason(error))


def _search(http: httpx.Client, address: str) -> tuple[dict[str, Any], float]:
    """An Item, and the seconds its search took. Raises BridgeError, httpx.HTTPError."""
    page = http.get(f"{address}/collections", params={"fields": "id", "limit": 10_000}).raise_for_status().json()
    ids = [collection["id"] for collection in page["collections"]]
    if not ids:
        raise BridgeError("M2M lists no dataset for this account; check STAC_BRIDGE_CATALOGS.")
    query = {"collections": LANDSAT, "datetime": _DAYS} if LANDSAT in ids else {"collections": ids[0]}
    started = time.monotonic()
    page = http.get(f"{address}/search", params={**query, "limit": 1}).raise_for_status().json()
    if not page["features"]:
        raise BridgeError(f"A search of {query['collections']} returned no Item.")
    return page["features"][0], time.monotonic() - started


def _asset(http: httpx.Client, address: str, item: dict[str, Any]) -> CheckResult:
    """The first bytes of a file, preferably a small one."""
    hrefs = {key: asset.get("href", "") for key, asset in item["assets"].items()}
    keys = [key for key, href in hrefs.items() if href.startswith(f"{address}/collections/")]
    if not keys:
        return CheckResult("asset", State.skipped, "This account can download no file of the Item.")
    key = next((small for small in _SMALL_ASSETS if small in keys), keys[0])
    response = http.get(hrefs[key], headers=_PAGE_HEADERS)
    if response.status_code == 503:
        return CheckResult("asset", State.ok, f"USGS prepares {key} first: {_detail(response)}")
    if not response.is_success:
        return CheckResult("asset", State.wrong, f"{key} cannot be read: {_detail(response)}")
    return CheckResult("asset", State.ok, f"Received the first {len(response.content)} bytes of {key}.")


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return _detail(error.response)
    return str(error) or f"The server did not respond ({type(error).__name__})."


def _detail(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}."
