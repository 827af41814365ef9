"""What the bridge adds for 10 Items: to an answer that it has, and to the M2M call that one takes otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.servers import bridged
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.filters import DayRange, Mbr, SceneFilter, SceneSearch
from stac_bridge.m2m.session import build_session

ITEMS = 10
HIT, MISS = 5.0, 15.0
"""Targets, in ms."""
BOX = (5.0, 44.0, 12.0, 50.0)


@dataclass(frozen=True)
class Size:
    """Days that are searched, of which the first ones only warm everything up."""

    rounds: int = 25
    warming: int = 3
    apart: bool = True
    """Whether the servers are processes of their own."""


def run(size: Size) -> None:
    """Print the figures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        bridged(Path(folder), latency=0, apart=size.apart) as (address, sandbox),
    ):
        hit, nothing, through, raw = asyncio.run(_measured(address, f"{sandbox}/api/api/json/stable/", size))
    added = statistics.median(t - r for t, r in zip(through, raw, strict=True))
    print(f"A search of {ITEMS} Items over sockets, median of {size.rounds - size.warming} in turn:")
    print(f"  kept: {_ms(hit):.1f} ms, of which {_ms(nothing):.1f} ms are HTTP itself (/_mgmt/ping)")
    print(f"    added on a hit  {_ms(hit) - _ms(nothing):6.1f} ms (target: {HIT:.0f})")
    print(f"  asked: {_ms(through):.1f} ms; the raw scene-search {_ms(raw):.1f} ms")
    print(f"    added on a miss {1e3 * added:6.1f} ms (target: {MISS:.0f})")


def _ms(times: list[float]) -> float:
    return 1e3 * statistics.median(times)


async def _measured(address: str, m2m: str, size: Size) -> tuple[list[float], list[float], list[float], list[float]]:
    """Seconds of a hit, of an answer without content, of a miss, and of M2M's own answer to the same question."""
    hit, nothing, through, raw = [], [], [], []
    with contextlib.closing(HTTPConnection(address.removeprefix("http://"))) as wire:
        async with _asking(m2m) as asked_raw:
            for day in range(1, size.rounds + 1):
                search = f"/search?{urlencode(_asked(day))}"
                begun = time.perf_counter()
                await asked_raw(day)
                raw.append(time.perf_counter() - begun)
                through.append(_timed(wire, search))
                hit.append(_timed(wire, search))
                nothing.append(_timed(wire, "/_mgmt/ping"))
    return hit[size.warming :], nothing[size.warming :], through[size.warming :], raw[size.warming :]


def _asked(day: int) -> dict[str, str | int]:
    when = f"2023-07-{day:02}T00:00:00Z/2023-08-{day:02}T23:59:59Z"
    box = ",".join(str(side) for side in BOX)
    return {"collections": "landsat_ot_c2_l2", "datetime": when, "bbox": box, "limit": ITEMS}


@contextlib.asynccontextmanager
async def _asking(m2m: str) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    client = M2MClient(build_session(m2m, "raw", "token"))

    async def asked(day: int) -> None:
        days = DayRange.model_validate({"start": f"2023-07-{day:02}", "end": f"2023-08-{day:02}"})
        where = SceneFilter(acquisition=days, spatial=Mbr.of(*BOX))
        asking = SceneSearch(dataset="landsat_ot_c2_l2", max_results=ITEMS, filter=where, metadata_type="full")
        found = await client.scene_search(asking)
        assert len(found.results) == ITEMS

    yield asked
    await client.aclose()


def _timed(wire: HTTPConnection, path: str) -> float:
    """Seconds to the last byte, by a client that does nothing else: httpx takes four times as long as a ping."""
    begun = time.perf_counter()
    wire.request("GET", path, headers={"Accept-Encoding": "br"})
    answer = wire.getresponse()
    answer.read()
    seconds = time.perf_counter() - begun
    assert answer.status == 200
    return seconds


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(rounds=1, warming=0, apart=False))

if __name__ == "__main__":
    BENCHMARK.command()
