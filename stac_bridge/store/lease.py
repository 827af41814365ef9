"""The account's one slot among several workers: a lease in Redis, given in the order of asking.

Whoever holds it renews it while its request runs, and must have ended the request when the lease ends without:
then another takes it. Who waits stands in a queue and is woken by whoever lets go; who died there is passed over.
"""

from __future__ import annotations

import asyncio
import math
import os
import secrets
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from stac_bridge.errors import UpstreamBusy
from stac_bridge.store.redis_connection import Away

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stac_bridge.store.redis_connection import Link

__all__ = ["Lease", "SharedSlot"]

LEASE = 5.0
"""Seconds that a lease lasts: so long M2M is not asked after a worker died that held it."""

RENEWED = 1.5
"""Seconds between two renewals; while Redis does not answer, ``AGAIN``."""

AGAIN = 0.3

MARGIN = 0.25
"""Seconds before its end at which a lease counts as ended here: clocks run apart, and aborting takes a moment."""

LOOK = 1.0
"""Seconds after which a waiter shows that it is alive; it counts as dead after three times that."""

GRACE = 2.0
"""Seconds for which Redis may be away before those who wait are sent home, and all who come meanwhile."""

_TIDY = """
local function wake()
  local first = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
  if first then
    redis.call('RPUSH', KEYS[5] .. first, '1')
    redis.call('PEXPIRE', KEYS[5] .. first, 5000)
  end
end
local function forget(ticket)
  redis.call('ZREM', KEYS[2], ticket)
  redis.call('ZREM', KEYS[3], ticket)
end
"""

_ASK = (
    _TIDY
    + """
local ticket, lease, dead = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('GET', KEYS[1]) == ticket then
  redis.call('PEXPIRE', KEYS[1], lease)
  return 0
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
for _, lost in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now - dead)) do forget(lost) end
if not redis.call('ZSCORE', KEYS[2], ticket) then
  local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2] or 0
  redis.call('ZADD', KEYS[2], last + 1, ticket)
end
redis.call('ZADD', KEYS[3], now, ticket)
local since = tonumber(redis.call('GET', KEYS[4]) or '')
if not since then
  since = ARGV[4] == '1' and now + lease or now
  redis.call('SET', KEYS[4], string.format('%.0f', since))
end
if now < since then return since - now end
local left = redis.call('PTTL', KEYS[1])
if left ~= -2 then return math.max(left, 1) end
if redis.call('ZRANGE', KEYS[2], 0, 0)[1] ~= ticket then
  wake()
  return dead
end
redis.call('SET', KEYS[1], ticket, 'PX', lease)
forget(ticket)
return 0
"""
)
"""Milliseconds after which to ask again; 0: the slot is the ticket's. A Redis that has lost what it knew, as those
tell who have asked it before, grants nothing for the time of a lease: somebody may hold one. A ticket that has the
slot already did not hear of it, because the answer came too late."""

_RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
"""Whether the lease goes on: also where it had ended, or Redis has lost it, and nobody took it."""

_LEAVE = (
    _TIDY
    + """
forget(ARGV[1])
redis.call('DEL', KEYS[5] .. ARGV[1])
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
if redis.call('EXISTS', KEYS[1]) == 0 then wake() end
"""
)


class Lease:
    """The slot, held."""

    def __init__(self, until: float) -> None:
        self._until = until

    def until(self) -> float:
        """When the request must have ended, as ``time.monotonic`` tells it; later, as long as it is renewed."""
        return self._until - MARGIN

    def goes_on(self, until: float) -> None:
        """It was renewed."""
        self._until = until

    def is_lost(self) -> None:
        """Another has it."""
        self._until = -math.inf


class SharedSlot:
    """The slot of the account that ``realm`` stands for. Implements what the gate asks of a slot."""

    def __init__(self, link: Link, realm: str, seconds: float = LEASE) -> None:
        place = f"stac-bridge:{{{realm}}}:slot"  # of all versions, since M2M counts them together
        self._keys = [place, f"{place}:queue", f"{place}:alive", f"{place}:since", f"{place}:wake:"]
        self._link = link
        self._seconds = seconds
        self._renewed, self._look = RENEWED * seconds / LEASE, LOOK * seconds / LEASE
        self._known = 0

    @asynccontextmanager
    async def held(self, patience: float) -> AsyncIterator[Lease]:
        """The slot, waited for at most ``patience`` seconds. Raises UpstreamBusy, also where Redis is away."""
        ticket = f"{os.getpid()}.{secrets.token_hex(8)}"  # for people: GET tells which process holds it
        renewing: asyncio.Task[None] | None = None
        try:
            lease = await self._lease(ticket, time.monotonic() + patience)
            renewing = asyncio.create_task(self._renew(ticket, lease))
            yield lease
        finally:
            if renewing:
                renewing.cancel()
            with suppress(Away):
                await self._link.run(_LEAVE, self._keys, ticket)

    async def _lease(self, ticket: str, deadline: float) -> Lease:
        while True:
            asked = time.monotonic()
            try:
                wait = await self._ask(ticket)
                if wait == 0:
                    return Lease(asked + self._seconds)
                await self._woken(ticket, min(wait / 1000, self._look, deadline - time.monotonic()))
            except Away as away:
                if self._link.away_for > GRACE:
                    raise _no_answer() from away
                await asyncio.sleep(AGAIN / 3)
            if time.monotonic() >= deadline:
                raise UpstreamBusy(
                    "Too many requests of all workers wait for the M2M account, which serves one at a time; "
                    "come back in a moment.",
                    retry_after=5,
                )

    async def _ask(self, ticket: str) -> int:
        lease, dead = int(1000 * self._seconds), int(3000 * self._look)
        wait = int(await self._link.run(_ASK, self._keys, ticket, lease, dead, self._known))
        self._known = 1
        return wait

    async def _woken(self, ticket: str, seconds: float) -> None:
        """Wait for whoever lets go of the slot, or so long."""
        seconds = max(0.01, seconds)
        await self._link.ask(lambda redis: redis.blpop([self._keys[4] + ticket], timeout=seconds), longer=seconds)

    async def _renew(self, ticket: str, lease: Lease) -> None:
        pause = self._renewed
        while True:
            await asyncio.sleep(pause)
            asked, pause = time.monotonic(), AGAIN
            with suppress(Away):
                if not await self._link.run(_RENEW, self._keys[:1], ticket, int(1000 * self._seconds)):
                    lease.is_lost()
                    return
                lease.goes_on(asked + self._seconds)
                pause = self._renewed


def _no_answer() -> UpstreamBusy:
    return UpstreamBusy(
        "The workers' shared store does not answer, so that no worker can tell whether it may ask M2M; "
        "come back in a moment.",
        retry_after=5,
    )
