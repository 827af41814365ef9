"""Minutes of random faults under load within one process, where tasks and open files can be counted.

Every answer is right or says when to come back, and what was open before is what is open afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.served import M2M, ORIGIN, sandboxed
from benchmarks.parts.storm import CLIENTS, PLACES, Report, calm_after, storm
from m2m_sandbox import create_sandbox
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.session import build_session

__all__ = ["BENCHMARK", "Size", "within"]


@dataclass(frozen=True)
class Size:
    """How long things break, and for how many."""

    seconds: float = 60.0
    clients: int = CLIENTS
    searches: int = len(PLACES)
    """Each is walked to its end afterwards."""


def run(size: Size) -> None:
    """Print the figures."""
    report, left = asyncio.run(within(size))
    report.print(f"{size.seconds:.0f} s of random faults, {size.clients} clients, one process", left)


async def within(size: Size, **settings: Any) -> tuple[Report, list[str]]:
    """A storm within this process; what came of it, and what was left behind."""
    before, searches = _open(), PLACES[: size.searches]
    with tempfile.TemporaryDirectory() as folder:
        async with _within(Path(folder), settings) as (client, sandbox, raw):

            async def break_it(fault: dict[str, Any]) -> None:
                sandbox.faults.add(fault)

            report = await storm(client, break_it, seconds=size.seconds, clients=size.clients, searches=searches)
            sandbox.faults.clear()
            report.wrong += await calm_after(client, raw, searches)
        left = _halves(Path(folder))
    await asyncio.sleep(0.1)
    gc.collect()
    after = _open()
    left += [f"{what}: {before[what]} before, {after[what]} after" for what in before if after[what] > before[what]]
    return report, left


@contextlib.asynccontextmanager
async def _within(folder: Path, settings: dict[str, Any]) -> AsyncIterator[tuple[httpx.AsyncClient, Any, M2MClient]]:
    sandbox = create_sandbox(base_url=ORIGIN, staging_seconds=0)
    transport = httpx.ASGITransport(sandbox)
    raw = M2MClient(build_session(M2M, "raw", "token", transport=transport))
    told = {"data_dir": folder, "m2m_timeout": 2, "cache_ttl": 1, "url_ttl": 2, "notices_ttl": 1, **settings}
    async with (
        sandboxed(transport, **told) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here", timeout=60) as client,
    ):
        yield client, sandbox, raw
    await raw.aclose()


def _halves(folder: Path) -> list[str]:
    """Files that were begun and not ended."""
    return [str(path) for path in folder.rglob("*") if path.suffix == ".part" or ".json" in path.name[:-5]]


def _open() -> dict[str, int]:
    """Tasks and open files of this process."""
    return {"tasks": len(asyncio.all_tasks()), "files": len(os.listdir("/proc/self/fd"))}


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(seconds=0.1, clients=2, searches=1))

if __name__ == "__main__":
    BENCHMARK.command()
