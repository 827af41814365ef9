"""A cache in this process, limited in bytes; the least recently used entries are removed first."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from cachetools import TLRUCache

from stac_bridge.store.cache_entry import CacheEntry, CachePolicy, Health

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

MAX_BYTES = 128 * 2**20
"""Maximum size of the entries of one process."""


class MemoryCache:
    """A CacheBackend of at most ``max_bytes``; ``clock`` is in seconds."""

    def __init__(self, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: TLRUCache[str, tuple[Any, CachePolicy, float]] = TLRUCache(
            max_bytes,
            ttu=lambda _key, entry, _now: entry[2] + entry[1].lifetime,
            timer=clock,
            getsizeof=lambda entry: entry[1].size,
        )

    async def get(self, key: str) -> CacheEntry | None:
        """Return the entry under ``key``."""
        return self.find(key)

    def find(self, key: str) -> CacheEntry | None:
        """Do the same as ``get``, for callers that are not async."""
        stored = self._entries.get(key)
        if stored is None:
            return None
        value, policy, stored_at = stored
        return CacheEntry(value, policy, self._clock() - stored_at)

    async def put(self, key: str, value: object, policy: CachePolicy) -> None:
        """Store a value."""
        self.insert(key, CacheEntry(value, policy, 0))

    def insert(self, key: str, entry: CacheEntry) -> None:
        """Store an entry that already has an age; drops it if its lifetime is over or it exceeds the whole cache."""
        if entry.age < entry.policy.lifetime and entry.policy.size <= self._entries.maxsize:
            self._entries[key] = (entry.value, entry.policy, self._clock() - entry.age)
        else:
            self._entries.pop(key, None)

    async def drop(self, key: str) -> None:
        """Delete the entry under ``key``."""
        self._entries.pop(key, None)

    @asynccontextmanager
    async def claim(self, key: str) -> AsyncIterator[CacheEntry | None]:
        """Enter at once: no other process uses this cache, and Store makes a value only once at a time."""
        yield None

    async def health(self) -> Health:
        """Return ok, always."""
        return Health("memory")

    async def aclose(self) -> None:
        """Do nothing: there are no connections."""
