"""Random faults between processes: workers are killed, Redis hangs and is killed, and connections are counted."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.figures import Figure, not_measured
from benchmarks.parts.servers import bridged, seen
from benchmarks.parts.storm import CLIENTS, NONE_WRONG, PLACES, Report, mismatches_afterwards, storm
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.session import build_session
from tests.redis_server import FOUND, RedisServer

__all__ = ["BENCHMARK"]


@dataclass(frozen=True)
class Size:
    """The duration of the faults, the number of clients, and the wait before connections are counted."""

    seconds: float = 60.0
    clients: int = CLIENTS
    workers: int = 2
    apart: bool = True
    """Whether the servers are processes, not threads."""
    searches: int = len(PLACES)
    """The number of searches; each is walked to its end afterwards."""
    quiet: float = 6.0
    """In seconds; idle connections close after five."""


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    if FOUND is None:
        return [not_measured("wrong responses and pages", "no redis-server is installed", NONE_WRONG)]
    report, left = _run_storm(size)
    return report.figures(left)


def _run_storm(size: Size) -> tuple[Report, list[str]]:
    """Return the report, and the resources that were not released."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        redis = RedisServer(folder)
        redis.start()
        try:
            quick = {"m2m_timeout": "2", "cache_ttl": "1", "url_ttl": "2", "store": redis.url}
            with bridged(folder, latency=0.02, workers=size.workers, apart=size.apart, **quick) as (address, sandbox):
                return asyncio.run(_over(address, sandbox, redis, size))
        finally:
            redis.kill()


async def _over(address: str, sandbox: str, redis: RedisServer, size: Size) -> tuple[Report, list[str]]:
    raw = M2MClient(build_session(f"{sandbox}/api/api/json/stable/", "raw", "token"))
    # a worker that dies closes its connections; the client connects again, as any client does
    transport = httpx.AsyncHTTPTransport(retries=2)
    async with httpx.AsyncClient(base_url=address, timeout=60, transport=transport) as client:
        await _warm(client)
        before, searches = _sockets(_workers()), PLACES[: size.searches]

        async def inject(fault: dict[str, Any]) -> None:
            await client.post(f"{sandbox}/__sandbox/faults", json=fault)

        report = await storm(
            client,
            inject,
            seconds=size.seconds,
            clients=size.clients,
            searches=searches,
            also=lambda end: _kill_processes(redis, end - 8),
        )
        await client.delete(f"{sandbox}/__sandbox/faults")
        report.wrong = [wrong for wrong in report.wrong if not _is_lost_connection(wrong)]
        report.wrong += await mismatches_afterwards(client, raw, searches)
    await raw.aclose()
    await asyncio.sleep(size.quiet)
    after = _sockets(_workers())
    left = [f"sockets of workers: {before} before, {after} after"] if after > before + 2 * size.workers else []
    counters = seen(sandbox)
    # a worker that is killed, or that times out, abandons a request at M2M, which may refuse the next: that is counted
    report.answers["refused by M2M during an abandoned request"] = counters["refused_beside_left"]
    if parallel := counters["refused_parallel"] - counters["refused_beside_left"]:
        report.wrong.append(f"{parallel} requests were sent to M2M during another one of this server")
    left += [f"lease without a holder: {name}" for name in await _leases(redis)]
    return report, left


async def _warm(client: httpx.AsyncClient) -> None:
    await asyncio.gather(*(client.get("/search?collections=naip&limit=1") for _ in range(8)))


async def _kill_processes(redis: RedisServer, end: float) -> None:
    """Kill a worker, pause Redis for a while, kill Redis and start it, in a loop."""
    rng = random.Random(1)
    while time.monotonic() < end:
        workers = _workers()
        if workers:
            os.kill(rng.choice(workers), signal.SIGKILL)
        await asyncio.sleep(rng.uniform(3, 6))
        redis.pause()
        await asyncio.sleep(rng.uniform(0.5, 2))
        redis.go_on()
        await asyncio.sleep(rng.uniform(2, 4))
        redis.kill()
        await asyncio.sleep(rng.uniform(0.5, 2))
        redis.start()
        await asyncio.sleep(2)


def _is_lost_connection(wrong: str) -> bool:
    """Whether a request failed because its worker was killed."""
    return any(error in wrong for error in ("RemoteProtocolError", "ReadError", "ConnectError"))


def _workers() -> list[int]:
    """Return the processes that serve: this process's grandchildren, except their supervisors."""
    grandchildren = [pid for child in _children(os.getpid()) for pid in _children(child)]
    return [pid for pid in grandchildren if "spawn_main" in _command(pid)]


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    try:
        return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def _sockets(pids: list[int]) -> int:
    """Count the open sockets of some processes."""
    count = 0
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                count += bool(re.match("socket:", os.readlink(link)))
            except OSError:
                continue
    return count


async def _leases(redis: RedisServer) -> list[str]:
    """Return the names in Redis of leases and claims that outlived their holders."""
    keys = redis.say("KEYS", "stac-bridge:*").decode(errors="replace")
    return [line for line in keys.split("\r\n") if line.endswith((":slot", ":claim"))]


BENCHMARK = Benchmark(
    run, full=Size(), tiny=Size(seconds=0.1, clients=2, workers=1, apart=False, searches=1, quiet=0.0)
)

if __name__ == "__main__":
    BENCHMARK.command()
