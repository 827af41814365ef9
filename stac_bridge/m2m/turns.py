"""Whose turn it is: M2M serves one request of an account at a time, login included [REFERENCE §10]."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from stac_bridge.errors import UpstreamBusy
from stac_bridge.m2m.turn_order import Line, Ticket
from stac_bridge.request_context import current

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from stac_bridge.errors import UpstreamError

__all__ = ["Alone", "Gate", "Held", "Slot"]

_LEAST, _MOST = 1, 300
"""Seconds between which it is told when to come back; nobody waits in the line for longer than the upper one."""

_FRESH = 0.2
"""How much the latest turn weighs in the average."""


class Held(Protocol):
    """The account's slot while we have it."""

    def until(self) -> float:
        """When (``time.monotonic``) the request must have been aborted; it may move, and is inf when alone."""
        ...


class Slot(Protocol):
    """The account's one slot among several processes."""

    def held(self, patience: float) -> AbstractAsyncContextManager[Held]:
        """The slot, waited for at most ``patience`` seconds. Raises UpstreamBusy."""
        ...


class Alone:
    """The slot of a process that shares the account with nobody."""

    @asynccontextmanager
    async def held(self, patience: float) -> AsyncIterator[Held]:
        """At once."""
        yield self

    def until(self) -> float:
        """Never."""
        return math.inf


class Gate:
    """One turn at a time within this process, fair as ``Line`` says, and the ``slot`` among processes with it.

    ``most_waiting`` may wait. One more, and the newest of the caller with most of them is turned away, so that a
    caller alone may use all the room, and none can use it up for the others.
    """

    def __init__(
        self, most_waiting: int = 500, slot: Slot | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most_waiting = most_waiting
        self._slot = slot or Alone()
        self._clock = clock
        self._line = Line()
        self._waiting: dict[Ticket, asyncio.Future[None]] = {}
        self._since: float | None = None
        self._average = 1.0

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._line)

    @asynccontextmanager
    async def turn(self, patience: float) -> AsyncIterator[Held]:
        """One turn of whoever ``current()`` names, waited for at most ``patience`` seconds. Raises UpstreamBusy."""
        until = self._clock() + patience
        await self._win(patience)
        self._since = begun = self._clock()
        try:
            async with self._slot.held(until - begun) as held:
                yield held
        finally:
            self._average += _FRESH * (self._clock() - begun - self._average)
            self._call_next()

    def turn_away(self, why: Callable[[], UpstreamError]) -> None:
        """Send all home who wait, each with an error of its own."""
        while ticket := self._line.next():
            self._send_home(ticket, why())

    def soon(self) -> int:
        """Seconds until all who wait now will have had their turns, as turns have gone of late."""
        running = self._clock() - self._since if self._since is not None else 0.0
        return math.ceil(min(max(_LEAST, len(self._line) * max(self._average, running)), _MOST))

    async def _win(self, patience: float) -> None:
        if self._since is None:
            return
        try:
            async with asyncio.timeout(None if patience == math.inf else patience):
                await self._wait()
        except TimeoutError:
            raise self._busy() from None

    async def _wait(self) -> None:
        ticket, called = Ticket(current().caller, current().errand), asyncio.get_running_loop().create_future()
        self._line.join(ticket)
        self._waiting[ticket] = called
        if len(self._line) > self._most_waiting:
            self._crowd_out(ticket)
        try:
            await called
        except BaseException:
            if ticket in self._waiting:
                self._line.leave(ticket)
                del self._waiting[ticket]
            elif not called.cancelled() and called.exception() is None:
                self._call_next()  # we were called, and went away in the same moment
            raise

    def _crowd_out(self, newcomer: Ticket) -> None:
        ticket = self._line.crowding(newcomer)
        self._line.leave(ticket)
        self._send_home(ticket, self._busy())

    def _send_home(self, ticket: Ticket, error: UpstreamError) -> None:
        called = self._waiting.pop(ticket)
        if not called.done():
            called.set_exception(error)

    def _call_next(self) -> None:
        """The turn never lies idle between two: whoever is called has it from this moment on."""
        while ticket := self._line.next():
            called = self._waiting.pop(ticket)
            if not called.done():
                called.set_result(None)
                return
        self._since = None

    def _busy(self) -> UpstreamBusy:
        return UpstreamBusy(
            "Too many requests wait for the M2M account, which serves one at a time; come back in a moment.",
            retry_after=self.soon(),
        )
