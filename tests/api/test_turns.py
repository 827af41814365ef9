"""Many who ask at once, over the sandbox with a real archive's slowness: fair, bounded, and one at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from m2m_sandbox import create_sandbox
from tests.support import ORIGIN, Here, Watching, running


async def ask(here: Here, address: str, number: int) -> httpx.Response:
    """A search that nobody else asks, and costs one call, from an address."""
    transport = httpx.ASGITransport(here.app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        west = -110 + number / 10
        return await client.get("/search", params={"collections": "naip", "bbox": f"{west},30,{west + 0.1},31"})


async def test_a_walker_in_bulk_lets_a_browser_go_long_before_its_fifty_are_done(tmp_path: Path) -> None:
    sandbox = create_sandbox(base_url=ORIGIN, api_latency=0.03)
    async with running(tmp_path, Watching(sandbox)) as here:
        await ask(here, "10.0.0.1", 0)
        bulk = [asyncio.create_task(ask(here, "10.0.0.1", number)) for number in range(1, 51)]
        await asyncio.wait(bulk, return_when=asyncio.FIRST_COMPLETED)
        answer = await ask(here, "10.0.0.2", 60)
        left = [one for one in bulk if not one.done()]
        assert (answer.status_code, answer.headers["x-m2m-calls"]) == (200, "1")
        assert len(left) > 25  # without a turn of its own it would be the last
        assert {one.status_code for one in await asyncio.gather(*bulk)} == {200}
    assert sandbox.in_flight_max == 1


async def test_more_callers_than_may_wait_are_told_when_to_come_back(tmp_path: Path) -> None:
    sandbox = create_sandbox(base_url=ORIGIN, api_latency=0.05)
    async with running(tmp_path, Watching(sandbox), queue=5) as here:
        await ask(here, "10.0.0.1", 0)
        answers = await asyncio.gather(*(ask(here, f"10.0.1.{number}", number) for number in range(1, 16)))
        refused = [one for one in answers if one.status_code == 503]
        assert {one.status_code for one in answers} == {200, 503}
        assert 4 <= len(refused) <= 9  # a slow machine may be done with some before the last has asked
        assert all(int(one.headers["retry-after"]) >= 1 for one in refused)
        assert {one.json()["code"] for one in refused} == {"UpstreamBusy"}
        assert (await ask(here, "10.0.1.1", 50)).status_code == 200
    assert sandbox.in_flight_max == 1
