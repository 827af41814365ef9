"""The connection to Redis: every call has a timeout, and while Redis is down only an occasional call tries it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ClusterDownError, MasterDownError, RedisError, ResponseError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio.lock import Lock

_log = logging.getLogger(__name__)

T = TypeVar("T")

REDIS_TIMEOUT = 0.5
"""Seconds for a call: Redis usually answers within a millisecond, and every caller has a fallback in memory."""

MAX_CONNECTIONS = 8
"""Connections of one worker for calls that return at once; blocking calls have more."""

LATE_TIMER = 0.05
"""Seconds: a timer that fires this much late shows that this process itself was held up, not Redis."""

FIRST_PAUSE, MAX_PAUSE = 0.1, 5.0
"""Seconds without a call after one that failed; the pause doubles each time."""


_DOWN_ERRORS = ("BUSY ", "UNKILLABLE")
"""Starts of answers of a Redis that cannot carry out any command now; redis-py has types for most of them."""

TEST_NAME = "stac-bridge:test"
"""Redis key that tests whether Redis stores values."""


class RedisDown(Exception):
    """Redis does not answer in time, or cannot carry out any command; the text is the reason."""


class RedisRefusal(RedisDown):
    """Redis answers, but rejects this command: its memory is full, it is a read-only replica, or the ACL forbids it."""


class RedisConnection:
    """Connections to the Redis at ``url``; ``timeout`` in seconds. Raises ValueError for an invalid URL."""

    def __init__(self, url: str, timeout: float = REDIS_TIMEOUT) -> None:
        self._timeout = timeout
        # one immediate retry: a pooled connection may have died while it was idle
        self._redis = Redis.from_url(url, retry=Retry(NoBackoff(), 1))
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)
        self._failure: str | None = None
        self._refusal: str | None = None
        self._pause = FIRST_PAUSE
        self._down_since = self._retry_at = 0.0

    @property
    def down_for(self) -> float:
        """Seconds since Redis went down; 0 if it is up."""
        return 0.0 if self._failure is None else time.monotonic() - self._down_since

    async def call(self, command: Callable[[Redis], Awaitable[T]], blocking: float = 0) -> T:
        """Return the result of a command. Raises RedisDown, at once during the pause after a failure.

        A command that blocks in Redis may take ``blocking`` seconds longer.
        """
        async with contextlib.nullcontext() if blocking else self._slots:
            self._check()
            return await self._call(command(self._redis), self._timeout + blocking)

    async def _call(self, work: Awaitable[T], seconds: float) -> T:
        try:
            result = await _within(seconds, work)
        except TimeoutError as error:
            raise self._mark_down(f"no answer within {self._timeout} s") from error
        except (RedisError, OSError) as error:
            reason = f"{type(error).__name__}: {error}"
            if _is_refusal(error):
                self._mark_up()
                raise RedisRefusal(reason) from error
            raise self._mark_down(reason) from error
        self._mark_up()
        return result

    async def set(self, name: str, value: bytes, milliseconds: int) -> None:
        """Store a value for a time. Raises RedisDown; a refusal is remembered until a value is stored again."""
        try:
            await self.call(lambda redis: redis.set(name, value, px=max(1, milliseconds)))
        except RedisRefusal as refusal:
            if self._refusal is None:
                _log.warning("Redis refuses to store values (%s); this worker stores them in its own memory.", refusal)
            self._refusal = str(refusal)
            raise
        if self._refusal is not None:
            _log.warning("Redis stores values again.")
            self._refusal = None

    async def read(self, name: str) -> bytes | None:
        """Return the value of a Redis key. Raises RedisDown."""
        value = await self.call(lambda redis: redis.get(name))
        return value if isinstance(value, bytes) else None

    async def run_script(self, script: str, keys: list[str], *arguments: str | int | bytes) -> Any:
        """Return the result of a Lua script. Raises RedisDown."""
        return await self.call(lambda redis: redis.register_script(script)(keys=keys, args=list(arguments)))

    def lock(self, name: str, seconds: float) -> Lock:
        """Return redis-py's lock at ``name``, which expires after ``seconds``; use its methods within ``call``."""
        return self._redis.lock(name, timeout=seconds, thread_local=False)

    async def failure(self) -> str | None:
        """Return why Redis is down, or stores nothing, as a clause; None if neither is known.

        Only a Redis that has refused a value is tested by storing one: this runs every second.
        """
        try:
            await self.call(lambda redis: redis.ping())
        except RedisRefusal:
            pass  # an ACL without PING
        except RedisDown as error:
            return f"Redis is down ({error})"
        return await self.storing_failure() if self._refusal else None

    async def storing_failure(self) -> str | None:
        """Store a value for a moment; return why that fails, as a clause, or None."""
        try:
            await self.set(TEST_NAME, b"", 1000)
        except RedisRefusal as error:
            return f"Redis refuses to store values ({error})"
        except RedisDown as error:
            return f"Redis is down ({error})"
        return None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    def _check(self) -> None:
        """Raise RedisDown during the pause after a failure; the first call after it tries, the others still fail."""
        if self._failure is None:
            return
        now = time.monotonic()
        if now < self._retry_at:
            raise RedisDown(self._failure)
        self._retry_at = now + self._pause

    def _mark_down(self, reason: str) -> RedisDown:
        now = time.monotonic()
        if self._failure is None:
            _log.warning("Redis is down (%s); this worker continues with its own memory.", reason)
            self._pause, self._down_since = FIRST_PAUSE, now
        else:
            self._pause = min(2 * self._pause, MAX_PAUSE)
        self._failure, self._retry_at = reason, now + self._pause
        return RedisDown(reason)

    def _mark_up(self) -> None:
        if self._failure is not None:
            _log.warning("Redis is up again.")
        self._failure = None


def _is_refusal(error: Exception) -> bool:
    """Return whether Redis rejected a single command; others may still work."""
    if not isinstance(error, ResponseError) or isinstance(error, ClusterDownError | MasterDownError):
        return False
    return not str(error).startswith(_DOWN_ERRORS)


async def _within(seconds: float, work: Awaitable[T]) -> T:
    """Return the result of ``work``. Cancels it and raises TimeoutError if it takes longer.

    Unlike ``asyncio.timeout``, it checks once more if the process itself was held up: the answer may have arrived.
    """
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            ends = time.monotonic() + seconds
            await asyncio.wait({task}, timeout=seconds)
            if not task.done() and time.monotonic() - ends < LATE_TIMER:
                raise TimeoutError
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
