"""The wire to M2M: one attempt at a time, when it is our turn, until it works, fails for good, or time is up."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import orjson
import stamina
from pydantic import ValidationError

from stac_bridge.budget import current
from stac_bridge.errors import (
    UpstreamBusy,
    UpstreamError,
    UpstreamFault,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from stac_bridge.m2m.auth import LoginToken
from stac_bridge.m2m.errors import Transient, read_answer
from stac_bridge.m2m.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.m2m.gate import Turns

__all__ = ["Backoff", "Wire"]

_log = logging.getLogger(__name__)

Read = TypeVar("Read")

_SHARE = 3
"""A call with its queue and retries takes at most this many times the limit of one attempt."""

_GRACE = 0.05


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often a call is tried, and how long is waited between (seconds; jitter comes on top)."""

    attempts: int = 8
    first: float = 0.5
    most: float = 10.0


class Wire:
    """Carries the calls of one account; ``auth`` holds its key. As ``M2MClient`` says of time."""

    def __init__(
        self,
        url: str,
        username: str,
        token: str,
        *,
        timeout: float,
        transport: httpx.AsyncBaseTransport | None,
        gate: Turns | None,
        backoff: Backoff | None,
    ) -> None:
        base = httpx.URL(url.rstrip("/") + "/")
        backoff = backoff or Backoff()
        self._timeout = timeout
        self._gate = gate or Gate()
        self.auth = LoginToken(base, username, token)
        self._http = httpx.AsyncClient(
            base_url=base,
            auth=self.auth,
            timeout=timeout,
            transport=transport,
            event_hooks={"request": [_count]},
            headers={"Accept": "application/json"},
        )
        self._retrying = stamina.AsyncRetryingCaller(
            attempts=backoff.attempts,
            timeout=None,
            wait_initial=backoff.first,
            wait_max=backoff.most,
            wait_jitter=backoff.first,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(self, endpoint: str, payload: dict[str, Any], read: Callable[[Any, int], Read]) -> Read:
        """What ``read`` makes of an answer's data and size in bytes. Raises UpstreamError."""
        data, size = await self._try_until(endpoint, payload)
        try:
            return read(data, size)
        except (ValidationError, KeyError, TypeError, ValueError, AttributeError) as unknown:
            raise UpstreamFault(f"M2M's answer to {endpoint} has an unknown form: {_brief(unknown)}.") from unknown

    async def _try_until(self, endpoint: str, payload: dict[str, Any]) -> tuple[Any, int]:
        """Try until it works, fails for good, or the time is up."""
        deadline = time.monotonic() + min(current().left, _SHARE * self._timeout)
        failures: list[UpstreamError] = []

        def worth_another(failure: Exception) -> bool:
            if isinstance(failure, Transient):
                failures.append(failure.error)
            return isinstance(failure, Transient)

        try:
            # a moment later than the gate's own limit, which tells better what the time went into
            async with asyncio.timeout(deadline - time.monotonic() + _GRACE):
                return await self._retrying(worth_another, self._attempt, endpoint, payload, deadline)
        except Transient as given_up:
            raise given_up.error from given_up.__cause__
        except (TimeoutError, UpstreamBusy) as late:
            if failures:
                raise failures[-1] from late
            if isinstance(late, UpstreamBusy):
                raise
            raise _too_late(endpoint) from late

    async def _attempt(self, endpoint: str, payload: dict[str, Any], deadline: float) -> tuple[Any, int]:
        """One request, when it is our turn. The turn is given back between attempts."""
        budget, asked = current(), time.monotonic()
        try:
            async with self._gate.turn(deadline - asked):
                begun = time.monotonic()
                budget.queued += begun - asked
                try:
                    return await self._exchange(endpoint, payload)
                finally:
                    budget.upstream += time.monotonic() - begun
        finally:
            _log.debug("%s: %.0f ms", endpoint, 1000 * (time.monotonic() - asked))

    async def _exchange(self, endpoint: str, payload: dict[str, Any]) -> tuple[Any, int]:
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._http.post(
                    endpoint, content=orjson.dumps(payload), headers={"Content-Type": "application/json"}
                )
        except (TimeoutError, httpx.TimeoutException) as late:
            raise Transient(_too_late(endpoint)) from late
        except (httpx.TransportError, httpx.DecodingError) as fault:
            raise Transient(_unreachable(fault)) from fault
        return read_answer(response), len(response.content)


async def _count(_request: httpx.Request) -> None:
    current().calls += 1


def _too_late(endpoint: str) -> UpstreamTimeout:
    return UpstreamTimeout(f"M2M did not answer {endpoint} in time; it may be busy. Try again later.", retry_after=60)


def _unreachable(fault: httpx.HTTPError) -> UpstreamUnreachable:
    return UpstreamUnreachable(f"M2M cannot be reached ({type(fault).__name__}); try again later.", retry_after=60)


def _brief(error: Exception) -> str:
    """What an answer lacks, in one line and without the answer itself."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
    return f"{type(error).__name__} {error}"
