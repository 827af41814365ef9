"""What a crowd asks: searches, Items and parts of files, a few of them far more often than the rest."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import httpx

__all__ = ["Asked", "Workload", "explored", "searches"]

SEARCHES = 500
STEEP = 1.5
"""Of 500, the ten that are liked best are asked for in four of five requests: M2M answers three a second, and what
it has answered is good for a minute, so that a crowd which agrees less only waits."""
_COLLECTIONS = ("landsat_ot_c2_l2", "landsat_ot_c2_l2", "landsat_etm_c2_l2", "landsat_tm_c2_l2")
_SHARES = {"search": 60, "item": 20, "file": 20}
"""Of a hundred requests."""

_PART = (("Range", "bytes=0-16383"),)
_STREAMED = (*_PART, ("Origin", "https://page.example"))


@dataclass(frozen=True)
class Asked:
    """One request: what it is, where, and with which headers."""

    kind: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()

    def is_answered_by(self, answer: httpx.Response) -> bool:
        """Whether that is what was asked for."""
        if self.kind == "file":
            return answer.status_code in (206, 302)
        if answer.status_code != 200:
            return False
        said = answer.json()
        return said["type"] == "FeatureCollection" if self.kind == "search" else self.path.endswith(f"/{said['id']}")


def searches(count: int = SEARCHES) -> list[dict[str, str]]:
    """Places of one to three degrees in a month of some year; the same ones every time."""
    luck, found = random.Random(7), []
    for _ in range(count):
        west, south, size = luck.uniform(-8, 38), luck.uniform(37, 58), luck.uniform(1, 3)
        collection, month = luck.choice(_COLLECTIONS), luck.randint(1, 12)
        year = luck.randint(2000, 2011) if collection != "landsat_ot_c2_l2" else luck.randint(2014, 2024)
        found.append(
            {
                "collections": collection,
                "bbox": f"{west:.2f},{south:.2f},{west + size:.2f},{south + size:.2f}",
                "datetime": f"{year}-{month:02}-01T00:00:00Z/{year}-{month:02}-28T23:59:59Z",
                "limit": "10",
            }
        )
    return found


class Workload:
    """Searches, Items and files, in the order of how well they are liked (Zipf's law, with ``STEEP``)."""

    def __init__(self, found: list[dict[str, str]], items: list[str], files: list[str]) -> None:
        self._kinds = {
            "search": [Asked("search", str(httpx.URL("/search", params=one))) for one in found],
            "item": [Asked("item", one) for one in items],
            "file": [Asked("file", one, _STREAMED if place % 2 else _PART) for place, one in enumerate(files)],
        }
        self._weights = {kind: list(_zipf(len(asked))) for kind, asked in self._kinds.items()}

    def of(self, client: int) -> Iterator[Asked]:
        """What one client asks, without end; the same every time."""
        luck, kinds = random.Random(client), list(_SHARES)
        while True:
            (kind,) = luck.choices(kinds, list(_SHARES.values()))
            yield luck.choices(self._kinds[kind], cum_weights=self._weights[kind])[0]


def _zipf(count: int) -> Iterator[float]:
    return accumulate(rank**-STEEP for rank in range(1, count + 1))


async def explored(address: str, count: int = SEARCHES, items: int = 60) -> Workload:
    """A workload of searches, and of Items and small files of theirs that the server has now."""
    asked = {"collections": _COLLECTIONS[0], "datetime": "2024-07-01T00:00:00Z/2024-07-05T00:00:00Z", "limit": items}
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        page: dict[str, Any] = (await client.get("/search", params=asked)).raise_for_status().json()
    paths = [f"/collections/{item['collection']}/items/{item['id']}" for item in page["features"]]
    files = [item["assets"]["mtl.xml"]["href"].removeprefix(address) for item in page["features"]]
    return Workload(searches(count), paths, files)
