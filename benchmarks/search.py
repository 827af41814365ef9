"""What a search costs beyond the M2M call that it makes: the same call, raw and through stac-bridge."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass

import httpx

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.served import M2M, ORIGIN, sandboxed
from m2m_sandbox import create_sandbox
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.filters import DayRange, SceneFilter, SceneSearch
from stac_bridge.m2m.session import build_session


@dataclass(frozen=True)
class Size:
    """Items a search, and days of July 2023 that are searched, each once in both ways."""

    items: int = 100
    rounds: int = 15


def run(size: Size) -> None:
    """Print the figures."""
    asyncio.run(_measure(size))


async def _measure(size: Size) -> None:
    transport = httpx.ASGITransport(create_sandbox(base_url=ORIGIN))
    raw = M2MClient(build_session(M2M, "raw", "token", transport=transport))
    async with (
        sandboxed(transport, cache_ttl=0) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client,
    ):
        await _compare(client, raw, size)


async def _compare(client: httpx.AsyncClient, raw: M2MClient, size: Size) -> None:
    """Both ways in turn, a new day each round, so that nothing is answered from a cache."""
    through, direct, calls = [], [], []
    for day in range(1, size.rounds + 1):
        days = DayRange.model_validate({"start": f"2023-07-{day:02}", "end": f"2023-07-{day:02}"})
        asked = SceneSearch(dataset="landsat_ot_c2_l2", max_results=size.items, filter=SceneFilter(acquisition=days))
        begun = time.perf_counter()
        await raw.scene_search(asked)
        direct.append(time.perf_counter() - begun)
        when = f"2023-07-{day:02}T00:00:00Z/2023-07-{day:02}T23:59:59Z"
        begun = time.perf_counter()
        answer = await client.get(
            "/search", params={"collections": "landsat_ot_c2_l2", "datetime": when, "limit": size.items}
        )
        through.append(time.perf_counter() - begun)
        answer.raise_for_status()
        calls.append(int(answer.headers["x-m2m-calls"]))
    added = statistics.median(t - d for t, d in zip(through, direct, strict=True))
    print(f"Search of {size.items} full Landsat Items (median of {size.rounds}, on the sandbox, in one process):")
    print(f"  raw scene-search, parsed {1000 * statistics.median(direct):7.1f} ms")
    print(f"  through stac-bridge      {1000 * statistics.median(through):7.1f} ms")
    print(f"  added by stac-bridge     {1000 * added:7.1f} ms")
    print(f"  M2M calls a search       {calls[-1]:7}")


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(items=2, rounds=1))

if __name__ == "__main__":
    BENCHMARK.command()
