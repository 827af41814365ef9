"""A hundred clients at once on one account, for which M2M serves one request at a time, in 0.3 s.

Once with one process, once with three workers that share the account through Redis, all on one machine.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.crowd import Outcome, crowd
from benchmarks.parts.figures import Figure, at_most, not_measured
from benchmarks.parts.servers import bridged, seen
from benchmarks.parts.workload import explore
from tests.redis_server import FOUND

__all__ = ["BENCHMARK", "Size", "measured"]

NO_ERRORS, ONE_AT_A_TIME, UNFAIRNESS = at_most(0), at_most(1), at_most(3)


@dataclass(frozen=True)
class Size:
    """The number of clients and of their requests, and the servers that answer."""

    clients: int = 100
    requests: int = 100
    """The same number for each client: with a time limit, slow requests would distort the median of slow clients."""
    seconds: float = 900.0
    """No client sends another request after this time."""
    latency: float = 0.3
    workers: tuple[int, ...] = (1, 3)
    apart: bool = True
    """Whether the servers are processes, not threads."""


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    return [figure for workers in size.workers for figure in _figures(size, workers)]


def _figures(size: Size, workers: int) -> list[Figure]:
    servers = "one process" if workers == 1 else f"{workers} workers"
    if workers > 1 and FOUND is None:
        return [not_measured(f"{servers}: errors", "no redis-server is installed", NO_ERRORS)]
    with tempfile.TemporaryDirectory() as folder:
        outcome, counters = measured(Path(folder), size, workers)
    outcome.print_errors()
    medians = [1e3 * median for median in outcome.medians]
    middle_mean, slowest_mean = outcome.means()
    figures = [
        Figure("requests", len(outcome.samples)),
        Figure("duration", outcome.seconds, "s"),
        Figure("requests of the client with the fewest", outcome.fewest()),
        Figure("errors", len(outcome.errors), target=NO_ERRORS),
        Figure("concurrent M2M requests, maximum", counters["in_flight_max"], target=ONE_AT_A_TIME),
        Figure("M2M calls", sum(counters["calls"].values())),
        Figure("M2M logins", counters["calls"]["login-token"]),
        Figure("requests without an M2M call", 100 * outcome.hits, "%"),
        Figure("median of the fastest client", medians[0], "ms"),
        Figure("median of the median client", statistics.median(medians), "ms"),
        Figure("median of the slowest client", medians[-1], "ms"),
        Figure("median, slowest client / median client", outcome.unfairness, target=UNFAIRNESS),
        Figure("mean of the median client", middle_mean, "s"),
        Figure("mean of the slowest client", slowest_mean, "s"),
        Figure("mean, slowest client / median client", slowest_mean / middle_mean),
    ]
    return [replace(figure, name=f"{servers}: {figure.name}") for figure in figures]


def measured(folder: Path, size: Size, workers: int = 1) -> tuple[Outcome, dict[str, Any]]:
    """Return the clients' outcome, and the sandbox's counters."""
    with bridged(folder, latency=size.latency, workers=workers, apart=size.apart) as (address, sandbox):
        return asyncio.run(_send_requests(address, size)), seen(sandbox)


async def _send_requests(address: str, size: Size) -> Outcome:
    workload = await explore(address)
    return await crowd(address, workload.of, clients=size.clients, requests=size.requests, seconds=size.seconds)


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(clients=2, requests=2, latency=0.0, workers=(1,), apart=False))

if __name__ == "__main__":
    BENCHMARK.command()
