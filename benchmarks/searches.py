"""M2M calls per page of typical searches, and scenes that are fetched for each Item; memory of long searches.

The metadata is cached, the scenes are not. If some scenes may not match, at least 50 are requested, because a call
costs more than its bytes. The ideal is one call per page and one scene per Item. The target is one call per page if M2M
filters exactly, and two if at least 5 % of the fetched scenes match. Memory is above that of the idle server and
sandbox, which are one process here.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import httpx
import orjson

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.figures import Figure, Target, at_most, not_measured
from benchmarks.parts.served import ORIGIN, sandboxed
from benchmarks.parts.typical import LONG_WALK, THOUSAND, TYPICAL
from m2m_sandbox import create_sandbox

MEGABYTE = 1 << 20

MEMORY = at_most(300)
"""In MB."""
ENOUGH_MATCHES = 0.05


@dataclass(frozen=True)
class Size:
    """The number of typical searches and of their pages, and the searches whose memory is measured."""

    searches: int = len(TYPICAL)
    pages: int = 3
    """The maximum number of pages of a search."""
    page: int = 1000
    """The number of Items of the page whose memory is measured."""
    walked: int = 50
    """The number of pages of the walk whose memory is measured; 0 for no walk."""


class Counting(httpx.AsyncBaseTransport):
    """Passes requests to M2M and counts the scenes in the responses to its searches."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.scenes = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if request.url.path.endswith("/scene-search"):
            data = orjson.loads(await response.aread()).get("data") or {}
            self.scenes += data.get("recordsReturned", 0)
        return response


@dataclass(frozen=True, slots=True)
class Cost:
    """The M2M calls of a page, the scenes that they returned, and the Items of the page."""

    calls: int
    scenes: int
    items: int


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    page = {**THOUSAND, "limit": str(size.page)}
    figures = asyncio.run(_all_searches(size))
    figures.append(Figure(f"memory of a page of {size.page:,} Items", _memory(page, 1), "MB", MEMORY))
    if size.walked:
        name = f"memory of a walk of {size.walked} pages"
        figures.append(Figure(name, _memory(LONG_WALK, size.walked), "MB", MEMORY))
    return figures


async def _all_searches(size: Size) -> list[Figure]:
    figures = []
    counting = Counting(httpx.ASGITransport(create_sandbox(base_url=ORIGIN)))
    async with sandboxed(counting, cache_ttl=0) as app, _client(app) as client:
        for name, search in islice(TYPICAL.items(), size.searches):
            plan = (await client.get("/explain", params=search)).json()  # the metadata is cached from here on
            is_exact = all(step["exact"] for step in plan["steps"])
            figures += _figures(name, await _pages(client, counting, search, size.pages), is_exact)
    return figures


def _client(app: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here", timeout=60)  # type: ignore[arg-type]


async def _pages(client: httpx.AsyncClient, counting: Counting, search: dict[str, str], limit: int) -> list[Cost]:
    costs: list[Cost] = []
    href: str | httpx.URL | None = httpx.URL("/search", params=search)
    while href is not None and len(costs) < limit:
        before = counting.scenes
        response = await client.get(href)
        page = response.raise_for_status().json()
        costs.append(Cost(int(response.headers["x-m2m-calls"]), counting.scenes - before, len(page["features"])))
        href = _next(page)
    return costs


def _next(page: dict[str, list[dict[str, str]]]) -> str | None:
    return next((link["href"] for link in page["links"] if link["rel"] == "next"), None)


def _figures(name: str, costs: list[Cost], is_exact: bool) -> list[Figure]:
    items, scenes = sum(cost.items for cost in costs), sum(cost.scenes for cost in costs)
    target = _calls_target(items, scenes, is_exact)
    following = [cost.calls for cost in costs[1:]]
    figures = [Figure(f"{name}: calls of the first page", costs[0].calls, target=target)]
    if following:
        figures.append(Figure(f"{name}: calls per following page", sum(following) / len(following), target=target))
    if items and scenes:
        figures.append(Figure(f"{name}: scenes per Item", scenes / items))
        figures.append(Figure(f"{name}: Items per scene", 100 * items / scenes, "%"))
    else:
        figures.append(not_measured(f"{name}: scenes per Item", "it has no Items or no scenes"))
    return figures


def _calls_target(items: int, scenes: int, is_exact: bool) -> Target | None:
    if is_exact:
        return at_most(1)
    return at_most(2) if scenes and items / scenes >= ENOUGH_MATCHES else None


# -- memory --------------------------------------------------------------------------------------------------


def _memory(search: dict[str, str], pages: int) -> float:
    """Return the megabytes that a walk adds at its peak, in a new process, because memory is seldom released."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_growth, (search, pages))


def _growth(search: dict[str, str], pages: int) -> float:
    return asyncio.run(_walk(search, pages))


async def _walk(search: dict[str, str], pages: int) -> float:
    async with sandboxed() as app, _client(app) as client:
        await client.get("/search", params={**search, "limit": "1"})
        idle = _megabytes("VmRSS")
        href: str | httpx.URL | None = httpx.URL("/search", params=search)
        while href is not None and pages:
            href, pages = _next((await client.get(href)).raise_for_status().json()), pages - 1
        return _megabytes("VmHWM") - idle


def _megabytes(name: str) -> float:
    """Read a line of this process's status: VmRSS is its resident memory now, VmHWM the maximum so far."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024 / MEGABYTE


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(searches=2, pages=1, page=2, walked=0))

if __name__ == "__main__":
    BENCHMARK.command()
