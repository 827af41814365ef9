"""How often one caller may ask, and how long an address may be. Plain ASGI."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from cachetools import LRUCache

from stac_bridge.api.errors import of_bridge
from stac_bridge.errors import BridgeError, TooLong, TooOften
from stac_bridge.request_context import current_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Allowance", "Limited", "is_counted"]

CALLERS = 10_000
"""Callers that are known at a time; whoever has more addresses than that is not held by counting them."""

_COUNTED = ("/search", "/collections", "/explain", "/queryables", "/sortables", "/sign")
_SLACK = 1e-6


class Allowance:
    """``rate`` requests a minute for each caller: all of them at once, or one by one as they come back.

    One number for each caller says when its next request would be on time (the generic cell rate algorithm).
    """

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._gap = 60 / rate if rate else 0.0
        self._clock = clock
        self._due: LRUCache[str, float] = LRUCache(CALLERS)

    def wait(self, caller: str) -> float:
        """Seconds until the caller may ask; 0 where it may now, and then it counts."""
        now = self._clock()
        due = max(self._due.get(caller, now), now)
        early = due - now - (60 - self._gap)
        if early > _SLACK:
            return early
        self._due[caller] = due + self._gap
        return 0


class Limited:
    """Refuses addresses of more than ``longest`` bytes, and callers who ask more often than ``rate`` a minute (0: any).

    Each process counts for itself.
    """

    def __init__(self, app: ASGIApp, rate: int, longest: int) -> None:
        self._app = app
        self._allowance = Allowance(rate) if rate else None
        self._longest = longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        try:
            if scope["type"] == "http":
                self._check(scope)
        except BridgeError as over:
            await of_bridge(over)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        length = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
        if length > self._longest:
            raise TooLong(
                f"The address has {length} bytes; {self._longest} are the most. Send a long search with POST /search."
            )
        wait = self._allowance.wait(current_request().caller) if self._allowance and is_counted(scope["path"]) else 0
        if self._allowance and wait:
            raise TooOften(
                f"This server takes {self._allowance.rate} requests a minute from one address; come back in a moment.",
                retry_after=math.ceil(wait),
            )


def is_counted(path: str) -> bool:
    """Whether an address is one of those that ask M2M or cost computing.

    Assets are not: GDAL reads one file in hundreds of requests, of which at most the first asks M2M.

    >>> [is_counted(path) for path in ("/search", "/collections/naip/items", "/collections-queryables")]
    [True, True, True]
    >>> [is_counted(path) for path in ("/", "/_mgmt/health", "/collections/naip/items/1/assets/tiff/a.tif")]
    [False, False, False]
    """
    return path.startswith(_COUNTED) and "/assets/" not in path
