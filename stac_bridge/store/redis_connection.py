"""The way to Redis: every asking is bounded in time, and while Redis is away it is asked only now and then."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["PATIENCE", "Away", "Link"]

_log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 0.5
"""Seconds that Redis may take: it answers within one millisecond, and whoever waits has a memory to fall back on."""

CONNECTIONS = 8
"""Most that one worker opens for askings that are answered at once; those that wait have more."""

LATE = 0.05
"""Seconds from which a timer that goes off late tells that this process was held up itself."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds that Redis is left alone after it did not answer: doubled each time."""


class Away(Exception):
    """Redis does not answer in time, or not as it should; the text says why."""


class Link:
    """Connections to the Redis at ``url``. Raises ValueError for one that cannot be read."""

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        self._patience = patience
        # one more attempt at once: a connection of the pool may have died while it was idle
        self._redis = Redis.from_url(url, retry=Retry(NoBackoff(), 1))
        self._room = asyncio.Semaphore(CONNECTIONS)
        self._reason: str | None = None
        self._pause = FIRST_PAUSE
        self._since = self._again_at = 0.0

    @property
    def away_for(self) -> float:
        """Seconds since it was found to be away; 0 where it is not."""
        return 0.0 if self._reason is None else time.monotonic() - self._since

    async def ask(self, asking: Callable[[Redis], Awaitable[T]], longer: float = 0) -> T:
        """What Redis says; it may take ``longer`` where it is asked to wait. Raises Away, at once after it was."""
        async with contextlib.nullcontext() if longer else self._room:
            self._check()
            return await self._asked(asking(self._redis), self._patience + longer)

    async def _asked(self, work: Awaitable[T], patience: float) -> T:
        try:
            found = await _within(patience, work)
        except TimeoutError as late:
            raise self._lost(f"no answer within {self._patience} s") from late
        except (RedisError, OSError) as fault:
            raise self._lost(f"{type(fault).__name__}: {fault}") from fault
        self._found()
        return found

    async def read(self, name: str) -> bytes | None:
        """What stands under a name. Raises Away."""
        found = await self.ask(lambda redis: redis.get(name))
        return found if isinstance(found, bytes) else None

    async def run(self, script: str, keys: list[str], *arguments: str | int | bytes) -> Any:
        """What a Lua script gives. Raises Away."""
        return await self.ask(lambda redis: redis.register_script(script)(keys=keys, args=list(arguments)))

    async def reason(self) -> str | None:
        """Why Redis is away; None where it answers."""
        try:
            await self.ask(lambda redis: redis.ping())
        except Away as away:
            return str(away)
        return None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    def _check(self) -> None:
        """While it is away, one asks now and then and the others do not wait for it."""
        if self._reason is None:
            return
        now = time.monotonic()
        if now < self._again_at:
            raise Away(self._reason)
        self._again_at = now + self._pause

    def _lost(self, reason: str) -> Away:
        now = time.monotonic()
        if self._reason is None:
            _log.warning("Redis is away (%s): this worker goes on with what it knows itself.", reason)
            self._pause, self._since = FIRST_PAUSE, now
        else:
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self._reason, self._again_at = reason, now + self._pause
        return Away(reason)

    def _found(self) -> None:
        if self._reason is not None:
            _log.warning("Redis is back.")
        self._reason = None


async def _within(seconds: float, work: Awaitable[T]) -> T:
    """What ``work`` gives. Raises TimeoutError, the work cancelled, where it takes longer.

    Unlike ``asyncio.timeout`` it looks again when the process itself was held up: the answer may be here already.
    """
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            ends = time.monotonic() + seconds
            await asyncio.wait({task}, timeout=seconds)
            if not task.done() and time.monotonic() - ends < LATE:
                raise TimeoutError
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
