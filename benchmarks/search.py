"""What a search costs beyond the M2M call that it makes: the same call, raw and through stac-bridge."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from stac_bridge.api import create_app
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.filters import DayRange, SceneFilter, SceneSearch
from stac_bridge.sandbox import create_sandbox
from stac_bridge.settings import Settings

ITEMS = 100
ROUNDS = 15


def main() -> None:
    """Print the figures."""
    asyncio.run(_measure())


async def _measure() -> None:
    sandbox = create_sandbox(base_url="http://sandbox.test")
    transport = httpx.ASGITransport(sandbox)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            m2m_url="http://sandbox.test/api/api/json/stable/",
            m2m_username="bench",
            m2m_token="token",
            data_dir=Path(folder),
            cache_ttl=0,
        )
        app = create_app(settings, transport=transport, own_origin="http://sandbox.test")
        raw = M2MClient(str(settings.m2m_url), "raw", "token", transport=transport)
        async with (
            app.router.lifespan_context(app),
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
