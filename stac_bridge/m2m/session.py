"""The wire to M2M: a request is tried until it works, fails for good, or time is up."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import stamina
from pydantic import ValidationError

from stac_bridge.errors import UpstreamBusy, UpstreamError, UpstreamFault
from stac_bridge.m2m.attempt import Exchange, too_late
from stac_bridge.m2m.auth import LoginToken, OwnKey
from stac_bridge.m2m.breaker import Breaker
from stac_bridge.m2m.errors import Transient
from stac_bridge.m2m.turns import Gate
from stac_bridge.request_context import current

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.m2m.auth import Keys
    from stac_bridge.m2m.calls import Call, Told

__all__ = ["Backoff", "Wire"]

Read = TypeVar("Read")

_SHARE = 3
"""A call with its queue and retries takes at most this many times the limit of one attempt."""

_GRACE = 0.05

_LARGE = 1_000_000
"""Bytes of an answer that is read beside the event loop, so that others are served meanwhile."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often a call is tried, and how long is waited between (seconds; jitter comes on top)."""

    attempts: int = 8
    first: float = 0.5
    most: float = 10.0


class Wire:
    """Carries the calls of one account; ``auth`` holds its key. As ``M2MClient`` says of time and of its parts."""

    def __init__(
        self,
        url: str,
        username: str,
        token: str,
        *,
        timeout: float,
        transport: httpx.AsyncBaseTransport | None,
        gate: Gate | None,
        keys: Keys | None,
        breaker: Breaker | None,
        listener: Told | None,
        backoff: Backoff | None,
    ) -> None:
        base, told = httpx.URL(url.rstrip("/") + "/"), listener or _unheard
        backoff = backoff or Backoff()
        self._timeout = timeout
        self.gate = gate or Gate()
        self.breaker = breaker or Breaker()
        self.auth = LoginToken(base, username, token, keys or OwnKey(), told)
        self._http = httpx.AsyncClient(
            base_url=base,
            auth=self.auth,
            timeout=timeout,
            transport=transport,
            event_hooks={"request": [_count]},
            headers={"Accept": "application/json"},
        )
        self._exchange = Exchange(self._http, self.gate, self.breaker, told, timeout)
        self._retrying = stamina.AsyncRetryingCaller(
            attempts=backoff.attempts,
            timeout=None,
            wait_initial=backoff.first,
            wait_max=backoff.most,
            wait_jitter=backoff.first,
        )

    async def aclose(self) -> None:
        """Let what is at M2M come to its end, and close the connections."""
        await self._exchange.aclose()
        await self._http.aclose()

    async def ask(self, endpoint: str, payload: dict[str, Any], read: Callable[[Any, int], Read]) -> Read:
        """What ``read`` makes of an answer's data and size in bytes. Raises UpstreamError."""
        data, size = await self._try_until(endpoint, payload)
        try:
            return await asyncio.to_thread(read, data, size) if size > _LARGE else read(data, size)
        except (ValidationError, KeyError, TypeError, ValueError, AttributeError) as unknown:
            raise UpstreamFault(f"M2M's answer to {endpoint} has an unknown form: {_brief(unknown)}.") from unknown

    async def _try_until(self, endpoint: str, payload: dict[str, Any]) -> tuple[Any, int]:
        """Try until it works, fails for good, or the time is up. The turn is given back between attempts."""
        deadline = time.monotonic() + min(current().left, _SHARE * self._timeout)
        failures: list[UpstreamError] = []

        def worth_another(failure: Exception) -> bool | float:
            if not isinstance(failure, Transient):
                return False
            failures.append(failure.error)
            return failure.wait is None or (failure.wait < deadline - time.monotonic() and failure.wait)

        async def attempt() -> tuple[Any, int]:
            return await self._exchange.attempt(endpoint, payload, deadline - time.monotonic())

        try:
            # a moment later than the gate's own limit, which tells better what the time went into
            async with asyncio.timeout(deadline - time.monotonic() + _GRACE):
                return await self._retrying(worth_another, attempt)
        except Transient as given_up:
            raise given_up.error from given_up.__cause__
        except (TimeoutError, UpstreamBusy) as late:
            if failures:
                raise failures[-1] from late
            if isinstance(late, UpstreamBusy):
                raise
            raise too_late(endpoint) from late


async def _count(_request: httpx.Request) -> None:
    current().calls += 1


def _unheard(_call: Call) -> None:
    pass


def _brief(error: Exception) -> str:
    """What an answer lacks, in one line and without the answer itself."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
    return f"{type(error).__name__} {error}"
