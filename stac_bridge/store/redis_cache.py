"""Values that all workers share by way of Redis; while it is away, each has its own."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from stac_bridge import __version__
from stac_bridge.errors import UpstreamBusy
from stac_bridge.request_context import current
from stac_bridge.store.cache_entry import Health, Kept, Terms
from stac_bridge.store.memory import Memory
from stac_bridge.store.redis_connection import Away

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from stac_bridge.store.redis_connection import Link
    from stac_bridge.store.signed_pickle import Seal

__all__ = ["Remote"]

LARGEST = 8 * 2**20
"""Bytes of a value in Redis; a larger one would hold up the others, and stays with the worker that made it."""

BLOCKING = 256 * 1024
"""Bytes from which packing is left to a thread."""

CLAIM = 5.0
"""Seconds after which the claim of a worker that died ends."""

LOOKS = (0.01, 0.1)
"""Seconds between two looks for what another worker makes: from, to."""

_EXTEND = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0"
_LET_GO = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


class Remote:
    """A Shelf in Redis, and one in this process before it.

    What may be given past its time is an answer of M2M's, which nobody changes: while good, the copy at hand serves.
    Everything else may be dropped by another worker, so Redis is asked each time.
    """

    def __init__(self, link: Link, seal: Seal, realm: str, near: Memory | None = None) -> None:
        self._link = link
        self._seal = seal
        self._place = f"stac-bridge:{__version__}:{{{realm}}}"  # other code may read what this wrote otherwise
        self._near = near or Memory()

    async def get(self, key: str) -> Kept | None:
        """What is kept under ``key``."""
        near = self._near.find(key)
        if near and near.terms.stale and near.is_fresh:
            return near
        try:
            found = await self._far(key)
        except Away:
            return near
        if not found and near and not near.terms.stale:
            await self._near.drop(key)
            near = None
        return found or near

    async def _far(self, key: str) -> Kept | None:
        """Its age is counted by Redis, so that the clocks of several machines do not matter."""
        name = self._name(key)
        sealed, left = await self._link.ask(lambda redis: _read(redis, name))
        if sealed is None or left < 0:
            return None
        open_ = self._seal.unpack
        said = open_(name, sealed) if len(sealed) < BLOCKING else await asyncio.to_thread(open_, name, sealed)
        if said is None:
            return None
        value, terms = said
        kept = Kept(value, terms, max(0.0, terms.lasts - left / 1000))
        self._near.keep(key, kept)
        return kept

    async def put(self, key: str, value: object, terms: Terms) -> None:
        """Keep a value."""
        self._near.keep(key, Kept(value, terms, 0))
        name, close = self._name(key), self._seal.pack
        said = (value, terms)
        sealed = close(name, said) if terms.size < BLOCKING else await asyncio.to_thread(close, name, said)
        with suppress(Away):
            if len(sealed) > LARGEST:
                await self._link.ask(lambda redis: redis.delete(name))
            else:
                await self._link.ask(lambda redis: redis.set(name, sealed, px=max(1, int(1000 * terms.lasts))))

    async def drop(self, key: str) -> None:
        """Forget ``key``."""
        await self._near.drop(key)
        with suppress(Away):
            await self._link.ask(lambda redis: redis.delete(self._name(key)))

    @asynccontextmanager
    async def claim(self, key: str) -> AsyncIterator[Kept | None]:
        """Inside, no other worker makes a value for ``key``; the claim of one that dies ends by itself."""
        claim, token = f"{self._name(key)}:claim", secrets.token_hex(8)
        extending: asyncio.Task[None] | None = None
        try:
            made = await self._made_elsewhere(key, claim, token)
            if made is None:
                extending = asyncio.create_task(self._extend(claim, token))
            yield made
        finally:
            if extending:
                extending.cancel()
            with suppress(Away):
                await self._link.run(_LET_GO, [claim], token)

    async def _made_elsewhere(self, key: str, claim: str, token: str) -> Kept | None:
        """What another worker has made by now; None where this one is to make it, or Redis does not tell."""
        pause, longest = LOOKS
        try:
            while not await self._link.ask(lambda redis: redis.set(claim, token, nx=True, px=int(1000 * CLAIM))):
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)
                found = await self._far(key)
                if found and found.is_fresh:
                    return found
                if current().left <= 0:
                    raise UpstreamBusy("Another worker still waits for M2M's answer to this; try again.", retry_after=5)
            found = await self._far(key)  # by one that ended in between
        except Away:
            return None
        return found if found and found.is_fresh else None

    async def _extend(self, claim: str, token: str) -> None:
        while True:
            await asyncio.sleep(CLAIM / 3)
            with suppress(Away):
                await self._link.run(_EXTEND, [claim], token, int(1000 * CLAIM))

    async def health(self) -> Health:
        """Whether Redis answers."""
        reason = await self._link.reason()
        return Health("redis") if reason is None else Health("redis", "degraded", f"Redis is away ({reason})")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._link.aclose()

    def _name(self, key: str) -> str:
        return f"{self._place}:{self._seal.name(key)}"


async def _read(redis: Redis, name: str) -> tuple[bytes | None, int]:
    """What is there, and for how many milliseconds more."""
    both = redis.pipeline(transaction=False)
    both.get(name)
    both.pttl(name)
    sealed, left = await both.execute()
    return sealed, left
