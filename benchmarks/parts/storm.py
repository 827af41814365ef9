"""Random faults under load: every answer is right or says when to come back.

Afterwards every page walked is what M2M itself has.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.parts.workload import Asked
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.filters import DayRange, Mbr, SceneFilter, SceneSearch

__all__ = ["CLIENTS", "PLACES", "Report", "calm_after", "storm"]

CLIENTS = 12
PATIENCE = 900
"""Tenths of a second until all is well again."""
BOX = (5.0, 45.0, 9.0, 50.0)
DATASETS = ("landsat_ot_c2_l2", "landsat_ot_c2_l1")
MONTHS = ("2021-07", "2023-09")

FAULTS: list[dict[str, Any]] = [
    {"kind": "maintenance"},
    {"kind": "maintenance", "status": 200},
    {"kind": "reset"},
    {"kind": "cut", "at": 0},
    {"kind": "cut", "at": 700},
    {"kind": "down", "on": ["api"], "status": 429, "retry_after": 1},
    {"kind": "down", "on": ["api"], "status": 502},
    {"kind": "down", "on": ["api"], "status": 504},
    {"kind": "error", "code": "RATE_LIMIT"},
    {"kind": "error", "code": "SERVER_ERROR"},
    {"kind": "error", "code": "AUTH_EXPIRED", "on": ["scene-search", "scene-metadata", "download-request"]},
    {"kind": "keys-lost"},
    {"kind": "latency", "seconds": 0.3},
    {"kind": "slow", "on": ["api"], "first": 0.2, "per_megabyte": 2},
    {"kind": "hang"},
    {"kind": "lying-total", "by": -7},
    {"kind": "lying-total", "by": 7},
    {"kind": "down", "on": ["files"]},
    {"kind": "cut", "on": ["files"], "at": 300},
    {"kind": "reset", "on": ["files"]},
    {"kind": "login-page"},
    {"kind": "expires", "reads": 1},
]

PAGE = (("Origin", "https://page.example"),)
"""Who asks for a file so is given its bytes."""

Searches = Sequence[dict[str, str]]
Break = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class Report:
    """What came of it: answers by status, and what must not have happened."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def print(self, what: str, left: list[str]) -> None:
        """Print it as the figures of a benchmark, with what was left behind."""
        print(f"{what}:")
        print("  " + ", ".join(f"{kind} {count}" for kind, count in sorted(self.answers.items())))
        print(f"  wrong answers and pages {len(self.wrong)}, left behind {len(left)} (targets: 0)")
        for one in [*self.wrong[:5], *left[:5]]:
            print(f"    {one[:200]}")


def _places() -> list[dict[str, str]]:
    """Searches with pages enough to walk."""
    box = ",".join(str(side) for side in BOX)
    return [
        {"collections": name, "bbox": box, "datetime": f"{month}-01T00:00:00Z/{month}-28T23:59:59Z", "limit": "20"}
        for name in DATASETS
        for month in MONTHS
    ]


PLACES = tuple(_places())


# -- the storm ----------------------------------------------------------------------------------------------------


async def storm(
    client: httpx.AsyncClient,
    break_it: Break,
    *,
    seconds: float,
    clients: int = CLIENTS,
    searches: Searches = PLACES,
    seed: int = 0,
    also: Callable[[float], Coroutine[Any, Any, None]] | None = None,
) -> Report:
    """Ask on while things break, by ``break_it`` and by what ``also`` does until a time; right is what was before."""
    report = Report()
    await _is_well(client, searches)
    right = await _right(client, searches)
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as all_of_them:
        all_of_them.create_task(_breaking(break_it, until, random.Random(seed)))
        if also:
            all_of_them.create_task(also(until))
        for number in range(clients):
            all_of_them.create_task(_asking(client, right, report, until, random.Random(f"{seed} {number}")))
    return report


async def _right(client: httpx.AsyncClient, searches: Searches) -> dict[Asked, str]:
    """What is asked → the digest of what is answered."""
    asked = [Asked("search", str(httpx.URL("/search", params=one))) for one in searches]
    page = (await client.get(asked[0].path)).raise_for_status().json()
    items = page["features"][:8]
    asked += [Asked("item", f"/collections/{one['collection']}/items/{one['id']}") for one in items]
    asked += [Asked("file", one["assets"]["mtl.xml"]["href"], PAGE) for one in items]
    return {one: _digest(one, await _answer(client, one)) for one in asked}


async def _answer(client: httpx.AsyncClient, asked: Asked) -> httpx.Response:
    return await client.get(asked.path, headers=dict(asked.headers))


def _digest(asked: Asked, answer: httpx.Response) -> str:
    """Counts and tokens aside, which depend on what M2M says of totals, and on the time."""
    answer.raise_for_status()
    said: Any = answer.content
    if asked.kind != "file":
        found = answer.json()
        said = repr(found["features"] if asked.kind == "search" else found).encode()
    return hashlib.sha256(said).hexdigest()


async def _breaking(break_it: Break, until: float, luck: random.Random) -> None:
    while time.monotonic() < until:
        await break_it({**luck.choice(FAULTS), "times": luck.randint(1, 4)})
        await asyncio.sleep(luck.uniform(0.05, 0.4))


async def _asking(
    client: httpx.AsyncClient, right: dict[Asked, str], report: Report, until: float, luck: random.Random
) -> None:
    while time.monotonic() < until:
        asked = luck.choice(list(right))
        try:
            answer = await _answer(client, asked)
        except httpx.HTTPError as broken:  # a file whose rest could not be had: its end is missed, nothing is wrong
            report.answers[f"{asked.kind} broke off"] += 1
            if asked.kind != "file":
                report.wrong.append(f"{asked.path}: {broken!r}")
            continue
        report.answers[f"{asked.kind} {answer.status_code}"] += 1
        report.wrong += _complaints(asked, answer, right[asked])
        await asyncio.sleep(0 if answer.is_success else 0.05)


def _complaints(asked: Asked, answer: httpx.Response, right: str) -> list[str]:
    if answer.status_code == 200:
        return [] if _digest(asked, answer) == right else [f"{asked.path}: other content than before"]
    is_told = answer.headers["content-type"] == "application/problem+json" and "retry-after" in answer.headers
    is_clear = is_told and answer.status_code in (502, 503, 504)
    return [] if is_clear else [f"{asked.path}: {answer.status_code} {answer.text}"]


# -- afterwards ---------------------------------------------------------------------------------------------------


async def calm_after(client: httpx.AsyncClient, raw: M2MClient, searches: Searches = PLACES) -> list[str]:
    """What is not as M2M has it, once faults have ended: each search walked to its end, beside M2M's own scenes."""
    await _is_well(client, searches)
    return [str(one) for one in searches if await _walked(client, one) != await _brute(raw, one)]


async def _is_well(client: httpx.AsyncClient, searches: Searches) -> None:
    """Wait until every place is told of."""
    for one in searches:
        await _page(client, str(httpx.URL("/search", params=one)))


async def _page(client: httpx.AsyncClient, href: str) -> dict[str, Any]:
    """A page as soon as there is one: M2M is left alone for a while after faults have ended."""
    for _ in range(PATIENCE):
        with contextlib.suppress(httpx.TransportError):  # of a connection to a worker that was killed
            answer = await client.get(href)
            if answer.status_code not in (502, 503, 504):
                break
        await asyncio.sleep(0.1)
    said: dict[str, Any] = answer.raise_for_status().json()
    return said


async def _walked(client: httpx.AsyncClient, asked: dict[str, str]) -> list[str]:
    found, href = [], str(httpx.URL("/search", params=asked))
    while href:
        page = await _page(client, href)
        found += [item["id"] for item in page["features"]]
        href = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    return found


async def _brute(raw: M2MClient, asked: dict[str, str]) -> list[str]:
    """All scenes of the place and time in one answer."""
    first, last = (moment[:10] for moment in asked["datetime"].split("/"))
    where = SceneFilter(spatial=Mbr.of(*BOX), acquisition=DayRange.model_validate({"start": first, "end": last}))
    asking = SceneSearch(dataset=asked["collections"], max_results=5000, filter=where, metadata_type="full")
    return [scene.display_id for scene in (await raw.scene_search(asking)).results]
