"""Values kept by key, made once however many ask, and given past their time while M2M does not answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from stac_bridge.errors import UpstreamBusy, UpstreamTimeout, UpstreamUnreachable
from stac_bridge.request_context import current
from stac_bridge.store.cache_entry import Kept, Terms
from stac_bridge.store.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stac_bridge.store.cache_entry import Health, Shelf

__all__ = ["Store"]

T = TypeVar("T")

_DOWN = (UpstreamBusy, UpstreamTimeout, UpstreamUnreachable)
"""What is better answered with an old value."""


class Store:
    """Keeps values on a ``shelf``: in memory unless told.

    ``listener`` hears of each ``once`` the first word of its key, and hit, miss, coalesced or stale.
    """

    def __init__(self, shelf: Shelf | None = None, listener: Callable[[str, str], None] | None = None) -> None:
        self._shelf = shelf or Memory()
        self._listener = listener
        self._making: dict[str, _Making] = {}

    async def get(self, key: str) -> Any | None:
        """The value kept under ``key``, or None."""
        kept = await self._shelf.get(key)
        return kept.value if kept and kept.is_fresh else None

    async def put(self, key: str, value: object, *, ttl: float, size: int = 1024) -> None:
        """Keep ``value`` (``size`` bytes, roughly) for ``ttl`` seconds; what is too large is not kept."""
        if ttl > 0:
            await self._shelf.put(key, value, Terms(ttl, size=size))

    async def drop(self, key: str) -> None:
        """Forget ``key``."""
        await self._shelf.drop(key)

    async def health(self) -> Health:
        """Whether values are kept where they should be; takes at most a moment."""
        return await self._shelf.health()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._shelf.aclose()

    async def once(
        self,
        key: str,
        make: Callable[[], Awaitable[T]],
        *,
        ttl: float,
        stale: float = 0,
        size: Callable[[T], int] = lambda _value: 1024,
        outlives: bool = True,
    ) -> T:
        """The kept value, or the one that ``make`` gives: all who ask meanwhile, in any worker, share one making.

        For ``stale`` seconds past its ``ttl`` a value is given where M2M does not answer: ``current().age`` tells.
        The making goes on when some who asked go away; when all do, it is given up as long as it has cost no call,
        but not where it ``outlives`` them. An error reaches everybody who waits in this process and is not kept.
        """
        kept = await self._shelf.get(key)
        if kept and kept.is_fresh:
            self._tell(key, "hit")
            return kept.value  # type: ignore[no-any-return]

        async def made() -> T:
            return await self._make(key, make, lambda value: Terms(ttl, stale, size(value)))

        try:
            return await self._shared(key, made, outlives)
        except _DOWN:
            old = await self._shelf.get(key)
            if old is None:
                raise
            self._tell(key, "stale")
            return _past_its_time(old)  # type: ignore[no-any-return]

    async def _shared(self, key: str, made: Callable[[], Awaitable[T]], outlives: bool) -> T:
        making = self._making.get(key)
        self._tell(key, "coalesced" if making else "miss")
        if making is None:
            making = self._making[key] = _Making(asyncio.ensure_future(made()))
            making.task.add_done_callback(lambda done: self._ended(key, done))
        try:
            return await making.wait()  # type: ignore[no-any-return]
        finally:
            if not outlives and making.is_idle:
                self._ended(key, making.task)
                making.task.cancel()

    async def _make(self, key: str, make: Callable[[], Awaitable[T]], terms: Callable[[T], Terms]) -> T:
        async with self._shelf.claim(key) as made:
            if made is not None:
                return made.value  # type: ignore[no-any-return]
            value = await make()
            under = terms(value)
            if under.ttl > 0:
                await self._shelf.put(key, value, under)
            return value

    def _ended(self, key: str, task: asyncio.Future[Any]) -> None:
        """Whoever asks from now on begins anew."""
        making = self._making.get(key)
        if making and making.task is task:
            del self._making[key]
        if task.done() and not task.cancelled():
            task.exception()  # seen here, so that a making nobody waits for any more raises no warning

    def _tell(self, key: str, outcome: str) -> None:
        if self._listener:
            self._listener(key.partition(" ")[0], outcome)


class _Making:
    """A value in the making, and how many wait for it."""

    def __init__(self, task: asyncio.Future[Any]) -> None:
        self.task = task
        self._waiting = 0
        self._budget = current()  # that of whoever asked first, on which the making draws
        self._calls = self._budget.calls

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for it, and nothing was spent on it."""
        return not self._waiting and self._budget.calls == self._calls

    async def wait(self) -> Any:
        self._waiting += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self._waiting -= 1


def _past_its_time(old: Kept) -> Any:
    budget = current()
    if not old.is_fresh:
        budget.age = max(budget.age or 0, old.age)
    return old.value
