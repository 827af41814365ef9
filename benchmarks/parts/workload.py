"""The requests of many clients: searches, Items and parts of files, a few of them far more often than the rest."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import httpx

__all__ = ["Request", "Workload", "explore", "searches"]

SEARCHES = 500
STEEPNESS = 1.5
"""Of 500 searches, the ten most popular ones make four of five requests. M2M answers three requests a second, and its
answers are cached for a minute, so clients whose searches overlap less would only wait."""
_COLLECTIONS = ("landsat_ot_c2_l2", "landsat_ot_c2_l2", "landsat_etm_c2_l2", "landsat_tm_c2_l2")
_SHARES = {"search": 60, "item": 20, "file": 20}
"""In percent of the requests."""

_PART = (("Range", "bytes=0-16383"),)
_STREAMED = (*_PART, ("Origin", "https://page.example"))


@dataclass(frozen=True)
class Request:
    """A GET request: what it requests (a search, an Item or a file), its path, and its headers."""

    kind: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()

    def is_answered_by(self, response: httpx.Response) -> bool:
        """Check that the response has what was requested."""
        if self.kind == "file":
            return response.status_code in (206, 302)
        if response.status_code != 200:
            return False
        body = response.json()
        return body["type"] == "FeatureCollection" if self.kind == "search" else self.path.endswith(f"/{body['id']}")


def searches(count: int = SEARCHES) -> list[dict[str, str]]:
    """Return boxes of one to three degrees in a month of some year; the same ones on each call."""
    rng, drawn = random.Random(7), []
    for _ in range(count):
        west, south, size = rng.uniform(-8, 38), rng.uniform(37, 58), rng.uniform(1, 3)
        collection, month = rng.choice(_COLLECTIONS), rng.randint(1, 12)
        year = rng.randint(2000, 2011) if collection != "landsat_ot_c2_l2" else rng.randint(2014, 2024)
        drawn.append(
            {
                "collections": collection,
                "bbox": f"{west:.2f},{south:.2f},{west + size:.2f},{south + size:.2f}",
                "datetime": f"{year}-{month:02}-01T00:00:00Z/{year}-{month:02}-28T23:59:59Z",
                "limit": "10",
            }
        )
    return drawn


class Workload:
    """Searches, Items and files, the most popular first; popularity follows Zipf's law with ``STEEPNESS``."""

    def __init__(self, searches: list[dict[str, str]], items: list[str], files: list[str]) -> None:
        self._requests = {
            "search": [Request("search", str(httpx.URL("/search", params=search))) for search in searches],
            "item": [Request("item", path) for path in items],
            "file": [Request("file", path, _STREAMED if place % 2 else _PART) for place, path in enumerate(files)],
        }
        self._weights = {kind: list(_zipf(len(requests))) for kind, requests in self._requests.items()}

    def of(self, client: int) -> Iterator[Request]:
        """Yield one client's requests, without end; the same ones on each call."""
        rng, kinds = random.Random(client), list(_SHARES)
        while True:
            (kind,) = rng.choices(kinds, list(_SHARES.values()))
            yield rng.choices(self._requests[kind], cum_weights=self._weights[kind])[0]


def _zipf(count: int) -> Iterator[float]:
    return accumulate(rank**-STEEPNESS for rank in range(1, count + 1))


async def explore(address: str, count: int = SEARCHES, items: int = 60) -> Workload:
    """Make a workload of searches, and of Items and small files that the server has now."""
    days = "2024-07-01T00:00:00Z/2024-07-05T00:00:00Z"
    search: dict[str, str | int] = {"collections": _COLLECTIONS[0], "datetime": days, "limit": items}
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        page: dict[str, Any] = (await client.get("/search", params=search)).raise_for_status().json()
    paths = [f"/collections/{item['collection']}/items/{item['id']}" for item in page["features"]]
    files = [item["assets"]["mtl.xml"]["href"].removeprefix(address) for item in page["features"]]
    return Workload(searches(count), paths, files)
