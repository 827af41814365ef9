"""The cache: concurrent requests for a value share one computation, and stale values serve while M2M is down."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from stac_bridge.errors import NO_ANSWER, UpstreamBusy
from stac_bridge.request_context import SharedDemand, current_request, until_deadline
from stac_bridge.store.cache_entry import CacheEntry, CachePolicy
from stac_bridge.store.memory import MemoryCache

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stac_bridge.store.cache_entry import CacheBackend, Health

T = TypeVar("T")

_GRACE = 0.1
"""Seconds that a caller waits after its deadline: the computation's own error shows better what took so long."""


class Store:
    """A cache in ``backend``: in memory by default.

    Each ``get_or_make`` reports to ``listener`` the first word of its key, and hit, miss, coalesced or stale.
    """

    def __init__(self, backend: CacheBackend | None = None, listener: Callable[[str, str], None] | None = None) -> None:
        self._backend = backend or MemoryCache()
        self._listener = listener
        self._computations: dict[str, _Computation] = {}

    async def get(self, key: str) -> Any | None:
        """Return the fresh value under ``key``, or None."""
        entry = await self._backend.get(key)
        return entry.value if entry and entry.is_fresh else None

    async def put(self, key: str, value: object, *, ttl: float, size: int = 1024) -> None:
        """Store ``value`` (about ``size`` bytes) for ``ttl`` seconds, unless it is too large."""
        if ttl > 0:
            await self._backend.put(key, value, CachePolicy(ttl, size=size))

    async def drop(self, key: str) -> None:
        """Delete the value under ``key``."""
        await self._backend.drop(key)

    async def health(self) -> Health:
        """Return the state of the backend, within a moment."""
        return await self._backend.health()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def get_or_make(
        self,
        key: str,
        make: Callable[[], Awaitable[T]],
        *,
        ttl: float,
        stale: float = 0,
        size: Callable[[T], int] = lambda _value: 1024,
        finish_abandoned: bool = True,
    ) -> T:
        """Return the cached value, or the result of ``make``, computed once for all concurrent callers in any worker.

        For ``stale`` seconds past its ``ttl``, a value is returned when M2M is down; ``current_request().stale_age``
        then has its age. If all callers go away, the computation goes on; with ``finish_abandoned=False`` it is
        cancelled, unless it has cost a call to M2M already. An error is raised to every waiting caller of this process
        and is not cached.
        """
        entry = await self._backend.get(key)
        if entry and entry.is_fresh:
            self._report(key, "hit")
            return entry.value  # type: ignore[no-any-return]

        async def make_and_store() -> T:
            return await self._make(key, make, lambda value: CachePolicy(ttl, stale, size(value)))

        try:
            return await self._share(key, make_and_store, finish_abandoned)
        except NO_ANSWER:
            old = await self._backend.get(key)
            if old is None:
                raise
            self._report(key, "stale")
            return _stale_value(old)  # type: ignore[no-any-return]

    async def _share(self, key: str, make: Callable[[], Awaitable[T]], finish_abandoned: bool) -> T:
        computation = self._computations.get(key)
        self._report(key, "coalesced" if computation else "miss")
        if computation is None:
            computation = self._computations[key] = _Computation(make)
            computation.task.add_done_callback(lambda task: self._forget(key, task))
        try:
            return await computation.wait()  # type: ignore[no-any-return]
        finally:
            if not finish_abandoned and computation.is_abandoned:
                self._forget(key, computation.task)
                computation.task.cancel()

    async def _make(self, key: str, make: Callable[[], Awaitable[T]], policy_of: Callable[[T], CachePolicy]) -> T:
        async with self._backend.claim(key) as entry:
            if entry is not None:
                return entry.value  # type: ignore[no-any-return]
            value = await make()
            policy = policy_of(value)
            if policy.ttl > 0:
                await self._backend.put(key, value, policy)
            return value

    def _forget(self, key: str, task: asyncio.Future[Any]) -> None:
        """Let the next caller start a new computation."""
        computation = self._computations.get(key)
        if computation and computation.task is task:
            del self._computations[key]
        if task.done() and not task.cancelled():
            task.exception()  # mark it as retrieved: asyncio warns otherwise if no caller is left

    def _report(self, key: str, outcome: str) -> None:
        if self._listener:
            self._listener(key.partition(" ")[0], outcome)


class _Computation:
    """A value being made, and the callers waiting for it.

    It is made at the earliest of their places in the queue for M2M, and until the latest of their deadlines; each of
    them waits until its own.
    """

    def __init__(self, make: Callable[[], Awaitable[Any]]) -> None:
        self._demand = SharedDemand()
        with self._demand.served():
            self.task = asyncio.ensure_future(make())
        self._request = current_request()  # the first caller's: the task runs in its context and counts calls there
        self._calls_before = self._request.calls

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody waits for it and it has cost no call to M2M."""
        return not self._demand.is_awaited and self._request.calls == self._calls_before

    async def wait(self) -> Any:
        try:
            with self._demand.joined():
                async with until_deadline(_GRACE):
                    return await asyncio.shield(self.task)
        except TimeoutError:
            if self.task.done() and not self.task.cancelled():
                return self.task.result()
            raise UpstreamBusy(
                "M2M, which handles one request at a time, did not answer before the deadline; retry in a moment.",
                retry_after=5,
            ) from None


def _stale_value(entry: CacheEntry) -> Any:
    request = current_request()
    if not entry.is_fresh:
        request.stale_age = max(request.stale_age or 0, entry.age)
    return entry.value
