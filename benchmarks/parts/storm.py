"""Random faults under load: each response is correct, or an error with a time to retry.

Afterwards each search is walked to its last page and compared with M2M's own scenes.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.parts.figures import Figure, at_most
from benchmarks.parts.workload import Request
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.filters import DayRange, Mbr, SceneFilter, SceneSearch

__all__ = ["CLIENTS", "NONE_WRONG", "PLACES", "Report", "mismatches_afterwards", "storm"]

CLIENTS = 12
RECOVERY_TRIES = 900
"""A tenth of a second apart."""
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
"""A file is streamed to a client with this header, not redirected."""
NONE_WRONG = at_most(0)

Searches = Sequence[dict[str, str]]
InjectFault = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class Report:
    """The number of responses by kind and status, and descriptions of the wrong ones."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def figures(self, left: list[str]) -> list[Figure]:
        """Return the counts, with that of the resources in ``left``; print some details on stderr."""
        for detail in [*self.wrong[:5], *left[:5]]:
            print(detail[:200], file=sys.stderr)
        return [
            Figure("wrong responses and pages", len(self.wrong), target=NONE_WRONG),
            Figure("resources not released", len(left), target=NONE_WRONG),
            *(Figure(f"responses: {kind}", count) for kind, count in sorted(self.answers.items())),
        ]


def _places() -> list[dict[str, str]]:
    """Return searches with enough pages to walk."""
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
    inject: InjectFault,
    *,
    seconds: float,
    clients: int = CLIENTS,
    searches: Searches = PLACES,
    seed: int = 0,
    also: Callable[[float], Coroutine[Any, Any, None]] | None = None,
) -> Report:
    """Send requests while ``inject`` and ``also`` cause faults; compare each response with the one before the storm.

    ``also`` runs in a task of its own, with the time (``time.monotonic``) when the storm ends.
    """
    report = Report()
    await _wait_until_well(client, searches)
    digests = await _digests(client, searches)
    end = time.monotonic() + seconds
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_inject_faults(inject, end, random.Random(seed)))
        if also:
            tasks.create_task(also(end))
        for number in range(clients):
            tasks.create_task(_send_requests(client, digests, report, end, random.Random(f"{seed} {number}")))
    return report


async def _digests(client: httpx.AsyncClient, searches: Searches) -> dict[Request, str]:
    """Map each request to the digest of its response."""
    requests = [Request("search", str(httpx.URL("/search", params=search))) for search in searches]
    page = (await client.get(requests[0].path)).raise_for_status().json()
    items = page["features"][:8]
    requests += [Request("item", f"/collections/{item['collection']}/items/{item['id']}") for item in items]
    requests += [Request("file", item["assets"]["mtl.xml"]["href"], PAGE) for item in items]
    return {request: _digest(request, await _response(client, request)) for request in requests}


async def _response(client: httpx.AsyncClient, request: Request) -> httpx.Response:
    return await client.get(request.path, headers=dict(request.headers))


def _digest(request: Request, response: httpx.Response) -> str:
    """Hash the content without counts and tokens, which depend on M2M's totals and on the time."""
    response.raise_for_status()
    content = response.content
    if request.kind != "file":
        body: Any = response.json()
        content = repr(body["features"] if request.kind == "search" else body).encode()
    return hashlib.sha256(content).hexdigest()


async def _inject_faults(inject: InjectFault, end: float, rng: random.Random) -> None:
    while time.monotonic() < end:
        await inject({**rng.choice(FAULTS), "times": rng.randint(1, 4)})
        await asyncio.sleep(rng.uniform(0.05, 0.4))


async def _send_requests(
    client: httpx.AsyncClient, digests: dict[Request, str], report: Report, end: float, rng: random.Random
) -> None:
    while time.monotonic() < end:
        request = rng.choice(list(digests))
        try:
            response = await _response(client, request)
        except httpx.HTTPError as error:  # a file that is cut short is visibly incomplete, so it is not wrong
            report.answers[f"{request.kind} broke off"] += 1
            if request.kind != "file":
                report.wrong.append(f"{request.path}: {error!r}")
            continue
        report.answers[f"{request.kind} {response.status_code}"] += 1
        report.wrong += _complaints(request, response, digests[request])
        await asyncio.sleep(0 if response.is_success else 0.05)


def _complaints(request: Request, response: httpx.Response, digest: str) -> list[str]:
    if response.status_code == 200:
        return [] if _digest(request, response) == digest else [f"{request.path}: other content than before"]
    is_problem = response.headers["content-type"] == "application/problem+json" and "retry-after" in response.headers
    is_clear = is_problem and response.status_code in (502, 503, 504)
    return [] if is_clear else [f"{request.path}: {response.status_code} {response.text}"]


# -- afterwards ---------------------------------------------------------------------------------------------------


async def mismatches_afterwards(client: httpx.AsyncClient, raw: M2MClient, searches: Searches = PLACES) -> list[str]:
    """Walk each search to its end after the faults, and return those whose Items are not M2M's own scenes."""
    await _wait_until_well(client, searches)
    return [str(search) for search in searches if await _walk(client, search) != await _scenes(raw, search)]


async def _wait_until_well(client: httpx.AsyncClient, searches: Searches) -> None:
    for search in searches:
        await _page(client, str(httpx.URL("/search", params=search)))


async def _page(client: httpx.AsyncClient, href: str) -> dict[str, Any]:
    """Retry until there is a page: after faults the server does not call M2M for a while."""
    for _ in range(RECOVERY_TRIES):
        with contextlib.suppress(httpx.TransportError):  # the connection of a worker that was killed
            response = await client.get(href)
            if response.status_code not in (502, 503, 504):
                break
        await asyncio.sleep(0.1)
    page: dict[str, Any] = response.raise_for_status().json()
    return page


async def _walk(client: httpx.AsyncClient, search: dict[str, str]) -> list[str]:
    ids, href = [], str(httpx.URL("/search", params=search))
    while href:
        page = await _page(client, href)
        ids += [item["id"] for item in page["features"]]
        href = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    return ids


async def _scenes(raw: M2MClient, search: dict[str, str]) -> list[str]:
    """Return the ids of all scenes of the place and time, from one M2M call."""
    first, last = (moment[:10] for moment in search["datetime"].split("/"))
    scene_filter = SceneFilter(spatial=Mbr.of(*BOX), acquisition=DayRange.model_validate({"start": first, "end": last}))
    query = SceneSearch(dataset=search["collections"], max_results=5000, filter=scene_filter, metadata_type="full")
    return [scene.display_id for scene in (await raw.scene_search(query)).results]
