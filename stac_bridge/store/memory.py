"""Values kept in this process: those used longest ago go first once the kept sizes exceed a bound in bytes."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from cachetools import TLRUCache

from stac_bridge.store.cache_entry import Health, Kept, Terms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["MAX_BYTES", "Memory"]

MAX_BYTES = 128 * 2**20
"""Bytes that a process keeps."""


class Memory:
    """A Shelf of at most ``max_bytes``; ``clock`` in seconds."""

    def __init__(self, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: TLRUCache[str, tuple[Any, Terms, float]] = TLRUCache(
            max_bytes,
            ttu=lambda _key, entry, _now: entry[2] + entry[1].lasts,
            timer=clock,
            getsizeof=lambda entry: entry[1].size,
        )

    async def get(self, key: str) -> Kept | None:
        """What is kept under ``key``."""
        return self.find(key)

    def find(self, key: str) -> Kept | None:
        """The same, at once."""
        entry = self._kept.get(key)
        return None if entry is None else Kept(entry[0], entry[1], self._clock() - entry[2])

    async def put(self, key: str, value: object, terms: Terms) -> None:
        """Keep a value."""
        self.keep(key, Kept(value, terms, 0))

    def keep(self, key: str, kept: Kept) -> None:
        """Keep one that has an age already; what has no time left, or is larger than the bound, is not kept."""
        if kept.age < kept.terms.lasts and kept.terms.size <= self._kept.maxsize:
            self._kept[key] = (kept.value, kept.terms, self._clock() - kept.age)
        else:
            self._kept.pop(key, None)

    async def drop(self, key: str) -> None:
        """Forget ``key``."""
        self._kept.pop(key, None)

    @asynccontextmanager
    async def claim(self, key: str) -> AsyncIterator[Kept | None]:
        """Nobody else uses this memory, and the Store has one maker for a key at a time."""
        yield None

    async def health(self) -> Health:
        """Always well."""
        return Health("memory")

    async def aclose(self) -> None:
        """Nothing is open."""
