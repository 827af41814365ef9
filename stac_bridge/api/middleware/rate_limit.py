"""Limits on the request rate of each client and on the length of URLs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from cachetools import LRUCache
from starlette.types import ASGIApp, Receive, Scope, Send

from stac_bridge.api.errors import bridge_error_response
from stac_bridge.api.links import MAX_TOKEN, encode_query, split_token
from stac_bridge.errors import BridgeError, TooLong, TooOften
from stac_bridge.request_context import current_request

MAX_CALLERS = 10_000
"""Clients tracked at a time. A client with more addresses than this cannot be limited by counting addresses."""

_LIMITED_PATHS = ("/search", "/collections", "/explain", "/queryables", "/sortables", "/sign")
_TOLERANCE = 1e-6
"""Seconds of floating-point error to ignore."""


class Allowance:
    """``rate`` requests a minute for each client, in a burst or spread out.

    The generic cell rate algorithm: one number per client, the time at which its next request would be on schedule.
    ``clock`` returns monotonic seconds.
    """

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._interval = 60 / rate if rate else 0.0
        self._clock = clock
        self._due: LRUCache[str, float] = LRUCache(MAX_CALLERS)

    def wait(self, caller: str) -> float:
        """Seconds until the client may send a request; 0 if it may now, and then the request is counted."""
        now = self._clock()
        due = max(self._due.get(caller, now), now)
        early = due - now - (60 - self._interval)
        if early > _TOLERANCE:
            return early
        self._due[caller] = due + self._interval
        return 0


class RateLimit:
    """Rejects URLs longer than ``max_url`` bytes, and clients over ``rate`` requests a minute (0: unlimited).

    Each process counts its own requests.
    """

    def __init__(self, app: ASGIApp, rate: int, max_url: int) -> None:
        self._app = app
        self._allowance = Allowance(rate) if rate else None
        self._max_url = max_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        try:
            if scope["type"] == "http":
                self._check(scope)
        except BridgeError as error:
            await bridge_error_response(error)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        self._check_length(scope)
        wait = self._allowance.wait(current_request().caller) if self._allowance and is_limited(scope["path"]) else 0
        if self._allowance and wait:
            raise TooOften(
                f"This server accepts {self._allowance.rate} requests a minute from one address; retry in a moment.",
                retry_after=math.ceil(wait),
            )

    def _check_length(self, scope: Scope) -> None:
        """Raises TooLong. The URL is measured as it appears in links, so that these are never longer than it."""
        query, token = split_token(encode_query(scope["query_string"]))
        length = len(scope.get("raw_path") or scope["path"]) + len(query)
        if length > self._max_url:
            raise TooLong(
                f"The URL has {length} bytes; the maximum is {self._max_url}. Send a long search with POST /search."
            )
        if len(token) > MAX_TOKEN:
            raise TooLong(f"The token has {len(token)} bytes; the maximum is {MAX_TOKEN}. Follow next links unchanged.")


def is_limited(path: str) -> bool:
    """Whether requests for a path may call M2M or cost computation.

    Assets are exempt: GDAL reads one file in hundreds of requests, of which only the first may call M2M.

    >>> [is_limited(path) for path in ("/search", "/collections/naip/items", "/collections-queryables")]
    [True, True, True]
    >>> [is_limited(path) for path in ("/", "/_mgmt/health", "/collections/naip/items/1/assets/tiff/a.tif")]
    [False, False, False]
    """
    return path.startswith(_LIMITED_PATHS) and "/assets/" not in path
