"""What proxies tell is believed of those that the settings name, and of nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from stac_bridge.api.middleware.client_address import TrustedProxies, caller_of
from stac_bridge.request_context import current_request
from stac_bridge.settings import Settings
from tests.support import running

PROXIES = Settings(trusted_proxies="10.0.0.0/8, 2001:db8:ffff::/48").trusted_proxies

WHO = {
    "nobody between": ("192.0.2.7", {}, "192.0.2.7"),
    "a stranger who tells stories": ("192.0.2.7", {"X-Forwarded-For": "1.1.1.1"}, "192.0.2.7"),
    "a proxy": ("10.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, "192.0.2.7"),
    "a proxy that says nothing": ("10.0.0.1", {}, "10.0.0.1"),
    "two proxies": ("10.0.0.1", {"X-Forwarded-For": "192.0.2.7, 10.0.0.2"}, "192.0.2.7"),
    "a story before the proxy's word": ("10.0.0.1", {"X-Forwarded-For": "1.1.1.1, 192.0.2.7"}, "192.0.2.7"),
    "proxies alone": ("10.0.0.1", {"X-Forwarded-For": "10.0.0.3, 10.0.0.2"}, "10.0.0.3"),
    "a port": ("10.0.0.1", {"X-Forwarded-For": "192.0.2.7:4711"}, "192.0.2.7"),
    "nonsense": ("10.0.0.1", {"X-Forwarded-For": "1.1.1.1, <script>"}, "10.0.0.1"),
    "an IPv6 household": ("2001:db8:ffff::1", {"X-Forwarded-For": "2001:db8:1:2:3::4"}, "2001:db8:1:2::/64"),
    "IPv4 in IPv6": ("::ffff:10.0.0.1", {"X-Forwarded-For": "::ffff:192.0.2.7"}, "192.0.2.7"),
    "Forwarded": (
        "10.0.0.1",
        {"Forwarded": 'for=1.1.1.1, For="[2001:db8:1:2::4]:80";proto=https'},
        "2001:db8:1:2::/64",
    ),
    "Forwarded of a stranger": ("192.0.2.7", {"Forwarded": "for=1.1.1.1"}, "192.0.2.7"),
    "Forwarded without for": ("10.0.0.1", {"Forwarded": "for=1.1.1.1, proto=https"}, "10.0.0.1"),
    "Forwarded beside the proxy's own": (
        "10.0.0.1",
        {"Forwarded": "for=1.1.1.1", "X-Forwarded-For": "192.0.2.7"},
        "192.0.2.7",
    ),
}


@pytest.mark.parametrize(("peer", "headers", "expected"), WHO.values(), ids=WHO)
async def test_the_caller_is_the_last_address_that_is_no_trusted_proxys(
    peer: str, headers: dict[str, str], expected: str
) -> None:
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(caller_of(scope))

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await TrustedProxies(app, PROXIES)({"type": "http", "client": (peer, 1), "headers": raw}, None, None)  # type: ignore[arg-type]
    assert seen == [expected]


async def test_the_budget_of_a_request_knows_the_caller(tmp_path: Path) -> None:
    seen: list[str] = []

    async def look(_scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(current_request().caller)
        raise httpx.HTTPError("enough")

    async with running(tmp_path, trusted_proxies="127.0.0.1") as here:
        here.app.mount("/look", look)
        await here.client.get("/look/", headers={"X-Forwarded-For": "192.0.2.7"})
        await here.client.get("/look/", headers={"Authorization": "Bearer anything"})
    assert seen == ["192.0.2.7", "127.0.0.1"]


FORWARDED = {"X-Forwarded-Host": "stac.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}


async def test_links_lead_where_a_trusted_proxy_was_asked(tmp_path: Path) -> None:
    async with running(tmp_path, trusted_proxies="127.0.0.0/8") as here:
        for headers in (FORWARDED, {"Forwarded": "for=192.0.2.7;host=stac.example;proto=https"}):
            page = (await here.client.get("/", headers=headers)).json()
            assert page["links"][0]["href"] == "https://stac.example/"
        for strange in ('evil"><script>', "a b", ""):
            page = (
                await here.client.get("/", headers={"X-Forwarded-Host": strange, "X-Forwarded-Proto": "ftp"})
            ).json()
            assert page["links"][0]["href"] == "http://here/"


async def test_the_public_address_wins_over_what_proxies_tell(tmp_path: Path) -> None:
    async with running(tmp_path, trusted_proxies="127.0.0.1", public_url="https://known.example/") as here:
        assert "stac.example" not in (await here.client.get("/", headers=FORWARDED)).text


@pytest.mark.parametrize("said", ["proxy.example", "10.0.0.0/33", "10.0.0.1/8", "*"])
def test_a_proxy_that_is_no_address_is_told_at_the_start(said: str) -> None:
    with pytest.raises(ValidationError, match="trusted_proxies"):
        Settings(trusted_proxies=said)
