"""The request being answered: its id, caller, priority and deadline, and what it has cost so far.

Context variables carry these through every call, so that no function has to pass them on.
Work outside any request (a background refresh) has no caller, the lowest priority, and no deadline unless it sets one.
Work that several requests share has the places of all of them, and the latest of their deadlines.
"""

from __future__ import annotations

import asyncio
import math
import re
import secrets
import time
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractContextManager

REQUEST_ID_HEADER = "X-Request-ID"

_SAFE_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request being answered, for the log; empty in the background."""


def choose_request_id(value: str | None) -> str:
    """Return the caller's request id if it is safe in a log line, else a new random one.

    >>> choose_request_id("4bf92f35-77b34da6"), len(choose_request_id("two\\nlines")), len(choose_request_id(None))
    ('4bf92f35-77b34da6', 16, 16)
    """
    return value if value and _SAFE_ID.fullmatch(value) else secrets.token_hex(8)


class CallPriority(StrEnum):
    """What a call to M2M is for. The gate weighs calls by it (``m2m/turn_order.py``)."""

    asset = "asset"
    page = "page"
    background = "background"


@dataclass(slots=True)
class RequestContext:
    """The caller and priority of a request, and a running total of what it has cost."""

    caller: str = ""
    """The caller's address; empty for the server's own background work."""
    priority: CallPriority = CallPriority.background
    calls: int = 0
    """Requests sent to M2M, logins and retries included."""
    queued: float = 0
    """Seconds spent waiting for a turn at the M2M account."""
    upstream: float = 0
    """Seconds M2M took to answer."""
    stale_age: float | None = None
    """Age in seconds of the oldest value used past its TTL because M2M is down; None if all values were fresh."""


class Place(NamedTuple):
    """A place in the queue for M2M."""

    caller: str
    priority: CallPriority


class Demand(Protocol):
    """For whom work is done: their places in the queue for M2M, and until when they wait."""

    @property
    def places(self) -> frozenset[Place]:
        """The places of all requests that wait for the work."""
        ...

    @property
    def deadline(self) -> float:
        """When (``time.monotonic``) the last of them stops waiting."""
        ...

    @property
    def newest(self) -> float:
        """When (``time.monotonic``) the last of them began to wait."""
        ...

    def watch(self, on_change: Callable[[], None]) -> AbstractContextManager[None]:
        """Call ``on_change`` inside, whenever any of the above changes."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _SingleDemand:
    """The demand of one request, which never changes."""

    places: frozenset[Place]
    deadline: float
    newest: float

    @contextmanager
    def watch(self, _on_change: Callable[[], None]) -> Iterator[None]:
        """Do nothing: it never changes."""
        yield


class SharedDemand:
    """The demand of all requests that wait for work they share.

    When the last of them leaves, its place and deadline remain for work that goes on nevertheless.
    """

    def __init__(self) -> None:
        self._present: dict[object, Demand] = {}
        self._last: Demand | None = None
        self._callbacks: dict[object, Callable[[], None]] = {}

    @property
    def places(self) -> frozenset[Place]:
        """The places of those who wait."""
        return frozenset().union(*(demand.places for demand in self._demands))

    @property
    def deadline(self) -> float:
        """The latest deadline."""
        return max((demand.deadline for demand in self._demands), default=math.inf)

    @property
    def newest(self) -> float:
        """When the last of them began to wait."""
        return max((demand.newest for demand in self._demands), default=-math.inf)

    @contextmanager
    def watch(self, on_change: Callable[[], None]) -> Iterator[None]:
        """Call ``on_change`` when a request joins or leaves."""
        token = object()
        self._callbacks[token] = on_change
        try:
            yield
        finally:
            del self._callbacks[token]

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Add the demand of the current request while inside."""
        token, demand = object(), current_demand()
        with demand.watch(self._report):  # it can itself be shared, by those who wait for an outer piece of work
            self._present[token] = demand
            self._report()
            try:
                yield
            finally:
                self._last = self._present.pop(token)
                self._report()

    def served(self) -> AbstractContextManager[None]:
        """Make this the demand of the tasks that are started inside."""
        return _work_for(self)

    @property
    def is_awaited(self) -> bool:
        """Whether any request waits for the work now."""
        return bool(self._present)

    @property
    def _demands(self) -> tuple[Demand, ...]:
        return tuple(self._present.values()) or ((self._last,) if self._last else ())

    def _report(self) -> None:
        for callback in tuple(self._callbacks.values()):
            callback()


@dataclass(frozen=True, slots=True, eq=False)
class _NarrowedDemand:
    """Another demand, each request of which waits ``seconds`` at most, from ``began`` or from when it joined."""

    inner: Demand
    seconds: float
    began: float

    @property
    def places(self) -> frozenset[Place]:
        return self.inner.places

    @property
    def deadline(self) -> float:
        return min(self.inner.deadline, max(self.began, self.inner.newest) + self.seconds)

    @property
    def newest(self) -> float:
        return self.inner.newest

    def watch(self, on_change: Callable[[], None]) -> AbstractContextManager[None]:
        return self.inner.watch(on_change)


_BACKGROUND = _SingleDemand(frozenset({Place("", CallPriority.background)}), math.inf, -math.inf)

_current: ContextVar[RequestContext] = ContextVar("request_context")
_demand: ContextVar[Demand] = ContextVar("demand", default=_BACKGROUND)


def current_request() -> RequestContext:
    """Return the context of the request being answered; outside a request, a new one that nobody reads."""
    return _current.get(None) or RequestContext()


def current_demand() -> Demand:
    """Return for whom the current work is done."""
    return _demand.get()


def time_left() -> float:
    """Return the seconds until the deadline of the current work: negative once it has passed, inf without one."""
    return current_demand().deadline - time.monotonic()


@asynccontextmanager
async def until_deadline(grace: float = 0) -> AsyncIterator[None]:
    """Raise TimeoutError when the deadline of the current work, which may move, and ``grace`` seconds have passed."""
    demand, loop = current_demand(), asyncio.get_running_loop()

    def ends() -> float | None:
        left = demand.deadline - time.monotonic()
        return None if left == math.inf else loop.time() + left + grace

    async with asyncio.timeout_at(ends()) as timeout:

        def move() -> None:
            if not timeout.expired():
                timeout.reschedule(ends())

        with demand.watch(move):
            yield


@contextmanager
def request_deadline(
    seconds: float, caller: str = "", priority: CallPriority = CallPriority.background
) -> Iterator[RequestContext]:
    """Start a request that must end within ``seconds``; it replaces an enclosing request and its deadline."""
    context, now = RequestContext(caller, priority), time.monotonic()
    token = _current.set(context)
    try:
        with _work_for(_SingleDemand(frozenset({Place(caller, priority)}), now + seconds, now)):
            yield context
    finally:
        _current.reset(token)


def narrow_deadline(seconds: float) -> AbstractContextManager[None]:
    """Bring the deadline of the current work forward to at most ``seconds`` from now; costs still add up in it.

    A request that joins shared work later waits at most ``seconds`` from then.
    """
    return _work_for(_NarrowedDemand(current_demand(), seconds, time.monotonic()))


@contextmanager
def _work_for(demand: Demand) -> Iterator[None]:
    """Do the work inside for this demand."""
    token = _demand.set(demand)
    try:
        yield
    finally:
        _demand.reset(token)
