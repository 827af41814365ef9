"""What typical searches ask of M2M: calls a page, and scenes fetched for each Item that is given."""

from __future__ import annotations

import asyncio
import multiprocessing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import httpx
import orjson

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.served import ORIGIN, sandboxed
from benchmarks.parts.typical import LONG_WALK, THOUSAND, TYPICAL
from m2m_sandbox import create_sandbox

MEGABYTE = 1 << 20

TARGETS = """  Where some scenes may not match, M2M is asked for 50 at least: a call costs more than its bytes.
  Ideal: 1 call a page and 1 scene an Item. Targets: 1 call a page where M2M can say all that is asked, at most 2
  where at least 5 % of the scenes fetched match."""


@dataclass(frozen=True)
class Size:
    """How many of the typical searches are asked and how deep, and how much is held in memory."""

    searches: int = len(TYPICAL)
    pages: int = 3
    """Pages of a search that are looked at: the first, and those that follow."""
    page: int = 1000
    """Items of the page whose memory is measured."""
    walked: int = 50
    """Pages of the long walk whose memory is measured; without any there is no walk."""


class Counting(httpx.AsyncBaseTransport):
    """Carries requests to M2M and adds up the scenes that its searches answer with."""

    def __init__(self, within: httpx.AsyncBaseTransport) -> None:
        self._within = within
        self.scenes = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._within.handle_async_request(request)
        if request.url.path.endswith("/scene-search"):
            data = orjson.loads(await answer.aread()).get("data") or {}
            self.scenes += data.get("recordsReturned", 0)
        return answer


@dataclass(frozen=True, slots=True)
class Cost:
    """What a page cost in calls and scenes, and the Items that it gave."""

    calls: int
    scenes: int
    items: int


def run(size: Size) -> None:
    """Print the figures."""
    asyncio.run(_table(size))
    print("Resident memory above the idle server (sandbox and server in one process; target: under 300 MB):")
    print(f"  {f'a page of {size.page:,} Items':30} {_apart({**THOUSAND, 'limit': str(size.page)}, 1):7.0f} MB")
    if size.walked:
        print(f"  {f'a walk of {size.walked} pages':30} {_apart(LONG_WALK, size.walked):7.0f} MB")


async def _table(size: Size) -> None:
    counting = Counting(httpx.ASGITransport(create_sandbox(base_url=ORIGIN)))
    print(f"Searches of 10 Items a page (warm catalogue, cold cache, {size.pages} pages at most, on the sandbox):")
    print(f"  {'':30} {'first':>6} {'following':>10} {'scenes':>8} {'given':>6}")
    print(f"  {'':30} {'calls':>6} {'calls':>10} {'an Item':>8}")
    async with sandboxed(counting, cache_ttl=0) as app, _client(app) as client:
        for name, asked in islice(TYPICAL.items(), size.searches):
            await client.get("/explain", params=asked)  # the datasets' filters are known from here on
            print(_row(name, await _pages(client, counting, asked, size.pages)))
    print(TARGETS)


def _client(app: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here", timeout=60)  # type: ignore[arg-type]


async def _pages(client: httpx.AsyncClient, counting: Counting, asked: dict[str, str], most: int) -> list[Cost]:
    costs: list[Cost] = []
    follow: str | httpx.URL | None = httpx.URL("/search", params=asked)
    while follow is not None and len(costs) < most:
        before = counting.scenes
        answer = await client.get(follow)
        found = answer.raise_for_status().json()
        costs.append(Cost(int(answer.headers["x-m2m-calls"]), counting.scenes - before, len(found["features"])))
        follow = _next(found)
    return costs


def _next(found: dict[str, list[dict[str, str]]]) -> str | None:
    return next((link["href"] for link in found["links"] if link["rel"] == "next"), None)


def _row(name: str, costs: list[Cost]) -> str:
    items, scenes = (sum(getattr(cost, part) for cost in costs) for part in ("items", "scenes"))
    following = [cost.calls for cost in costs[1:]]
    later = f"{sum(following) / len(following):.1f}" if following else "-"
    an_item, share = (f"{scenes / items:.1f}" if items else "-", f"{items / scenes:.0%}" if scenes else "-")
    return f"  {name:30} {costs[0].calls:>6} {later:>10} {an_item:>8} {share:>6}"


# -- memory --------------------------------------------------------------------------------------------------


def _apart(asked: dict[str, str], pages: int) -> float:
    """Megabytes that a walk adds at its highest, in a process of its own: memory is seldom given back."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_grown, (asked, pages))


def _grown(asked: dict[str, str], pages: int) -> float:
    return asyncio.run(_walk(asked, pages))


async def _walk(asked: dict[str, str], pages: int) -> float:
    async with sandboxed() as app, _client(app) as client:
        await client.get("/search", params={**asked, "limit": "1"})
        idle = _megabytes("VmRSS")
        follow: str | httpx.URL | None = httpx.URL("/search", params=asked)
        while follow is not None and pages:
            follow, pages = _next((await client.get(follow)).raise_for_status().json()), pages - 1
        return _megabytes("VmHWM") - idle


def _megabytes(name: str) -> float:
    """What Linux says of this process: VmRSS is resident now, VmHWM was at most."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024 / MEGABYTE


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(searches=2, pages=1, page=2, walked=0))

if __name__ == "__main__":
    BENCHMARK.command()
