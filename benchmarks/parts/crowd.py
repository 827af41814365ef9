"""Many clients at once, each with its own loopback address, and how long their requests took."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import httpx

from benchmarks.parts.workload import Request

__all__ = ["Outcome", "Sample", "crowd"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: seconds, M2M calls that it cost, and the error, if it failed."""

    client: int
    kind: str
    seconds: float
    calls: int
    error: str = ""


@dataclass(frozen=True)
class Outcome:
    """All requests of all clients, and the seconds that they took together."""

    samples: Sequence[Sample]
    seconds: float

    @property
    def errors(self) -> list[str]:
        """The requests that failed, each with its error."""
        return [f"{sample.kind}: {sample.error}" for sample in self.samples if sample.error]

    @property
    def hits(self) -> float:
        """The share of requests without an M2M call: from the cache, or coalesced with a concurrent request."""
        return sum(sample.calls == 0 for sample in self.samples) / len(self.samples)

    @property
    def medians(self) -> list[float]:
        """Each client's median in seconds, the fastest client first."""
        return sorted(statistics.median(times) for times in self._by_client())

    @property
    def unfairness(self) -> float:
        """The slowest client's median divided by the median client's."""
        return self.medians[-1] / statistics.median(self.medians)

    def means(self) -> tuple[float, float]:
        """Return the mean seconds of the median client and of the slowest, which show how long they waited for M2M."""
        means = sorted(statistics.mean(times) for times in self._by_client())
        return statistics.median(means), means[-1]

    def fewest(self) -> int:
        """Return the number of requests of the client with the fewest."""
        return min(len(times) for times in self._by_client())

    def print_errors(self, limit: int = 3) -> None:
        """Print some distinct errors on stderr, for whoever looks into them."""
        for error in sorted(set(self.errors))[:limit]:
            print(f"failed: {error[:160]}", file=sys.stderr)

    def _by_client(self) -> list[list[float]]:
        clients = sorted({sample.client for sample in self.samples})
        return [[sample.seconds for sample in self.samples if sample.client == client] for client in clients]


async def crowd(
    address: str, requests_of: Callable[[int], Iterator[Request]], *, clients: int, requests: int, seconds: float
) -> Outcome:
    """Run clients at once; each sends its requests in sequence, up to a number of requests or of seconds."""
    start = time.monotonic()
    by_client = await asyncio.gather(
        *(_client(address, number, requests_of(number), requests, start + seconds) for number in range(clients))
    )
    return Outcome([sample for samples in by_client for sample in samples], time.monotonic() - start)


async def _client(address: str, number: int, requests: Iterator[Request], limit: int, deadline: float) -> list[Sample]:
    own_address = f"127.0.{1 + number // 250}.{1 + number % 250}"
    transport = httpx.AsyncHTTPTransport(verify=False, local_address=own_address)
    samples: list[Sample] = []
    async with httpx.AsyncClient(transport=transport, base_url=address, timeout=120) as client:
        while len(samples) < limit and time.monotonic() < deadline:
            samples.append(await _send(client, number, next(requests)))
    return samples


async def _send(client: httpx.AsyncClient, number: int, request: Request) -> Sample:
    start = time.monotonic()
    try:
        response = await client.get(request.path, headers=dict(request.headers))
    except httpx.HTTPError as error:
        return Sample(number, request.kind, time.monotonic() - start, 0, repr(error))
    error_text = "" if request.is_answered_by(response) else f"{response.status_code} {response.text[:200]}"
    calls = int(response.headers.get("x-m2m-calls", 0))
    return Sample(number, request.kind, time.monotonic() - start, calls, error_text)
