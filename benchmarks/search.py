"""What a search costs beyond the M2M call that it makes: the same call, raw and through stac-bridge."""

from __future__ import annotations

import asyncio
import statistics
import time

import httpx

from benchmarks.served import M2M, ORIGIN, sandboxed
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.filters import DayRange, SceneFilter, SceneSearch
from stac_bridge.sandbox import create_sandbox

ITEMS = 100
ROUNDS = 15


def main() -> None:
    """Print the figures."""
    asyncio.run(_measure())


async def _measure() -> None:
    transport = httpx.ASGITransport(create_sandbox(base_url=ORIGIN))
    raw = M2MClient(M2M, "raw", "token", transport=transport)
    async with (
        sandboxed(transport, cache_ttl=0) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client,
    ):
        await _compare(client, raw)


async def _compare(client: httpx.AsyncClient, raw: M2MClient) -> None:
    """Both ways in turn, a new day each round, so that nothing is answered from a cache."""
    through, direct, calls = [], [], []
    for day in range(1, ROUNDS + 1):
        days = DayRange.model_validate({"start": f"2023-07-{day:02}", "end": f"2023-07-{day:02}"})
        asked = SceneSearch(dataset="landsat_ot_c2_l2", max_results=ITEMS, filter=SceneFilter(acquisition=days))
        begun = time.perf_counter()
        await raw.scene_search(asked)
        direct.append(time.perf_counter() - begun)
        when = f"2023-07-{day:02}T00:00:00Z/2023-07-{day:02}T23:59:59Z"
        begun = time.perf_counter()
        answer = await client.get(
            "/search", params={"collections": "landsat_ot_c2_l2", "datetime": when, "limit": ITEMS}
        )
        through.append(time.perf_counter() - begun)
        answer.raise_for_status()
        calls.append(int(answer.headers["x-m2m-calls"]))
    added = statistics.median(t - d for t, d in zip(through, direct, strict=True))
    print(f"Search of {ITEMS} full Landsat Items (median of {ROUNDS}, on the sandbox, in one process):")
    print(f"  raw scene-search, parsed {1000 * statistics.median(direct):7.1f} ms")
    print(f"  through stac-bridge      {1000 * statistics.median(through):7.1f} ms")
    print(f"  added by stac-bridge     {1000 * added:7.1f} ms")
    print(f"  M2M calls a search       {calls[-1]:7}")
