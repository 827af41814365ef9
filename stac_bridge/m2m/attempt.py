"""One request to M2M at a time: waiting for the turn, sending, and telling how it went."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import orjson

from stac_bridge.errors import UpstreamBusy, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from stac_bridge.m2m.calls import Call, outcome_of
from stac_bridge.m2m.errors import Transient, envelope, read_data, request_id
from stac_bridge.request_context import current

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from stac_bridge.m2m.breaker import Breaker
    from stac_bridge.m2m.calls import Told
    from stac_bridge.m2m.turns import Gate, Held

__all__ = ["Exchange", "too_late"]

T = TypeVar("T")

_ABORTING = 0.2
"""Seconds that aborting a request may take; so much earlier than the slot ends it is begun."""

_LOOK = 0.25
"""Seconds between two looks at when the slot ends, which may come nearer when another process has taken it."""

_FAREWELL = 5
"""Seconds for which closing waits for requests that are still at M2M."""


@dataclass(slots=True)
class _Flight:
    """An attempt on its way: ``sent`` is when its turn began, and ``name`` M2M's requestId, once there are such."""

    endpoint: str
    payload: dict[str, Any]
    asked: float
    sent: float | None = None
    name: str | None = None

    def told(self, error: BaseException | None) -> Call:
        now = time.monotonic()
        begun = now if self.sent is None else self.sent
        return Call(self.endpoint, outcome_of(error, self.sent is not None), begun - self.asked, now - begun, self.name)


class Exchange:
    """Requests of one account. ``timeout`` (seconds) bounds each, login included; ``told`` hears of each."""

    def __init__(self, http: httpx.AsyncClient, gate: Gate, breaker: Breaker, told: Told, timeout: float) -> None:
        self._http = http
        self._gate = gate
        self._breaker = breaker
        self._told = told
        self._timeout = timeout
        self._flights: set[asyncio.Task[Any]] = set()

    async def attempt(self, endpoint: str, payload: dict[str, Any], patience: float) -> tuple[Any, int]:
        """The data of an answer and its size in bytes. Raises UpstreamError, or Transient around one.

        Whoever goes away while waiting is out of the line at once. A request that was sent is not called back: M2M
        works on it all the same, and refuses any other meanwhile, so the turn is kept until it has answered.
        """
        flight = _Flight(endpoint, payload, time.monotonic())
        task = asyncio.create_task(self._fly(flight, patience))
        self._flights.add(task)
        task.add_done_callback(self._landed)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if flight.sent is None:
                task.cancel()
            raise

    async def aclose(self) -> None:
        """Wait a little for what is at M2M still, and call back what takes longer."""
        if self._flights:
            await asyncio.wait(self._flights, timeout=_FAREWELL)
        left = list(self._flights)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _fly(self, flight: _Flight, patience: float) -> tuple[Any, int]:
        error: BaseException | None = None
        try:
            self._breaker.check()
            async with self._gate.turn(patience) as held:
                return await self._within(flight, held)
        except BaseException as failed:
            error = failed
            raise
        finally:
            self._tell(flight.told(error))

    async def _within(self, flight: _Flight, held: Held) -> tuple[Any, int]:
        """The turn is ours. When M2M turns out to be down, all who wait hear of it."""
        try:
            with self._breaker.passing():
                flight.sent = time.monotonic()
                return await self._send(flight, held)
        finally:
            if self._breaker.state == "open":
                self._gate.turn_away(self._breaker.refusal)

    async def _send(self, flight: _Flight, held: Held) -> tuple[Any, int]:
        ends = time.monotonic() + self._timeout
        post = self._http.post(
            flight.endpoint, content=orjson.dumps(flight.payload), headers={"Content-Type": "application/json"}
        )
        try:
            response = await _before(lambda: min(ends, held.until() - _ABORTING), post)
        except (TimeoutError, httpx.TimeoutException) as late:
            lost = isinstance(late, TimeoutError) and time.monotonic() < ends
            raise Transient(_lost() if lost else too_late(flight.endpoint)) from late
        except (httpx.TransportError, httpx.DecodingError) as fault:
            raise Transient(_unreachable(fault)) from fault
        said = envelope(response)
        flight.name = request_id(said)
        return read_data(said, response), len(response.content)

    def _tell(self, call: Call) -> None:
        budget = current()
        budget.queued += call.queued
        budget.upstream += call.seconds
        self._told(call)

    def _landed(self, task: asyncio.Task[Any]) -> None:
        self._flights.discard(task)
        if not task.cancelled():
            task.exception()  # seen here, so that one whose asker has gone raises no warning


async def _before(until: Callable[[], float], work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` gives. Raises TimeoutError, the work cancelled, once ``until()`` has come; it may move."""
    task = asyncio.create_task(work)
    try:
        while not task.done() and (left := until() - time.monotonic()) > 0:
            await asyncio.wait({task}, timeout=min(left, _LOOK))
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def too_late(endpoint: str) -> UpstreamTimeout:
    """What is said when an answer does not come in time."""
    return UpstreamTimeout(f"M2M did not answer {endpoint} in time; it may be busy. Try again later.", retry_after=60)


def _unreachable(fault: httpx.HTTPError) -> UpstreamError:
    return UpstreamUnreachable(f"M2M cannot be reached ({type(fault).__name__}); try again later.", retry_after=60)


def _lost() -> UpstreamError:
    return UpstreamBusy("The turn at the M2M account ended before M2M had answered; try again later.", retry_after=5)
