"""The gate to the M2M account, which serves one request at a time, login included [REFERENCE §10]."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from stac_bridge.errors import UpstreamBusy, UpstreamError
from stac_bridge.m2m.turn_order import Ticket, TurnQueue
from stac_bridge.request_context import current_demand, until_deadline

_MIN_RETRY_AFTER, _MAX_RETRY_AFTER = 1, 300
"""Bounds of the Retry-After of a rejected request, in seconds."""

_NEWEST_WEIGHT = 0.2
"""Weight of the latest turn in the moving average of their length."""


class AccountLease(Protocol):
    """The exclusive use of the account, while we have it."""

    def expires_at(self) -> float:
        """When (``time.monotonic``) the request must be over; may move either way; inf for a ``LocalLock``."""
        ...


class AccountLock(Protocol):
    """The lock on the account that several processes share."""

    def acquire(self) -> AbstractAsyncContextManager[AccountLease]:
        """Wait for the lock until the current request's deadline. Raises UpstreamBusy."""
        ...


class LocalLock:
    """The lock and lease of a process that has the account to itself: acquired at once, never expires."""

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[AccountLease]:
        """Acquire at once."""
        yield self

    def expires_at(self) -> float:
        """Never."""
        return math.inf


class Gate:
    """Lets one request through at a time, in the order of ``TurnQueue``, holding the ``lock`` meanwhile.

    A request for whose answer several callers wait has the places of all of them, and the latest of their deadlines.

    At most ``max_waiting`` requests wait. When one more comes, the newest request of the caller with the most is
    rejected: a single caller may fill the queue, but cannot shut the others out.
    """

    def __init__(
        self, max_waiting: int = 500, lock: AccountLock | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_waiting = max_waiting
        self._lock = lock or LocalLock()
        self._clock = clock
        self._queue = TurnQueue()
        self._waiting: dict[Ticket, asyncio.Future[None]] = {}
        self._turn_began: float | None = None
        self._average = 1.0

    @property
    def waiting(self) -> int:
        """Number of requests waiting for their turn."""
        return len(self._queue)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[AccountLease]:
        """Wait for the current request's turn until its deadline, and hold it inside. Raises UpstreamBusy."""
        await self._wait_for_turn()
        self._turn_began = began = self._clock()
        try:
            async with self._lock.acquire() as lease:
                yield lease
        finally:
            self._average += _NEWEST_WEIGHT * (self._clock() - began - self._average)
            self._call_next()

    def reject_all(self, make_error: Callable[[], UpstreamError]) -> None:
        """Reject every waiting request, each with its own new error (a shared one would mix up their tracebacks)."""
        while ticket := self._queue.next():
            self._reject(ticket, make_error())

    def estimated_wait(self) -> int:
        """Seconds until every request now waiting has had its turn, from the length of recent turns."""
        running = self._clock() - self._turn_began if self._turn_began is not None else 0.0
        wait = len(self._queue) * max(self._average, running)
        return math.ceil(min(max(_MIN_RETRY_AFTER, wait), _MAX_RETRY_AFTER))

    async def _wait_for_turn(self) -> None:
        if self._turn_began is None:
            return
        try:
            async with until_deadline():
                await self._wait_in_queue()
        except TimeoutError:
            raise self._busy() from None

    async def _wait_in_queue(self) -> None:
        demand = current_demand()
        ticket, called = Ticket(demand.places), asyncio.get_running_loop().create_future()
        self._queue.join(ticket)
        self._waiting[ticket] = called
        if len(self._queue) > self._max_waiting:
            self._reject_excess(ticket)

        def move() -> None:
            if ticket in self._waiting:
                self._queue.move(ticket, demand.places)

        try:
            with demand.watch(move):
                await called
        except BaseException:
            if ticket in self._waiting:
                self._queue.leave(ticket)
                del self._waiting[ticket]
            elif not called.cancelled() and called.exception() is None:
                self._call_next()  # it was called and cancelled in the same moment: pass the turn on
            raise

    def _reject_excess(self, newcomer: Ticket) -> None:
        ticket = self._queue.excess(newcomer)
        self._queue.leave(ticket)
        self._reject(ticket, self._busy())

    def _reject(self, ticket: Ticket, error: UpstreamError) -> None:
        called = self._waiting.pop(ticket)
        if not called.done():
            called.set_exception(error)

    def _call_next(self) -> None:
        """Hand the turn to the next request at once: in between, a newcomer could take it out of order."""
        while ticket := self._queue.next():
            called = self._waiting.pop(ticket)
            if not called.done():
                called.set_result(None)
                return
        self._turn_began = None

    def _busy(self) -> UpstreamBusy:
        return UpstreamBusy(
            "Too many requests are waiting for the M2M account, which handles one at a time; retry in a moment.",
            retry_after=self.estimated_wait(),
        )
