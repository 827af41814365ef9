"""Honest clients beside hostile ones: a thousand requests in one run, half of them meant to hurt.

The honest clients send the same requests to a fresh server twice, first alone, then while hostile clients, each with an
address of its own, send costly, oversized, forged and abandoned requests. Server, sandbox and both kinds of clients are
processes that share one machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.crowd import Outcome, crowd
from benchmarks.parts.figures import Figure, at_most
from benchmarks.parts.hostile import Targets, attack_until
from benchmarks.parts.servers import bridged, peak_memory
from benchmarks.parts.workload import Workload, explore

__all__ = ["BENCHMARK", "Size"]

FILM = "/collections/corona2/items/DS1117-2086DA007"


@dataclass(frozen=True)
class Size:
    """The clients of both kinds and their requests, and the server that answers."""

    honest: int = 20
    honest_requests: int = 25
    """The same number for each honest client."""
    hostile: int = 10
    hostile_requests: int = 500
    """Of all hostile clients together, at least: they go on until the honest ones are done."""
    seconds: float = 600.0
    """No client sends another request after this time."""
    latency: float = 0.1
    """Seconds of an M2M response."""
    memory: float = 600.0
    """The bound on the server's memory, in MB."""
    apart: bool = True
    """Whether servers and hostile clients are processes, not threads."""


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    alone, quiet_memory, _ = _measured(size, hostile=0)
    beside, memory, statuses = _measured(size, hostile=size.hostile)
    beside.print_errors()
    print(f"hostile: {dict(statuses)}", file=sys.stderr)
    medians = [1e3 * statistics.median(sample.seconds for sample in run.samples) for run in (alone, beside)]
    slowest = [statistics.quantiles([sample.seconds for sample in run.samples], n=20)[-1] for run in (alone, beside)]
    refused = sum(count for status, count in statuses.items() if status.startswith("4"))
    return [
        Figure("requests of honest clients", len(beside.samples)),
        Figure("requests of hostile clients", sum(statuses.values())),
        Figure("honest: median, alone", medians[0], "ms"),
        Figure("honest: median, beside hostile clients", medians[1], "ms"),
        Figure("honest: median, beside hostile clients / alone", medians[1] / medians[0], target=at_most(2)),
        Figure("honest: 95th percentile, alone", slowest[0], "s"),
        Figure("honest: 95th percentile, beside hostile clients", slowest[1], "s"),
        Figure("honest: errors", len(beside.errors), target=at_most(0)),
        Figure("hostile: responses 4xx", refused),
        Figure("hostile: responses 500", statuses["500"], target=at_most(0)),
        Figure("hostile: connections lost", statuses["lost"]),
        Figure("maximum memory of the server, honest clients alone", quiet_memory, "MB"),
        Figure("maximum memory of the server", memory, "MB", target=at_most(size.memory)),
    ]


def _measured(size: Size, hostile: int) -> tuple[Outcome, float, Counter[str]]:
    """Return the honest clients' outcome, the server's maximum memory in MB, and the statuses of hostile requests."""
    with (
        tempfile.TemporaryDirectory() as folder,
        bridged(Path(folder), latency=size.latency, apart=size.apart) as (address, _sandbox),
    ):
        workload, targets = asyncio.run(_prepared(address))
        stop = Path(folder) / "stop"
        with _attacking(size, targets, hostile, stop) as attack:
            outcome = asyncio.run(
                crowd(address, workload.of, clients=size.honest, requests=size.honest_requests, seconds=size.seconds)
            )
            stop.touch()
            statuses = attack.result() if attack else Counter()
        return outcome, peak_memory("serve" if size.apart else None), statuses


async def _prepared(address: str) -> tuple[Workload, Targets]:
    workload = await explore(address)
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        search = {
            "collections": "landsat_ot_c2_l2",
            "datetime": "2024-06-01T00:00:00Z/2024-06-02T00:00:00Z",
            "limit": 1,
        }
        page: dict[str, Any] = (await client.get("/search", params=search)).raise_for_status().json()
        film: dict[str, Any] = (await client.get(FILM)).raise_for_status().json()
    return workload, Targets(
        address, page["features"][0]["assets"]["red"]["href"], film["assets"]["d183_standard_format"]["href"]
    )


@contextlib.contextmanager
def _attacking(size: Size, targets: Targets, clients: int, stop: Path) -> Iterator[Future[Counter[str]] | None]:
    """Run hostile clients beside the block, which must create ``stop``; None without any."""
    if not clients:
        yield None
        return
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawned) if size.apart else ThreadPoolExecutor(1) as pool:
        yield pool.submit(attack_until, targets, clients, size.hostile_requests, size.seconds, stop)


BENCHMARK = Benchmark(
    run,
    full=Size(),
    tiny=Size(honest=2, honest_requests=2, hostile=1, hostile_requests=1, latency=0.0, apart=False),
)

if __name__ == "__main__":
    BENCHMARK.command()
