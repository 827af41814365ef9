"""What is known for a while: values kept by key, made once however many ask.

In memory only so far: least recently used values go first once the kept sizes exceed a bound in bytes.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar

from cachetools import TLRUCache

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Store"]

T = TypeVar("T")


class Store:
    """A bounded memory with a time to live for each value, and one maker for each key at a time."""

    def __init__(self, max_bytes: int = 128 * 2**20, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: TLRUCache[str, tuple[Any, float, int]] = TLRUCache(
            max_bytes,
            ttu=lambda _key, entry, now: now + entry[1],
            timer=clock,
            getsizeof=lambda entry: entry[2],
        )
        self._making: dict[str, asyncio.Task[Any]] = {}

    def get(self, key: str) -> Any | None:
        """The value kept under ``key``, or None."""
        entry = self._kept.get(key)
        return None if entry is None else entry[0]

    def put(self, key: str, value: object, *, ttl: float, size: int = 1024) -> None:
        """Keep ``value`` (``size`` bytes, roughly) for ``ttl`` seconds; what is larger than the bound is not kept."""
        if ttl > 0 and size <= self._kept.maxsize:
            self._kept[key] = (value, ttl, size)

    def drop(self, key: str) -> None:
        """Forget ``key``."""
        self._kept.pop(key, None)

    async def once(
        self,
        key: str,
        make: Callable[[], Awaitable[T]],
        *,
        ttl: float,
        size: Callable[[T], int] = lambda _value: 1024,
    ) -> T:
        """The kept value, or the one that ``make`` gives: all who ask meanwhile share one making.

        The making goes on when the first who asked goes away, because the others still wait for it.
        An error reaches everybody who waits and is not kept.
        """
        kept = self.get(key)
        if kept is not None:
            return kept  # type: ignore[no-any-return]
        task = self._making.get(key)
        if task is None:
            task = asyncio.ensure_future(self._make(key, make, ttl, size))
            self._making[key] = task
            task.add_done_callback(lambda done: self._made(key, done))
        return await asyncio.shield(task)

    async def _make(self, key: str, make: Callable[[], Awaitable[T]], ttl: float, size: Callable[[T], int]) -> T:
        value = await make()
        self.put(key, value, ttl=ttl, size=size(value))
        return value

    def _made(self, key: str, task: asyncio.Task[Any]) -> None:
        self._making.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen here, so that a making nobody waits for any more raises no warning
