"""Random faults under load in one process, whose tasks and open files can be counted.

Each response is correct or an error with a time to retry, and no task or file is left open.
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
from benchmarks.parts.figures import Figure
from benchmarks.parts.served import M2M, ORIGIN, sandboxed
from benchmarks.parts.storm import CLIENTS, PLACES, Report, mismatches_afterwards, storm
from m2m_sandbox import create_sandbox
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.session import build_session

__all__ = ["BENCHMARK", "Size", "within"]


@dataclass(frozen=True)
class Size:
    """The duration of the faults, and the number of clients."""

    seconds: float = 60.0
    clients: int = CLIENTS
    searches: int = len(PLACES)
    """The number of searches; each is walked to its end afterwards."""


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    report, left = asyncio.run(within(size))
    return report.figures(left)


async def within(size: Size, **settings: Any) -> tuple[Report, list[str]]:
    """Run a storm in this process; return its report, and the resources that were not released."""
    before, searches = _open_resources(), PLACES[: size.searches]
    with tempfile.TemporaryDirectory() as folder:
        async with _within(Path(folder), settings) as (client, sandbox, raw):

            async def inject(fault: dict[str, Any]) -> None:
                sandbox.faults.add(fault)

            report = await storm(client, inject, seconds=size.seconds, clients=size.clients, searches=searches)
            sandbox.faults.clear()
            report.wrong += await mismatches_afterwards(client, raw, searches)
        left = _partial_files(Path(folder))
    await asyncio.sleep(0.1)
    gc.collect()
    after = _open_resources()
    left += [f"{kind}: {before[kind]} before, {after[kind]} after" for kind in before if after[kind] > before[kind]]
    return report, left


@contextlib.asynccontextmanager
async def _within(folder: Path, settings: dict[str, Any]) -> AsyncIterator[tuple[httpx.AsyncClient, Any, M2MClient]]:
    sandbox = create_sandbox(base_url=ORIGIN, staging_seconds=0)
    transport = httpx.ASGITransport(sandbox)
    raw = M2MClient(build_session(M2M, "raw", "token", transport=transport))
    quick = {"data_dir": folder, "m2m_timeout": 2, "cache_ttl": 1, "url_ttl": 2, "notices_ttl": 1, **settings}
    async with (
        sandboxed(transport, **quick) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here", timeout=60) as client,
    ):
        yield client, sandbox, raw
    await raw.aclose()


def _partial_files(folder: Path) -> list[str]:
    """List files that were not written to their end."""
    return [str(path) for path in folder.rglob("*") if path.suffix == ".part" or ".json" in path.name[:-5]]


def _open_resources() -> dict[str, int]:
    """Count the tasks and open files of this process."""
    return {"tasks": len(asyncio.all_tasks()), "files": len(os.listdir("/proc/self/fd"))}


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(seconds=0.1, clients=2, searches=1))

if __name__ == "__main__":
    BENCHMARK.command()
