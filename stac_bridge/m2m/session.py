"""A session with M2M under one account: each request is retried until it succeeds, fails for good, or time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import stamina
from pydantic import ValidationError

from stac_bridge.errors import UpstreamBusy, UpstreamError, UpstreamFault
from stac_bridge.m2m.attempt import Sender, timed_out
from stac_bridge.m2m.auth import KeyStore, LocalKey, LoginToken
from stac_bridge.m2m.breaker import Breaker
from stac_bridge.m2m.calls import CallListener, ignore_call
from stac_bridge.m2m.errors import Transient
from stac_bridge.m2m.response_limit import ACCEPTED_CODING, MAX_RESPONSE_BYTES, limit_responses
from stac_bridge.m2m.turns import Gate
from stac_bridge.request_context import current_request, narrow_deadline, time_left, until_deadline

T = TypeVar("T")

_MAX_TIMEOUTS = 3
"""A request with its queue and retries takes at most this many times the timeout of one attempt."""

_GRACE = 0.05
"""Seconds after the deadline before a request is cut off: the gate's own error says better why it took so long."""

_THREAD_SIZE = 1_000_000
"""Bytes from which a response is parsed in a thread, so that the event loop serves others meanwhile."""

_MAX_REASON = 200
"""Characters of what is wrong with a response; a KeyError or ValueError may contain the response itself."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often a request is tried, and the bounds of the exponential wait between, in seconds before jitter."""

    attempts: int = 8
    first_wait: float = 0.5
    max_wait: float = 10.0


class M2MSession:
    """Requests under one account. ``sender`` sends each attempt, ``auth`` holds the account's key.

    A request takes at most three times the sender's timeout, and never longer than the deadline of the current
    request (``request_context``). That one deadline limits the queue, all attempts and the waits between them; only a
    request that is already at M2M outlives it, because M2M rejects others until it has answered.
    """

    def __init__(self, sender: Sender, auth: LoginToken, backoff: Backoff) -> None:
        self.auth = auth
        self._sender = sender
        self._retry = stamina.AsyncRetryingCaller(
            attempts=backoff.attempts,
            timeout=None,
            wait_initial=backoff.first_wait,
            wait_max=backoff.max_wait,
            wait_jitter=backoff.first_wait,
        )

    async def aclose(self) -> None:
        """Let requests at M2M finish, and close the connections."""
        await self._sender.aclose()

    async def request(self, endpoint: str, payload: dict[str, Any], read: Callable[[Any, int], T]) -> T:
        """Return ``read(data, size in bytes)`` of the response. Raises UpstreamError."""
        with narrow_deadline(_MAX_TIMEOUTS * self._sender.timeout):
            data, size = await self._send_until_deadline(endpoint, payload)
        try:
            return await asyncio.to_thread(read, data, size) if size > _THREAD_SIZE else read(data, size)
        except (ValidationError, KeyError, TypeError, ValueError, AttributeError) as error:
            message = f"M2M's response to {endpoint} has an unknown form: {_summary(error)}."
            raise UpstreamFault(message) from error

    async def _send_until_deadline(self, endpoint: str, payload: dict[str, Any]) -> tuple[Any, int]:
        """Send until it succeeds, fails for good, or the deadline passes. Each attempt waits for its own turn."""
        failures: list[UpstreamError] = []

        def should_retry(failure: Exception) -> bool | float:
            if not isinstance(failure, Transient):
                return False
            failures.append(failure.error)
            return failure.wait is None or (failure.wait < time_left() and failure.wait)

        async def attempt() -> tuple[Any, int]:
            return await self._sender.send(endpoint, payload)

        try:
            async with until_deadline(_GRACE):
                return await self._retry(should_retry, attempt)
        except Transient as last:
            raise last.error from last.__cause__
        except (TimeoutError, UpstreamBusy) as late:
            if failures:
                raise failures[-1] from late
            if isinstance(late, UpstreamBusy):
                raise
            raise timed_out(endpoint) from late


def build_session(
    url: str,
    username: str,
    token: str,
    *,
    timeout: float = 60,
    transport: httpx.AsyncBaseTransport | None = None,
    gate: Gate | None = None,
    breaker: Breaker | None = None,
    keys: KeyStore | None = None,
    backoff: Backoff | None = None,
    listener: CallListener = ignore_call,
    max_response: int = MAX_RESPONSE_BYTES,
) -> M2MSession:
    """Build a session from its parts; each part not given is one that this session has to itself.

    ``timeout`` (seconds) limits one attempt, login included. Several workers share an account by way of ``gate`` (its
    lock) and ``keys``. ``listener`` gets a ``Call`` for every attempt, sent or not. A response, also one to a
    login, has at most ``max_response`` decoded bytes.
    """
    base_url = httpx.URL(url.rstrip("/") + "/")
    auth = LoginToken(base_url, username, token, keys or LocalKey(), listener)
    http = httpx.AsyncClient(
        base_url=base_url,
        auth=auth,
        timeout=None,  # noqa: S113 -- the sender limits each request as a whole
        transport=transport,
        event_hooks={"request": [_count], "response": [limit_responses(max_response)]},
        headers={"Accept": "application/json", "Accept-Encoding": ACCEPTED_CODING},
    )
    return M2MSession(Sender(http, gate or Gate(), breaker or Breaker(), listener, timeout), auth, backoff or Backoff())


async def _count(_request: httpx.Request) -> None:
    current_request().calls += 1


def _summary(error: Exception) -> str:
    """Say in one line what a response lacks, without quoting the response."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:3])
    return f"{type(error).__name__} {str(error)[:_MAX_REASON]}"
