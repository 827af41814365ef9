"""Random faults over processes: workers are killed, Redis stops answering and dies, and connections are counted."""

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
from benchmarks.parts.servers import bridged, seen
from benchmarks.parts.storm import CLIENTS, PLACES, Report, calm_after, storm
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.session import build_session
from tests.redis_server import FOUND, RedisServer

__all__ = ["BENCHMARK"]


@dataclass(frozen=True)
class Size:
    """How long things break, for how many, and after how many seconds connections are counted."""

    seconds: float = 60.0
    clients: int = CLIENTS
    workers: int = 2
    apart: bool = True
    """Whether the servers are processes of their own."""
    searches: int = len(PLACES)
    """Each is walked to its end afterwards."""
    quiet: float = 6.0
    """Idle connections close after five."""


def run(size: Size) -> None:
    """Print the figures."""
    report, left = _stormed(size)
    report.print(f"{size.seconds:.0f} s of random faults, with workers killed and Redis stopped and killed", left)


def _stormed(size: Size) -> tuple[Report, list[str]]:
    """What came of it, and what was left behind."""
    if FOUND is None:
        return Report(wrong=["NOT MEASURED: no redis-server is installed"]), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        redis = RedisServer(folder)
        redis.start()
        try:
            told = {"m2m_timeout": "2", "cache_ttl": "1", "url_ttl": "2", "store": redis.url}
            with bridged(folder, latency=0.02, workers=size.workers, apart=size.apart, **told) as (address, sandbox):
                return asyncio.run(_over(address, sandbox, redis, size))
        finally:
            redis.kill()


async def _over(address: str, sandbox: str, redis: RedisServer, size: Size) -> tuple[Report, list[str]]:
    raw = M2MClient(build_session(f"{sandbox}/api/api/json/stable/", "raw", "token"))
    # workers that die take their connections with them: who asks tries once more, as any client does
    transport = httpx.AsyncHTTPTransport(retries=2)
    async with httpx.AsyncClient(base_url=address, timeout=60, transport=transport) as client:
        await _warm(client)
        before, searches = _sockets(_workers()), PLACES[: size.searches]

        async def break_it(fault: dict[str, Any]) -> None:
            await client.post(f"{sandbox}/__sandbox/faults", json=fault)

        report = await storm(
            client,
            break_it,
            seconds=size.seconds,
            clients=size.clients,
            searches=searches,
            also=lambda until: _killing(redis, until - 8),
        )
        await client.delete(f"{sandbox}/__sandbox/faults")
        report.wrong = [one for one in report.wrong if not _died(one)]
        report.wrong += await calm_after(client, raw, searches)
    await raw.aclose()
    await asyncio.sleep(size.quiet)
    after = _sockets(_workers())
    left = [f"sockets of workers: {before} before, {after} after"] if after > before + 2 * size.workers else []
    told = seen(sandbox)
    # whoever is killed, or waits no longer, leaves a request at M2M, which may refuse the next one: that is counted
    report.answers["refused by M2M beside what a dead asker left"] = told["refused_beside_left"]
    if second := told["refused_parallel"] - told["refused_beside_left"]:
        report.wrong.append(f"{second} requests were sent beside another of ours that was waited for")
    left += [f"lease that nobody holds: {name}" for name in await _leases(redis)]
    return report, left


async def _warm(client: httpx.AsyncClient) -> None:
    await asyncio.gather(*(client.get("/search?collections=naip&limit=1") for _ in range(8)))


async def _killing(redis: RedisServer, until: float) -> None:
    """A worker dies, Redis stops for a while, Redis dies and comes back: over and over until the end is near."""
    luck = random.Random(1)
    while time.monotonic() < until:
        workers = _workers()
        if workers:
            os.kill(luck.choice(workers), signal.SIGKILL)
        await asyncio.sleep(luck.uniform(3, 6))
        redis.pause()
        await asyncio.sleep(luck.uniform(0.5, 2))
        redis.go_on()
        await asyncio.sleep(luck.uniform(2, 4))
        redis.kill()
        await asyncio.sleep(luck.uniform(0.5, 2))
        redis.start()
        await asyncio.sleep(2)


def _died(wrong: str) -> bool:
    """A connection that ended with the worker that was killed."""
    return any(what in wrong for what in ("RemoteProtocolError", "ReadError", "ConnectError"))


def _workers() -> list[int]:
    """The processes that serve: grandchildren of ours, but for those that watch over them."""
    children = {pid: _children(pid) for parent in _children(os.getpid()) for pid in [parent]}
    found = [pid for every in children.values() for pid in every]
    return [pid for pid in found if "spawn_main" in _command(pid)]


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    try:
        return [int(one) for task in tasks.iterdir() for one in (task / "children").read_text().split()]
    except OSError:
        return []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def _sockets(pids: list[int]) -> int:
    """Open sockets of some processes."""
    count = 0
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                count += bool(re.match("socket:", os.readlink(link)))
            except OSError:
                continue
    return count


async def _leases(redis: RedisServer) -> list[str]:
    """Names in Redis of slots and claims that outlived those who held them."""
    said = redis.say("KEYS", "stac-bridge:*").decode(errors="replace")
    return [line for line in said.split("\r\n") if line.endswith((":slot", ":claim"))]


BENCHMARK = Benchmark(
    run, full=Size(), tiny=Size(seconds=0.1, clients=2, workers=1, apart=False, searches=1, quiet=0.0)
)

if __name__ == "__main__":
    BENCHMARK.command()
