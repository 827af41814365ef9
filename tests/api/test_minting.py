"""What readers cost M2M, and what its downloads' troubles and terms look like over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from m2m_sandbox import Sandbox, create_sandbox
from m2m_sandbox.downloads.quotas import Quotas
from tests.support import ORIGIN, Here, Watching, running

LANDSAT = "landsat_ot_c2_l2"
DAY = "2024-07-01T00:00:00Z/2024-07-01T23:59:59Z"
BANDS = ("red", "green", "blue")
FILM = "/collections/corona2/items/DS1117-2086DA007"


async def hrefs(here: Here, day: str) -> list[str]:
    """Three bands of eight scenes of a day, band after band."""
    page = (await here.get("/search", collections=LANDSAT, datetime=day, limit=8)).json()
    return [str(item["assets"][band]["href"]) for band in BANDS for item in page["features"]]


@pytest.mark.parametrize("day", ["2024-07-01", "2026-10-20"], ids=["old scenes", "new scenes"])
async def test_eight_readers_of_24_assets_cost_at_most_five_download_requests(here: Here, day: str) -> None:
    waiting = await hrefs(here, f"{day}T00:00:00Z/{day}T23:59:59Z")
    assert len(waiting) == 24
    here.sandbox.faults.add({"kind": "latency", "seconds": 0.05, "on": ["api"]})

    async def reader() -> None:
        while waiting:
            assert (await here.client.get(waiting.pop())).status_code in (200, 302)

    before = len(here.sandbox.calls)
    await asyncio.gather(*(reader() for _ in range(8)))
    assert here.sandbox.calls[before:].count("download-request") <= 5


async def test_a_disabled_system_is_a_503_with_usgss_reason_and_says_when_to_come_back(here: Here) -> None:
    here.sandbox.faults.add({"kind": "disabled", "on": ["ls_s3"]})
    answer = await here.client.get((await hrefs(here, DAY))[0])
    assert answer.status_code == 503
    assert "temporarily disabled" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) >= 60


class Licensed(Watching):
    """The sandbox, with all that it grants bound to a licence."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        body = (await answer.aread()).replace(b'"eulaCode":null', b'"eulaCode":"HDDS"')
        return httpx.Response(answer.status_code, content=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_code_of_a_licence_comes_with_the_bytes(tmp_path: Path, method: str) -> None:
    sandbox = create_sandbox(base_url=ORIGIN, staging_seconds=0.3)
    async with running(tmp_path, Licensed(sandbox), httpx.ASGITransport(sandbox)) as here:
        href = (await hrefs(here, DAY))[0]
        for page in ({}, {"Origin": "https://page.example"}):
            answer = await here.client.request(method, href, headers={"Range": "bytes=0-3", **page})
            assert answer.headers["x-usgs-eula"] == "HDDS"
        staging = await here.client.get((await here.get(FILM)).json()["assets"]["d183_standard_format"]["href"])
        assert staging.status_code == 503
        assert "HDDS" in staging.json()["detail"]


async def test_without_a_licence_none_is_told(here: Here) -> None:
    answer = await here.client.head((await hrefs(here, DAY))[0])
    assert answer.status_code == 200
    assert "x-usgs-eula" not in answer.headers


@pytest.mark.parametrize(("quotas", "then"), [(Quotas(unattempted=2), 302), (Quotas(recent=2), 503)])
async def test_a_used_up_quota_is_mended_where_it_can_be_and_told_where_it_cannot(
    tmp_path: Path, quotas: Quotas, then: int
) -> None:
    """Two files were asked for before a restart, and never fetched."""
    sandbox = create_sandbox(base_url=ORIGIN, quotas=quotas)
    dead = httpx.MockTransport(lambda _request: httpx.Response(503))
    async with running(tmp_path, Watching(sandbox), dead) as before:
        first, second, third, fourth, *_ = await hrefs(before, DAY)
        answers = [await before.client.get(href) for href in (first, second)]
    assert [answer.status_code for answer in answers] == [503, 503]
    async with running(tmp_path, Watching(sandbox), httpx.ASGITransport(sandbox)) as here:
        answer = await here.client.get(third)
        assert answer.status_code == then
        if then == 503:
            assert 0 < int(answer.headers["retry-after"]) <= 900
            assert answer.json()["upstream_code"] == "RATE_LIMIT_USER_DL"
            asked = len(sandbox.calls)
            assert (await here.client.get(fourth)).status_code == 503
            assert "download-request" not in sandbox.calls[asked:]


async def statuses(sandbox: Sandbox) -> list[str]:
    """Return the status of each download of the account."""
    url = f"{ORIGIN}/api/api/json/stable/"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url=url) as client:
        key = (await client.post("login-token", json={"username": "someone", "token": "a-token"})).json()["data"]
        answer = await client.post("download-search", json={"activeOnly": False}, headers={"X-Auth-Token": key})
    return [row["statusText"] for row in answer.json()["data"]]


async def test_files_that_were_read_are_reported_when_the_server_ends_at_the_latest_and_no_reader_pays(
    tmp_path: Path,
) -> None:
    sandbox = create_sandbox(base_url=ORIGIN)
    async with running(tmp_path, Watching(sandbox), httpx.ASGITransport(sandbox)) as here:
        urls = (await hrefs(here, DAY))[:3]
        costs = [int((await here.client.get(url)).headers["x-m2m-calls"]) for url in (*urls, *urls)]
        assert "download-complete-proxied" not in sandbox.calls
    assert costs[0] <= 2
    assert costs[3:] == [0, 0, 0]
    assert sandbox.calls.count("download-complete-proxied") == 1
    assert sandbox.calls[-2:] == ["download-complete-proxied", "logout"]
    assert await statuses(sandbox) == ["Complete"] * 3


async def test_an_account_that_may_only_search_logs_in_once_however_many_files_are_read(tmp_path: Path) -> None:
    sandbox = create_sandbox(base_url=ORIGIN)
    async with running(tmp_path, Watching(sandbox), httpx.ASGITransport(sandbox), m2m_username="search-only") as here:
        for url in (await hrefs(here, DAY))[:4]:
            assert (await here.client.get(url)).status_code == 502
            assert (await here.get("/search", collections=LANDSAT, datetime=DAY, limit=1)).status_code == 200
    assert sandbox.calls.count("login-token") == 1
