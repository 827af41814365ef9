"""The lock on the M2M account among several workers: a lease in Redis, granted first come, first served.

Its holder renews the lease while its request runs, and must have aborted the request when the lease expires without a
renewal: then another worker takes it. Waiting workers stand in a queue in Redis. A release wakes the first; one that
died is skipped. redis-py's own lock cannot replace this: its waiters poll, so they get it in random order, and after
Redis has lost its data a second holder could get it at once.

A Redis that refuses the scripts, such as a read-only replica, cannot coordinate workers. Then each worker sends its
requests at once: M2M rejects a second concurrent one with RATE_LIMIT, and it is retried. While Redis is down, none is
sent, because the others may still reach it.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import secrets
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from stac_bridge.errors import UpstreamBusy
from stac_bridge.request_context import time_left
from stac_bridge.store.redis_connection import RedisDown, RedisRefusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stac_bridge.store.redis_connection import RedisConnection

_log = logging.getLogger(__name__)

LEASE_TTL = 5.0
"""Seconds after which a lease expires: so long M2M gets no request after the holder died."""

RENEWAL_INTERVAL = 1.5
"""Seconds between two renewals."""

RETRY_INTERVAL = 0.3
"""Seconds between two attempts at a renewal while Redis does not answer."""

EXPIRY_MARGIN = 0.25
"""Seconds before its end at which a lease counts as expired here: clocks drift, and aborting takes a moment."""

HEARTBEAT_INTERVAL = 1.0
"""Seconds after which a waiting worker shows that it is alive; it counts as dead after three times that."""

REDIS_GRACE = 2.0
"""Seconds for which Redis may be down before waiting requests, and all new ones, are rejected."""

_ALLOW_OOM = "#!lua flags=allow-oom\n"
"""Lets a script write when Redis is full; Redis before 7 does not know it. The lease takes a few hundred bytes."""

_LUA_HELPERS = """
local function wake_first()
  local first = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
  if first then
    redis.call('RPUSH', KEYS[5] .. first, '1')
    redis.call('PEXPIRE', KEYS[5] .. first, 5000)
  end
end
local function remove(ticket)
  redis.call('ZREM', KEYS[2], ticket)
  redis.call('ZREM', KEYS[3], ticket)
end
"""

_ACQUIRE = (
    _LUA_HELPERS
    + """
local ticket, lease, dead_after = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('GET', KEYS[1]) == ticket then
  redis.call('PEXPIRE', KEYS[1], lease)
  return 0
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now - dead_after)) do remove(dead) end
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
  wake_first()
  return dead_after
end
redis.call('SET', KEYS[1], ticket, 'PX', lease)
remove(ticket)
return 0
"""
)
"""Returns the milliseconds after which to ask again; 0: the ticket has the lease.

A ticket that already has the lease asks again when the first answer came too late. A Redis that has lost its data
(``since`` is missing, although the worker has seen this Redis before: ARGV[4]) grants nothing for the time of one
lease, because a worker may still hold one from before.
"""

_RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
"""Returns whether the lease is extended: also if it had expired, or Redis had lost it, and it was free since."""

_RELEASE = (
    _LUA_HELPERS
    + """
remove(ARGV[1])
redis.call('DEL', KEYS[5] .. ARGV[1])
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
if redis.call('EXISTS', KEYS[1]) == 0 then wake_first() end
"""
)


class RedisLease:
    """A lease in hand. Implements ``m2m.turns.AccountLease``."""

    def __init__(self, ends: float) -> None:
        self._ends = ends

    def expires_at(self) -> float:
        """When (``time.monotonic``) the request must be over; later with every renewal, -inf once lost."""
        return self._ends - EXPIRY_MARGIN

    def extend(self, ends: float) -> None:
        """Record a renewal."""
        self._ends = ends

    def lose(self) -> None:
        """Record that another worker has the lease."""
        self._ends = -math.inf


class RedisAccountLock:
    """The lock on the account that ``realm`` stands for. Implements ``m2m.turns.AccountLock``."""

    def __init__(self, connection: RedisConnection, realm: str, ttl: float = LEASE_TTL) -> None:
        prefix = f"stac-bridge:{{{realm}}}:slot"  # one for all versions of the code: M2M counts them together
        self._keys = [prefix, f"{prefix}:queue", f"{prefix}:alive", f"{prefix}:since", f"{prefix}:wake:"]
        self._connection = connection
        self._ttl = ttl
        self._renewal_interval = RENEWAL_INTERVAL * ttl / LEASE_TTL
        self._heartbeat_interval = HEARTBEAT_INTERVAL * ttl / LEASE_TTL
        self._has_seen_redis = 0
        self._is_refused = False
        self._allow_oom = _ALLOW_OOM

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[RedisLease]:
        """Wait for the lease until the current request's deadline, and renew it inside.

        Raises UpstreamBusy, also if Redis is down.
        """
        ticket = f"{os.getpid()}.{secrets.token_hex(8)}"  # the pid is for people: a GET in Redis shows the holder
        renewal: asyncio.Task[None] | None = None
        try:
            lease = await self._wait_for_lease(ticket)
            renewal = asyncio.create_task(self._renew(ticket, lease))
            yield lease
        finally:
            if renewal:
                renewal.cancel()
            with suppress(RedisDown):
                await self._run(_RELEASE, self._keys, ticket)

    async def _wait_for_lease(self, ticket: str) -> RedisLease:
        while True:
            requested_at = time.monotonic()  # before Redis starts the TTL, so that the lease never ends later here
            try:
                wait = await self._try_acquire(ticket)
                if wait == 0:
                    return RedisLease(requested_at + self._ttl)
                await self._wait_for_wake(ticket, min(wait / 1000, self._heartbeat_interval, time_left()))
            except RedisRefusal as error:
                self._note_refusal(str(error))
                return RedisLease(math.inf)
            except RedisDown as error:
                if self._connection.down_for > REDIS_GRACE:
                    raise _store_down() from error
                await asyncio.sleep(RETRY_INTERVAL / 3)
            if time_left() <= 0:
                raise UpstreamBusy(
                    "Too many requests of all workers are waiting for the M2M account, which handles one at a time; "
                    "retry in a moment.",
                    retry_after=5,
                )

    async def _try_acquire(self, ticket: str) -> int:
        """Return 0 if the ticket has the lease now, else the milliseconds to wait."""
        lease, dead_after = int(1000 * self._ttl), int(3000 * self._heartbeat_interval)
        wait = int(await self._run(_ACQUIRE, self._keys, ticket, lease, dead_after, self._has_seen_redis))
        self._has_seen_redis = 1
        self._note_refusal(None)
        return wait

    async def _run(self, script: str, keys: list[str], *arguments: str | int) -> Any:
        """Return the result of a script, which runs also when Redis is full. Raises RedisDown."""
        try:
            return await self._connection.run_script(self._allow_oom + script, keys, *arguments)
        except RedisRefusal as error:
            if not self._allow_oom or "compil" not in str(error):  # to Redis before 7, the flag is a syntax error
                raise
        self._allow_oom = ""
        return await self._connection.run_script(script, keys, *arguments)

    def _note_refusal(self, reason: str | None) -> None:
        """Log when Redis starts or stops refusing the scripts."""
        if reason and not self._is_refused:
            _log.warning("Redis refuses the lease on the M2M account (%s); workers are not coordinated.", reason)
        elif self._is_refused and not reason:
            _log.warning("Redis grants the lease on the M2M account again.")
        self._is_refused = reason is not None

    async def _wait_for_wake(self, ticket: str, seconds: float) -> None:
        """Wait until a release wakes this ticket, at most ``seconds``."""
        seconds = max(0.01, seconds)
        queue = self._keys[4] + ticket
        await self._connection.call(lambda redis: redis.blpop([queue], timeout=seconds), blocking=seconds)

    async def _renew(self, ticket: str, lease: RedisLease) -> None:
        interval = self._renewal_interval
        while True:
            await asyncio.sleep(interval)
            requested_at, interval = time.monotonic(), RETRY_INTERVAL
            try:
                if not await self._run(_RENEW, self._keys[:1], ticket, int(1000 * self._ttl)):
                    lease.lose()
                    return
                lease.extend(requested_at + self._ttl)
                interval = self._renewal_interval
            except RedisRefusal as error:
                self._note_refusal(str(error))
                lease.extend(math.inf)
                return
            except RedisDown:
                continue  # until the lease expires


def _store_down() -> UpstreamBusy:
    return UpstreamBusy(
        "The workers' shared store does not answer, so no worker can tell whether the M2M account is free; "
        "retry in a moment.",
        retry_after=5,
    )
