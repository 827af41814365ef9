"""Waits a few seconds for a file that USGS is preparing, so that its readers need not see a 503.

GDAL remembers a 503 for the life of its process: a file that is ready a moment later would never open there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

from stac_bridge.assets.resolve.download_answer import MAX_STAGING_WAIT
from stac_bridge.errors import NO_ANSWER, Staging
from stac_bridge.request_context import SharedDemand, time_left

T = TypeVar("T")

POLL_INTERVAL = 2.0
"""Seconds between two attempts: as long as one download-retrieve call serves all who wait."""


class StagingWait(Generic[T]):
    """Retries for ``seconds``, and at least once; ``clock`` is in seconds.

    All readers of a file share one wait and its attempts, which have the places in the queue, and the latest deadline,
    of all of them. It ends when the last reader leaves, and holds no turn at M2M while it sleeps. A file that has taken
    a minute already is not waited for: it will take minutes more, and each attempt may cost a call.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._waits: dict[str, _Wait[T]] = {}

    async def ready(self, key: str, attempt: Callable[[], Awaitable[T]], staging: Staging, limit: float) -> T:
        """Return the first result of ``attempt``, which raised ``staging``; raise that after ``limit`` seconds.

        Raises the last Staging if the shared wait ends earlier, and all other errors of ``attempt``.
        """
        # Half of what is left of the request's time remains for reading the file.
        limit = min(limit, self._seconds, time_left() / 2)
        if limit <= 0 or (staging.retry_after or 0) >= MAX_STAGING_WAIT:
            raise staging
        if key not in self._waits:
            self._waits[key] = _Wait(self._retry(attempt, staging))
        wait = self._waits[key]
        try:
            with wait.demand.joined():
                async with asyncio.timeout(limit):
                    return await asyncio.shield(wait.task)
        except TimeoutError:
            raise staging from None
        finally:
            if not wait.demand.is_awaited or wait.task.done():
                self._end(key, wait)

    async def _retry(self, attempt: Callable[[], Awaitable[T]], staging: Staging) -> T:
        until, interval = self._clock() + self._seconds, min(POLL_INTERVAL, self._seconds / 2)
        while True:
            await self._sleep(interval)
            try:
                return await attempt()
            except Staging as error:
                staging = error
            except NO_ANSWER:  # the file may still be in preparation
                raise staging from None
            if self._clock() + interval > until:
                raise staging

    def _end(self, key: str, wait: _Wait[T]) -> None:
        if self._waits.get(key) is wait:
            del self._waits[key]
        wait.task.cancel()
        if wait.task.done() and not wait.task.cancelled():
            wait.task.exception()  # marks it as retrieved: asyncio warns otherwise if no reader is left


class _Wait(Generic[T]):
    """The attempts for one file, and the demand of its readers."""

    def __init__(self, attempts: Coroutine[Any, Any, T]) -> None:
        self.demand = SharedDemand()
        with self.demand.served():
            self.task = asyncio.create_task(attempts)
