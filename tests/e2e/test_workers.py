"""Two worker processes, one account, one Redis, over real sockets: M2M never meets two requests at once."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn

from m2m_sandbox import Sandbox, create_sandbox
from tests.redis_server import RedisServer, needs_redis
from tests.serving import free_port, started, until

pytestmark = needs_redis

LEASE = 5.0


@dataclass(frozen=True)
class Deployment:
    """Two workers at ``api``, what they ask and what they share."""

    api: str
    sandbox: Sandbox
    redis: RedisServer
    log: Path
    killed: list[int] = field(default_factory=list)
    """The days that killed workers were asked for."""

    def search(self, day: int, timeout: float = 30) -> httpx.Response:
        return httpx.get(f"{self.api}/search", params=question(day), timeout=timeout)

    def have_started(self, workers: int) -> None:
        """Wait until so many have, all in all."""
        until(lambda: self.log.read_text().count("Application startup complete") >= workers)


def question(day: int) -> dict[str, str]:
    day_of_march = f"2024-03-{day:02}T00:00:00Z/2024-03-{day:02}T23:59:59Z"
    return {"collections": "landsat_ot_c2_l2", "limit": "1", "datetime": day_of_march}


@contextmanager
def sandbox_on(port: int) -> Iterator[Sandbox]:
    """In a thread, so that what it met can be looked at."""
    sandbox = create_sandbox(base_url=f"http://127.0.0.1:{port}", api_latency=0.03)
    server = uvicorn.Server(uvicorn.Config(sandbox, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield sandbox
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder, port = tmp_path_factory.mktemp("workers"), free_port()
    redis = RedisServer(folder)
    redis.start()
    account = {"m2m_url": f"http://127.0.0.1:{port}/api/api/json/stable/", "m2m_username": "someone", "m2m_token": "t"}
    with (
        sandbox_on(port) as sandbox,
        started("serve", folder, "--workers", "2", store=redis.url, **account) as (api, log),
    ):
        yield Deployment(api, sandbox, redis, log)
    redis.kill()


async def test_questions_to_both_workers_are_asked_once_one_at_a_time_under_one_key(two: Deployment) -> None:
    async with httpx.AsyncClient(base_url=two.api, timeout=60) as client:
        asked = [client.get("/search", params=question(day)) for day in range(1, 11) for _ in range(4)]
        answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}
    assert len({str(answer.json()["features"]) for answer in answers}) == 10
    assert two.sandbox.calls.count("scene-search") == 10
    assert two.sandbox.calls.count("dataset-filters") == 1
    assert two.sandbox.calls.count("login-token") == 1
    assert two.sandbox.in_flight_max == 1


def test_each_worker_tells_what_both_have_counted_and_notices_are_asked_for_once(two: Deployment) -> None:
    for day in range(11, 15):
        assert two.search(day).status_code == 200
    name = 'stac_bridge_m2m_calls_total{endpoint="scene-search",outcome="ok"} '
    pages = [httpx.get(f"{two.api}/_mgmt/metrics").text for _ in range(8)]  # each over a connection of its own
    told = {float(line.removeprefix(name)) for page in pages for line in page.splitlines() if line.startswith(name)}
    assert told == {two.sandbox.calls.count("scene-search")}
    workers = {httpx.get(f"{two.api}/_mgmt/health").json()["store"]["kind"] for _ in range(4)}
    assert workers == {"redis"}
    assert two.sandbox.calls.count("notifications") == 1


def test_when_the_worker_that_holds_the_slot_is_killed_the_other_answers_within_the_lease(two: Deployment) -> None:
    slow = two.sandbox.faults.add({"kind": "latency", "seconds": 2, "times": 1, "on": ["scene-search"]})
    with ThreadPoolExecutor(1) as asking:
        lost = asking.submit(two.search, 20)
        until(lambda: slow.triggered == 1)
        os.kill(_holder(two), signal.SIGKILL)
        two.killed.append(20)
        with pytest.raises(httpx.TransportError):
            lost.result(10)
    begun = time.monotonic()
    assert two.search(21).status_code == 200
    assert time.monotonic() - begun < LEASE + 3
    assert two.sandbox.in_flight_max == 1


def _holder(two: Deployment) -> int:
    """The process that holds the slot."""
    name = next(word for word in two.redis.say("KEYS", "*:slot:since").decode().split() if "slot" in word)
    said = two.redis.say("GET", name.removesuffix(":since"))
    assert not said.startswith(b"$-1"), "no worker holds the slot"
    return int(said.split()[1].partition(b".")[0])


def test_without_redis_cached_answers_go_on_new_ones_wait_and_all_is_well_once_it_is_back(two: Deployment) -> None:
    two.have_started(2 + len(two.killed))  # those that came for killed ones, too
    for _ in range(20):  # by both workers
        assert two.search(21).status_code == 200
    two.redis.kill()
    assert [two.search(21).status_code for _ in range(6)] == [200] * 6
    refused = two.search(25)
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    two.redis.start()
    until = time.monotonic() + 15
    while two.search(25).status_code != 200:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert two.sandbox.in_flight_max == 1
    assert "Traceback" not in two.log.read_text()


@pytest.mark.long
def test_a_next_link_is_followed_by_any_of_three_workers(tmp_path: Path) -> None:
    """Each worker has learnt other datasets; the order in which collections are looked through must not show it."""
    port = free_port()
    redis = RedisServer(tmp_path)
    redis.start()
    account = {"m2m_url": f"http://127.0.0.1:{port}/api/api/json/stable/", "m2m_username": "someone", "m2m_token": "t"}
    asked = {
        "filter": "\"landsat:wrs_path\"='195'",
        "datetime": "2024-06-01T00:00:00Z/2024-06-07T23:59:59Z",
        "limit": "10",
    }
    with (
        sandbox_on(port),
        started("serve", tmp_path, "--workers", "3", store=redis.url, **account) as (api, log),
    ):
        until(lambda: log.read_text().count("Application startup complete") >= 3)
        page = httpx.get(f"{api}/search", params=asked, timeout=60).raise_for_status().json()
        href = next(link["href"] for link in page["links"] if link["rel"] == "next")
        # a connection of its own each time, so that the kernel hands them to different workers
        answers = [httpx.get(href, timeout=60).raise_for_status() for _time in range(12)]
        workers = {answer.headers.get("x-request-id", "") for answer in answers}
        assert len(workers) == 12
        assert all(answer.json()["features"] == answers[0].json()["features"] for answer in answers)
    redis.kill()
