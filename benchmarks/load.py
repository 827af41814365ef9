"""A hundred clients at once on one account, of which M2M serves one request at a time and takes 0.3 s for it.

Once with one process, once with three workers that share the account by way of Redis. Everything is on this machine.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.crowd import Outcome, crowd
from benchmarks.parts.servers import bridged, seen
from benchmarks.parts.workload import explored
from tests.redis_server import FOUND

__all__ = ["BENCHMARK", "Size", "measured"]


@dataclass(frozen=True)
class Size:
    """How many ask how much, and of whom."""

    clients: int = 100
    requests: int = 100
    """Everybody asks the same number of things: whoever had to stop in the middle would be judged by the slow ones."""
    seconds: float = 900.0
    """Nobody asks anything new after so long."""
    latency: float = 0.3
    workers: tuple[int, ...] = (1, 3)
    apart: bool = True
    """Whether the servers are processes of their own."""


def run(size: Size) -> None:
    """Print the figures."""
    print(
        f"{size.clients} clients, {size.requests} requests each, M2M taking {size.latency} s a call, "
        "all on this machine:"
    )
    for workers in size.workers:
        what = "one process" if workers == 1 else f"{workers} workers on Redis"
        if workers > 1 and FOUND is None:
            print(f"  {what}: NOT MEASURED, no redis-server is installed")
            continue
        with tempfile.TemporaryDirectory() as folder:
            _print(what, *measured(Path(folder), size, workers))


def measured(folder: Path, size: Size, workers: int = 1) -> tuple[Outcome, dict[str, Any]]:
    """How the clients fared, and what the sandbox saw of it."""
    with bridged(folder, latency=size.latency, workers=workers, apart=size.apart) as (address, sandbox):
        return asyncio.run(_asked(address, size)), seen(sandbox)


async def _asked(address: str, size: Size) -> Outcome:
    workload = await explored(address)
    return await crowd(address, workload.of, clients=size.clients, requests=size.requests, seconds=size.seconds)


def _print(what: str, outcome: Outcome, told: dict[str, Any]) -> None:
    medians, (middle, slowest) = [1e3 * one for one in outcome.medians], outcome.means()
    calls = sum(told["calls"].values())
    print(f"  {what}: {len(outcome.every)} requests in {outcome.seconds:.0f} s, at least {outcome.fewest()} a client")
    print(f"    errors {len(outcome.errors)}, most in flight at M2M {told['in_flight_max']} (target: 0, and 1)")
    print(f"    calls of M2M {calls}, logins {told['calls']['login-token']}, asked without a call {outcome.hits:.0%}")
    print(
        f"    median of a client: quickest {medians[0]:.0f} ms, middle {statistics.median(medians):.0f} ms, "
        f"slowest {medians[-1]:.0f} ms: {outcome.unfairness:.1f} times the middle one's (target: 3)"
    )
    print(f"    mean of a client: middle {middle:.2f} s, slowest {slowest:.2f} s: {slowest / middle:.1f} times")
    for error in sorted(set(outcome.errors))[:3]:
        print(f"    failed: {error[:160]}")


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(clients=2, requests=2, latency=0.0, workers=(1,), apart=False))

if __name__ == "__main__":
    BENCHMARK.command()
