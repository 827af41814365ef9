"""Many clients at once, each from a loopback address of its own, and how each of them fared."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import httpx

from benchmarks.parts.workload import Asked

__all__ = ["Fared", "Outcome", "crowd"]


@dataclass(frozen=True, slots=True)
class Fared:
    """How one request fared: seconds, calls of M2M that it cost, and why it failed, if it did."""

    client: int
    kind: str
    seconds: float
    calls: int
    failed: str = ""


@dataclass(frozen=True)
class Outcome:
    """How all of them fared."""

    every: Sequence[Fared]
    seconds: float

    @property
    def errors(self) -> list[str]:
        """What failed, and how."""
        return [f"{one.kind}: {one.failed}" for one in self.every if one.failed]

    @property
    def hits(self) -> float:
        """The share of requests that cost no call: kept, or shared with somebody who asked at the same time."""
        return sum(one.calls == 0 for one in self.every) / len(self.every)

    @property
    def medians(self) -> list[float]:
        """Each client's median, in seconds, the quickest first."""
        return sorted(statistics.median(times) for times in self._by_client())

    @property
    def unfairness(self) -> float:
        """The slowest client's median over that of the client in the middle."""
        return self.medians[-1] / statistics.median(self.medians)

    def means(self) -> tuple[float, float]:
        """Mean seconds of the client in the middle, and of the slowest: what waiting for M2M did to them."""
        means = sorted(statistics.mean(times) for times in self._by_client())
        return statistics.median(means), means[-1]

    def fewest(self) -> int:
        """Requests of the client that made the fewest."""
        return min(len(times) for times in self._by_client())

    def _by_client(self) -> list[list[float]]:
        clients = {one.client for one in self.every}
        return [[one.seconds for one in self.every if one.client == client] for client in sorted(clients)]


async def crowd(
    address: str, asking: Callable[[int], Iterator[Asked]], *, clients: int, requests: int, seconds: float
) -> Outcome:
    """So many clients, each of which asks one thing after the other: so many, or until the time is up."""
    begun = time.monotonic()
    told = await asyncio.gather(
        *(_client(address, number, asking(number), requests, begun + seconds) for number in range(clients))
    )
    return Outcome([one for each in told for one in each], time.monotonic() - begun)


async def _client(address: str, number: int, asking: Iterator[Asked], requests: int, until: float) -> list[Fared]:
    own = f"127.0.{1 + number // 250}.{1 + number % 250}"
    transport = httpx.AsyncHTTPTransport(verify=False, local_address=own)
    fared: list[Fared] = []
    async with httpx.AsyncClient(transport=transport, base_url=address, timeout=120) as client:
        while len(fared) < requests and time.monotonic() < until:
            fared.append(await _asked(client, number, next(asking)))
    return fared


async def _asked(client: httpx.AsyncClient, number: int, asked: Asked) -> Fared:
    begun = time.monotonic()
    try:
        answer = await client.get(asked.path, headers=dict(asked.headers))
    except httpx.HTTPError as broken:
        return Fared(number, asked.kind, time.monotonic() - begun, 0, repr(broken))
    failed = "" if asked.is_answered_by(answer) else f"{answer.status_code} {answer.text[:200]}"
    return Fared(number, asked.kind, time.monotonic() - begun, int(answer.headers.get("x-m2m-calls", 0)), failed)
