"""Milliseconds that stac-bridge adds to a search of 10 Items over sockets.

A hit is compared with a response without content (/_mgmt/ping), a miss with the M2M call that it makes. All values are
medians of searches in turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.figures import Figure, at_most
from benchmarks.parts.servers import bridged
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.filters import DayRange, Mbr, SceneFilter, SceneSearch
from stac_bridge.m2m.session import build_session

ITEMS = 10
ADDED_ON_HIT, ADDED_ON_MISS = at_most(5), at_most(15)
"""In ms."""
BOX = (5.0, 44.0, 12.0, 50.0)


@dataclass(frozen=True)
class Size:
    """The number of days that are searched, and of those that only warm up at first."""

    rounds: int = 25
    warming: int = 3
    apart: bool = True
    """Whether the servers are processes, not threads."""


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    with (
        tempfile.TemporaryDirectory() as folder,
        bridged(Path(folder), latency=0, apart=size.apart) as (address, sandbox),
    ):
        rounds = asyncio.run(_rounds(address, f"{sandbox}/api/api/json/stable/", size))
    hit, ping = _median(entry.hit for entry in rounds), _median(entry.ping for entry in rounds)
    miss, raw = _median(entry.miss for entry in rounds), _median(entry.raw for entry in rounds)
    added = _median(entry.miss - entry.raw for entry in rounds)
    return [
        Figure("a hit", hit, "ms"),
        Figure("HTTP alone (/_mgmt/ping)", ping, "ms"),
        Figure("added on a hit", hit - ping, "ms", ADDED_ON_HIT),
        Figure("a miss", miss, "ms"),
        Figure("the M2M call alone (scene-search)", raw, "ms"),
        Figure("added on a miss", added, "ms", ADDED_ON_MISS),
    ]


def _median(seconds: Iterable[float]) -> float:
    """Return the median in ms."""
    return 1e3 * statistics.median(seconds)


@dataclass(frozen=True, slots=True)
class _Round:
    """Seconds of one search: M2M's own, through stac-bridge, repeated, and of a response without content."""

    raw: float
    miss: float
    hit: float
    ping: float


async def _rounds(address: str, m2m: str, size: Size) -> list[_Round]:
    rounds = []
    with contextlib.closing(HTTPConnection(address.removeprefix("http://"))) as connection:
        async with _raw_search(m2m) as raw_search:
            for day in range(1, size.rounds + 1):
                path = f"/search?{urlencode(_search(day))}"
                start = time.perf_counter()
                await raw_search(day)
                raw = time.perf_counter() - start
                miss, hit, ping = (_get(connection, path) for path in (path, path, "/_mgmt/ping"))
                rounds.append(_Round(raw, miss, hit, ping))
    return rounds[size.warming :]


def _search(day: int) -> dict[str, str | int]:
    when = f"2023-07-{day:02}T00:00:00Z/2023-08-{day:02}T23:59:59Z"
    box = ",".join(str(side) for side in BOX)
    return {"collections": "landsat_ot_c2_l2", "datetime": when, "bbox": box, "limit": ITEMS}


@contextlib.asynccontextmanager
async def _raw_search(m2m: str) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    client = M2MClient(build_session(m2m, "raw", "token"))

    async def search(day: int) -> None:
        days = DayRange.model_validate({"start": f"2023-07-{day:02}", "end": f"2023-08-{day:02}"})
        scene_filter = SceneFilter(acquisition=days, spatial=Mbr.of(*BOX))
        query = SceneSearch(dataset="landsat_ot_c2_l2", max_results=ITEMS, filter=scene_filter, metadata_type="full")
        assert len((await client.scene_search(query)).results) == ITEMS

    yield search
    await client.aclose()


def _get(connection: HTTPConnection, path: str) -> float:
    """Return the seconds to the last byte. This client does nothing else: httpx takes four times as long as a ping."""
    start = time.perf_counter()
    connection.request("GET", path, headers={"Accept-Encoding": "br"})
    response = connection.getresponse()
    response.read()
    seconds = time.perf_counter() - start
    assert response.status == 200
    return seconds


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(rounds=1, warming=0, apart=False))

if __name__ == "__main__":
    BENCHMARK.command()
