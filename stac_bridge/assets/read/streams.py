"""Limits the files that are sent at once, in all and to one caller: each holds a connection to USGS, and memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import ExitStack

from stac_bridge.errors import ServerBusy, TooOften
from stac_bridge.limit_log import LimitLog

_log = logging.getLogger(__name__)

MAX_WAIT = 5.0
"""Seconds that a reader waits for another stream to end: ranges usually take less, and GDAL without
``GDAL_HTTP_MAX_RETRY`` fails at the first 429."""

RETRY_AFTER = 10
"""Seconds for readers whose wait was too short."""


class StreamLimits:
    """At most ``total`` streams at once, and ``per_caller`` to one caller; ``max_wait`` in seconds."""

    def __init__(self, total: int = 200, per_caller: int = 50, max_wait: float = MAX_WAIT) -> None:
        self._total = total
        self._per_caller = per_caller
        self._max_wait = max_wait
        self._all = asyncio.Semaphore(total)
        self._callers: dict[str, _Caller] = {}
        self._limit_log = LimitLog(_log)

    async def enter(self, caller: str) -> Callable[[], None]:
        """Wait until the caller may have another stream; return the function that ends it, however often it is called.

        Raises TooOften if the caller has too many, ServerBusy if all callers together have.
        """
        own = self._callers.setdefault(caller, _Caller(self._per_caller))
        own.users += 1
        has_place = False
        with ExitStack() as held:
            held.callback(self._forget, caller, own)
            try:
                async with asyncio.timeout(self._max_wait):
                    await own.places.acquire()
                    held.callback(own.places.release)
                    has_place = True
                    await self._all.acquire()
                    held.callback(self._all.release)
            except TimeoutError:
                raise self._refusal(is_total=has_place) from None
            return held.pop_all().close

    def _forget(self, caller: str, own: _Caller) -> None:
        own.users -= 1
        if not own.users:
            del self._callers[caller]

    def _refusal(self, is_total: bool) -> ServerBusy | TooOften:
        if is_total:
            self._limit_log.reached("STAC_BRIDGE_MAX_STREAMS", f"{self._total} files are being sent")
            return ServerBusy(
                f"This server sends at most {self._total} files at once; retry in {RETRY_AFTER} seconds.",
                retry_after=RETRY_AFTER,
            )
        self._limit_log.reached(
            "STAC_BRIDGE_MAX_STREAMS_PER_CALLER",
            f"{self._per_caller} files are being sent to one address; if it is that of a proxy, name it in "
            "STAC_BRIDGE_TRUSTED_PROXIES",
        )
        return TooOften(
            f"This server sends at most {self._per_caller} files at once to one address; read what you have "
            f"requested, or retry in {RETRY_AFTER} seconds.",
            retry_after=RETRY_AFTER,
        )


class _Caller:
    """The places of a caller, and the number of its streams, open or waiting."""

    def __init__(self, places: int) -> None:
        self.places = asyncio.Semaphore(places)
        self.users = 0
