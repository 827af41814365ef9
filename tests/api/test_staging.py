"""How a file that USGS prepares first is waited for, and what its readers get meanwhile."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from m2m_sandbox import create_sandbox
from stac_bridge.assets import StagingWait
from tests.support import ORIGIN, Here, Watching, running, says

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
KEY = "d183_standard_format"
GZIP = b"\x1f\x8b\x08\x08"
"""The first bytes of a gzip file with a name, as that of a film is [REFERENCE §15]."""


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[Here]:
    """A server whose M2M stages for minutes."""
    async with running(tmp_path, staging_seconds=300) as server:
        yield server


async def href_of(here: Here, collection: str = "corona2", item: str = "DS1117-2086DA007") -> str:
    found = (await here.get(f"/collections/{collection}/items/{item}")).raise_for_status().json()
    return str(found["assets"][KEY]["href"])


async def test_items_and_their_assets_are_orderable_if_usgs_takes_orders_for_the_scene(here: Here) -> None:
    scanned, film = [(await here.get(f"/collections/corona2/items/DS1117-2086DA00{frame}")).json() for frame in (7, 1)]
    assert "order:status" not in {**scanned["properties"], **scanned["assets"][KEY]}
    assert (film["properties"]["order:status"], set(film["assets"]) & {KEY}) == ("orderable", set())
    frame = (await here.get("/collections/aerial_combin/items/AR5AK0002100049")).json()
    asset = frame["assets"]["d197_aerial_photo_single_frame_medium_resolution_download"]
    assert asset["order:status"] == frame["properties"]["order:status"] == "orderable"
    for collection in ("corona2", "aerial_combin"):
        assert "order:status" not in (await here.get(f"/collections/{collection}")).text
    landsat = await here.get("/search", collections="landsat_ot_c2_l2", limit=5)
    assert "order:status" not in landsat.text


@pytest.mark.parametrize("accept", ["*/*", "image/tiff, */*;q=0.1", "application/problem+json", None])
async def test_programs_get_a_503_and_when_to_come_back(slow: Here, accept: str | None) -> None:
    request = slow.client.build_request("GET", await href_of(slow))
    del request.headers["accept"]
    if accept:
        request.headers["accept"] = accept
    answer = await slow.client.send(request)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert int(answer.headers["retry-after"]) > 0
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", "no-store")


async def test_who_names_json_gets_a_status_document(slow: Here) -> None:
    href = await href_of(slow)
    answer = await slow.client.get(href, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (202, "application/json")
    said = answer.json()
    assert set(said) == {"status", "order:status", "detail", "retry_after", "href"}
    assert (said["status"], said["order:status"], said["href"]) == ("staging", "ordered", href)
    assert str(said["retry_after"]) == answer.headers["retry-after"]
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", "no-store")


async def test_the_documents_address_is_the_public_one(tmp_path: Path) -> None:
    async with running(tmp_path, staging_seconds=300, public_url="https://public.example/stac/") as here:
        href = await href_of(here)
        local = href.replace("https://public.example/stac/", "http://here/")
        said = (await here.client.get(local, headers={"Accept": "application/json"})).json()
        assert said["href"] == href


class Reader(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_a_person_gets_a_page_that_looks_again_by_itself(slow: Here) -> None:
    href = await href_of(slow)
    answer = await slow.client.get(href, headers={"Accept": BROWSER})
    assert (answer.status_code, answer.headers["content-type"]) == (202, "text/html; charset=utf-8")
    page = Reader(answer.text)
    assert ("html", {"lang": "en"}) in page.tags
    assert ("meta", {"http-equiv": "refresh", "content": answer.headers["retry-after"]}) in page.tags
    assert ("a", {"href": href}) in page.tags
    assert re.search("<title>[^<]*DS1117-2086DA007", answer.text)
    assert "USGS is preparing" in page.text
    assert "script" not in [tag for tag, _said in page.tags]


async def test_the_page_escapes_what_it_shows(tmp_path: Path) -> None:
    evil = 'x"><script>alert(1)<script>&'

    async def told(request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        if name == "download-options":
            row = {"entityId": evil, "displayId": evil, "productCode": "D183", "productName": "Standard Format"}
            return says([{"id": "p", "available": True, "downloadSystem": "dds", "filesize": 1} | row])
        if name == "download-request":
            return says({"preparingDownloads": [{"downloadId": 1, "url": ""}], "newRecords": {"1": "stac-bridge"}})
        return await sandbox.handle_async_request(request)

    async with running(tmp_path) as here:
        sandbox = httpx.ASGITransport(here.sandbox)
    async with running(tmp_path, httpx.MockTransport(told)) as here:
        from stac_bridge.assets import Signer

        signer = Signer([b"0123456789abcdef0123"], 7 * 86400)
        href = signer.href_maker("http://here/", "corona2", evil, evil)(KEY, evil)
        answer = await here.client.get(href, headers={"Accept": BROWSER})
        assert answer.status_code == 202, answer.text
        assert "<script" not in answer.text
        assert evil in Reader(answer.text).text
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_a_page_that_waited_ends_with_the_file(here: Here) -> None:
    href = await href_of(here)
    answer = await here.client.get(href, headers={"Accept": BROWSER})
    assert answer.status_code == 202
    for _ in range(40):
        await asyncio.sleep(0.1)
        answer = await here.client.get(href, headers={"Accept": BROWSER})
        if answer.status_code != 202:
            break
    assert (answer.status_code, answer.content[:4]) == (200, GZIP)


class Clock:
    """The sandbox's time, which passes while a request waits; ``gate`` keeps all who wait from going on."""

    def __init__(self) -> None:
        self.now = time.time()
        self.sleeps: list[float] = []
        self.asleep, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.asleep.set()
        await self.gate.wait()
        self.now += seconds


@asynccontextmanager
async def waiting(folder: Path, staging_seconds: float) -> AsyncIterator[tuple[Here, Clock, list[str]]]:
    """A server that waits for files, its clock, and the calls of its M2M."""
    clock = Clock()
    sandbox = create_sandbox(base_url=ORIGIN, staging_seconds=staging_seconds, clock=clock)
    wait = StagingWait(4.5, clock, clock.sleep)
    async with running(folder, Watching(sandbox), httpx.ASGITransport(sandbox), staging=wait) as here:
        yield here, clock, sandbox.calls


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_file_that_is_ready_within_seconds_is_the_answer_to_the_first_request(
    tmp_path: Path, method: str
) -> None:
    async with waiting(tmp_path, staging_seconds=1) as (here, clock, calls):
        href = await href_of(here)
        before = len(calls)
        answer = await here.client.request(method, href)
        assert answer.status_code == 200
        assert answer.content[:4] == (GZIP if method == "GET" else b"")
        assert calls[before:] == ["download-options", "download-request", "download-retrieve"]
        assert answer.headers["x-m2m-calls"] == "3"
        assert len(clock.sleeps) == 1
        assert (await here.client.request(method, href)).headers["x-m2m-calls"] == "0"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Prefer": "wait=0"}, 503),
        ({"Prefer": "respond-async"}, 503),
        ({"Prefer": 'return=minimal, wait="0"'}, 503),
        ({"Accept": "application/json"}, 202),
        ({"Accept": BROWSER}, 202),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_client_that_asks_for_no_waiting_has_its_answer_at_once(
    tmp_path: Path, headers: dict[str, str], status: int, method: str
) -> None:
    async with waiting(tmp_path, staging_seconds=1) as (here, clock, calls):
        answer = await here.client.request(method, await href_of(here), headers=headers)
        assert answer.status_code == status
        assert int(answer.headers["retry-after"]) > 0
        assert clock.sleeps == []
        assert "download-retrieve" not in calls


async def test_a_client_that_names_its_time_waits_no_longer_than_that(tmp_path: Path) -> None:
    async with waiting(tmp_path, staging_seconds=1) as (here, clock, _calls):
        clock.gate.clear()
        answer = await here.client.get(await href_of(here), headers={"Prefer": "wait=1"})
        assert answer.status_code == 503


async def test_a_file_that_is_not_ready_within_seconds_is_a_503_after_one_more_call(tmp_path: Path) -> None:
    async with waiting(tmp_path, staging_seconds=300) as (here, clock, calls):
        answer = await here.client.get(await href_of(here))
        assert answer.status_code == 503
        assert sum(clock.sleeps) <= 4.5
        assert calls.count("download-retrieve") == 1


async def test_all_readers_of_a_file_share_one_wait_and_its_calls(tmp_path: Path) -> None:
    async with waiting(tmp_path, staging_seconds=1) as (here, clock, calls):
        href = await href_of(here)
        before = len(calls)
        requests = [here.client.request(method, href) for method in ("GET", "HEAD") * 20]
        answers = await asyncio.gather(*requests)
        assert {answer.status_code for answer in answers} == {200}
        assert calls[before:] == ["download-options", "download-request", "download-retrieve"]
        assert len(clock.sleeps) == 1


async def test_other_requests_are_answered_while_a_file_is_waited_for(tmp_path: Path) -> None:
    async with waiting(tmp_path, staging_seconds=1) as (here, clock, _calls):
        clock.gate.clear()
        reader = asyncio.create_task(here.client.get(await href_of(here)))
        await clock.asleep.wait()
        page = await here.get("/search", collections="landsat_ot_c2_l2", limit=1)
        assert page.status_code == 200
        red = page.json()["features"][0]["assets"]["red"]["href"]
        assert (await here.client.get(red)).status_code in (200, 302)
        assert not reader.done()
        clock.gate.set()
        assert (await reader).status_code == 200


async def test_a_reader_who_leaves_ends_the_wait(tmp_path: Path) -> None:
    async with waiting(tmp_path, staging_seconds=1) as (here, clock, calls):
        clock.gate.clear()
        reader = asyncio.create_task(here.client.get(await href_of(here)))
        await clock.asleep.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        clock.gate.set()
        for _ in range(20):
            await asyncio.sleep(0)
        assert "download-retrieve" not in calls
