"""A cache that all workers share through Redis; while Redis is down, each worker uses its own memory."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from cachetools import LRUCache
from redis.exceptions import LockError

from stac_bridge import __version__
from stac_bridge.errors import UpstreamBusy
from stac_bridge.request_context import time_left
from stac_bridge.store.cache_entry import CacheEntry, CachePolicy, Health
from stac_bridge.store.memory import MemoryCache
from stac_bridge.store.redis_connection import RedisDown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from redis.asyncio import Redis
    from redis.asyncio.lock import Lock

    from stac_bridge.store.redis_connection import RedisConnection
    from stac_bridge.store.signed_pickle import ValueSigner

MAX_VALUE_SIZE = 8 * 2**20
"""Bytes of a value in Redis; a larger one would block other clients, and stays with the worker that made it."""

THREAD_SIZE = 256 * 1024
"""Bytes from which a value is pickled in a thread, to keep the event loop free."""

CLAIM_TTL = 5.0
"""Seconds after which the claim of a worker that died ends."""

MAX_UNSHARED = 10_000
"""Keys of values that Redis did not store, of which this process keeps track."""

FIRST_POLL, MAX_POLL = 0.01, 0.1
"""Seconds between checks for the value that another worker is making; the interval doubles."""


class RedisCache:
    """A CacheBackend in Redis, with a copy of each value in this process.

    A value that may be stale is a response of M2M and never changes, so a fresh copy in this process is used without
    asking Redis. Any other value may be dropped by another worker, so Redis is queried each time. A copy that is
    missing from Redis is used only if Redis could not store it, because it was down, full, or read-only.
    """

    def __init__(
        self, connection: RedisConnection, signer: ValueSigner, realm: str, local: MemoryCache | None = None
    ) -> None:
        self._connection = connection
        self._signer = signer
        self._prefix = f"stac-bridge:{__version__}:{{{realm}}}"  # per version: another may read its pickles differently
        self._local = local or MemoryCache()
        self._unshared: LRUCache[str, None] = LRUCache(MAX_UNSHARED)

    async def get(self, key: str) -> CacheEntry | None:
        """Return the entry under ``key``."""
        local = self._local.find(key)
        if local and local.policy.stale and local.is_fresh:
            return local
        try:
            remote = await self._get_remote(key)
        except RedisDown:
            return local
        if not remote and local and not local.policy.stale and key not in self._unshared:
            await self._local.drop(key)
            local = None
        return remote or local

    async def _get_remote(self, key: str) -> CacheEntry | None:
        """Read from Redis. The age comes from Redis's TTL, so the clocks of several machines need not agree."""
        name = self._name(key)
        signed, milliseconds_left = await self._connection.call(lambda redis: _read(redis, name))
        if signed is None or milliseconds_left < 0:
            return None
        loads = self._signer.loads
        stored = loads(name, signed) if len(signed) < THREAD_SIZE else await asyncio.to_thread(loads, name, signed)
        if stored is None:
            return None
        value, policy = stored
        entry = CacheEntry(value, policy, max(0.0, policy.lifetime - milliseconds_left / 1000))
        self._local.insert(key, entry)
        return entry

    async def put(self, key: str, value: object, policy: CachePolicy) -> None:
        """Store a value."""
        self._local.insert(key, CacheEntry(value, policy, 0))
        name, dumps, stored = self._name(key), self._signer.dumps, (value, policy)
        signed = dumps(name, stored) if policy.size < THREAD_SIZE else await asyncio.to_thread(dumps, name, stored)
        self._unshared[key] = None
        with suppress(RedisDown):
            if len(signed) > MAX_VALUE_SIZE:
                await self._connection.call(lambda redis: redis.delete(name))
            else:
                await self._connection.set(name, signed, int(1000 * policy.lifetime))
                self._unshared.pop(key, None)

    async def drop(self, key: str) -> None:
        """Delete the entry under ``key``."""
        await self._local.drop(key)
        self._unshared.pop(key, None)
        with suppress(RedisDown):
            await self._connection.call(lambda redis: redis.delete(self._name(key)))

    @asynccontextmanager
    async def claim(self, key: str) -> AsyncIterator[CacheEntry | None]:
        """Hold the exclusive right to make the value for ``key``; the claim of a worker that dies expires."""
        lock, token = self._connection.lock(f"{self._name(key)}:claim", CLAIM_TTL), secrets.token_hex(8)
        renewal: asyncio.Task[None] | None = None
        try:
            entry = await self._acquire_or_wait(key, lock, token)
            if entry is None:
                renewal = asyncio.create_task(self._renew(lock))
            yield entry
        finally:
            if renewal:
                renewal.cancel()
            with suppress(RedisDown):
                # by token, not ``release()``: Redis may have granted a lock whose answer never arrived
                await self._connection.call(lambda _redis: _unless_lost(lambda: lock.do_release(token.encode())))

    async def _acquire_or_wait(self, key: str, lock: Lock, token: str) -> CacheEntry | None:
        """Return what another worker has made; None if this one has the claim, or Redis is down."""
        interval = FIRST_POLL
        try:
            while not await self._connection.call(lambda _redis: lock.acquire(blocking=False, token=token)):
                await asyncio.sleep(interval)
                interval = min(2 * interval, MAX_POLL)
                entry = await self._get_remote(key)
                if entry and entry.is_fresh:
                    return entry
                if time_left() <= 0:
                    raise UpstreamBusy("Another worker is still waiting for M2M's response; try again.", retry_after=5)
            entry = await self._get_remote(key)  # another worker may have finished just before
        except RedisDown:
            return None
        return entry if entry and entry.is_fresh else None

    async def _renew(self, lock: Lock) -> None:
        while True:
            await asyncio.sleep(CLAIM_TTL / 3)
            with suppress(RedisDown):
                await self._connection.call(lambda _redis: _unless_lost(lock.reacquire))

    async def health(self) -> Health:
        """Return whether Redis answers and stores values."""
        reason = await self._connection.failure()
        return Health("redis") if reason is None else Health("redis", "degraded", reason)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connection.aclose()

    def _name(self, key: str) -> str:
        return f"{self._prefix}:{self._signer.redis_key(key)}"


async def _read(redis: Redis, name: str) -> tuple[bytes | None, int]:
    """Return the value of a Redis key, and its remaining TTL in milliseconds."""
    pipeline = redis.pipeline(transaction=False)
    pipeline.get(name)
    pipeline.pttl(name)
    value, milliseconds_left = await pipeline.execute()
    return value, milliseconds_left


async def _unless_lost(use_lock: Callable[[], Awaitable[object]]) -> None:
    """Use a lock, if another worker has not taken it. If one has, both make the value, which is harmless."""
    with suppress(LockError):
        await use_lock()
