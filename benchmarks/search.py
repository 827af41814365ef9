"""The time that stac-bridge adds to the M2M call of a search, in one process: the call alone, and the whole search."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass

import httpx

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.figures import Figure
from benchmarks.parts.served import M2M, ORIGIN, sandboxed
from m2m_sandbox import create_sandbox
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.filters import DayRange, SceneFilter, SceneSearch
from stac_bridge.m2m.session import build_session


@dataclass(frozen=True)
class Size:
    """The number of Items of a search, and of days of July 2023, each of which is searched once in both ways."""

    items: int = 100
    rounds: int = 15


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    return asyncio.run(_measure(size))


async def _measure(size: Size) -> list[Figure]:
    transport = httpx.ASGITransport(create_sandbox(base_url=ORIGIN))
    raw = M2MClient(build_session(M2M, "raw", "token", transport=transport))
    async with (
        sandboxed(transport, cache_ttl=0) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client,
    ):
        return await _compare(client, raw, size)


async def _compare(client: httpx.AsyncClient, raw: M2MClient, size: Size) -> list[Figure]:
    """Search in both ways in turn, each round on another day, so that no cache answers."""
    through, direct, calls = [], [], []
    for day in range(1, size.rounds + 1):
        days = DayRange.model_validate({"start": f"2023-07-{day:02}", "end": f"2023-07-{day:02}"})
        query = SceneSearch(dataset="landsat_ot_c2_l2", max_results=size.items, filter=SceneFilter(acquisition=days))
        start = time.perf_counter()
        await raw.scene_search(query)
        direct.append(time.perf_counter() - start)
        when = f"2023-07-{day:02}T00:00:00Z/2023-07-{day:02}T23:59:59Z"
        start = time.perf_counter()
        response = await client.get(
            "/search", params={"collections": "landsat_ot_c2_l2", "datetime": when, "limit": size.items}
        )
        through.append(time.perf_counter() - start)
        response.raise_for_status()
        calls.append(int(response.headers["x-m2m-calls"]))
    added = statistics.median(t - d for t, d in zip(through, direct, strict=True))
    return [
        Figure("scene-search alone, parsed", 1e3 * statistics.median(direct), "ms"),
        Figure("the search through stac-bridge", 1e3 * statistics.median(through), "ms"),
        Figure("added by stac-bridge", 1e3 * added, "ms"),
        Figure("M2M calls per search", calls[-1]),
    ]


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(items=2, rounds=1))

if __name__ == "__main__":
    BENCHMARK.command()
