"""What the bridge adds for 10 Items: to an answer that it has, and to the M2M call that one takes otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from benchmarks.load import bridged
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.filters import DayRange, Mbr, SceneFilter, SceneSearch

ITEMS, ROUNDS = 10, 25
HIT, MISS = 5.0, 15.0
"""Targets, in ms."""
BOX = (5.0, 44.0, 12.0, 50.0)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder, bridged(Path(folder), latency=0) as (address, sandbox):
        hit, nothing, through, raw = asyncio.run(_measured(address, f"{sandbox}/api/api/json/stable/"))
    added = statistics.median(t - r for t, r in zip(through, raw, strict=True))
    print(f"A search of {ITEMS} Items over sockets, median of {ROUNDS} in turn:")
    print(f"  kept: {_ms(hit):.1f} ms, of which {_ms(nothing):.1f} ms are HTTP itself (/_mgmt/ping)")
    print(f"    added on a hit  {_ms(hit) - _ms(nothing):6.1f} ms (target: {HIT:.0f})")
    print(f"  asked: {_ms(through):.1f} ms; the raw scene-search {_ms(raw):.1f} ms")
    print(f"    added on a miss {1e3 * added:6.1f} ms (target: {MISS:.0f})")


def _ms(times: list[float]) -> float:
    return 1e3 * statistics.median(times)


async def _measured(address: str, m2m: str) -> tuple[list[float], list[float], list[float], list[float]]:
    """Seconds of a hit, of an answer without content, of a miss, and of M2M's own answer to the same question."""
    hit, nothing, through, raw = [], [], [], []
    async with httpx.AsyncClient(base_url=address, timeout=60) as client, _asking(m2m) as asked_raw:
        for day in range(1, ROUNDS + 1):
            raw.append(await _timed(asked_raw(day)))
            through.append(await _timed(client.get("/search", params=_asked(day))))
            hit.append(await _timed(client.get("/search", params=_asked(day))))
            nothing.append(await _timed(client.get("/_mgmt/ping")))
    return hit[3:], nothing[3:], through[3:], raw[3:]


def _asked(day: int) -> dict[str, str | int]:
    when = f"2023-07-{day:02}T00:00:00Z/2023-08-{day:02}T23:59:59Z"
    box = ",".join(str(side) for side in BOX)
    return {"collections": "landsat_ot_c2_l2", "datetime": when, "bbox": box, "limit": ITEMS}


@contextlib.asynccontextmanager
async def _asking(m2m: str) -> AsyncIterator[object]:
    client = M2MClient(m2m, "raw", "token")

    async def asked(day: int) -> None:
        days = DayRange.model_validate({"start": f"2023-07-{day:02}", "end": f"2023-08-{day:02}"})
        where = SceneFilter(acquisition=days, spatial=Mbr.of(*BOX))
        asking = SceneSearch(dataset="landsat_ot_c2_l2", max_results=ITEMS, filter=where, metadata_type="full")
        found = await client.scene_search(asking)
        assert len(found.results) == ITEMS

    yield asked
    await client.aclose()


async def _timed(work: object) -> float:
    begun = time.perf_counter()
    answer = await work  # type: ignore[misc]
    if isinstance(answer, httpx.Response):
        answer.raise_for_status()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
