"""The same storm over processes: workers are killed, Redis stops answering and dies, and connections are counted."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.chaos import Report, calm_after, storm
from benchmarks.load import bridged, seen
from stac_bridge.m2m.client import M2MClient
from tests.redis_server import FOUND, RedisServer

__all__ = ["stormed"]

WORKERS = 2


def stormed(seconds: float) -> tuple[Report, list[str]]:
    """What came of it, and what was left behind."""
    if FOUND is None:
        return Report(wrong=["NOT MEASURED: no redis-server is installed"]), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        redis = RedisServer(folder)
        redis.start()
        try:
            told = {"m2m_timeout": "2", "cache_ttl": "1", "url_ttl": "2", "store": redis.url}
            with bridged(folder, latency=0.02, workers=WORKERS, **told) as (address, sandbox):
                return asyncio.run(_stormed(address, sandbox, redis, seconds))
        finally:
            redis.kill()


async def _stormed(address: str, sandbox: str, redis: RedisServer, seconds: float) -> tuple[Report, list[str]]:
    raw = M2MClient(f"{sandbox}/api/api/json/stable/", "raw", "token")
    # workers that die take their connections with them: who asks tries once more, as any client does
    transport = httpx.AsyncHTTPTransport(retries=2)
    async with httpx.AsyncClient(base_url=address, timeout=60, transport=transport) as client:
        await _warm(client)
        before = _sockets(_workers())

        async def break_it(fault: dict[str, Any]) -> None:
            await client.post(f"{sandbox}/__sandbox/faults", json=fault)

        report = await storm(client, break_it, seconds=seconds, also=lambda until: _killing(redis, until - 8))
        await client.delete(f"{sandbox}/__sandbox/faults")
        report.wrong = [one for one in report.wrong if not _died(one)]
        report.wrong += await calm_after(client, raw)
    await raw.aclose()
    await asyncio.sleep(6)  # idle connections are let go after five seconds
    after = _sockets(_workers())
    left = [f"sockets of workers: {before} before, {after} after"] if after > before + 2 * WORKERS else []
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
