"""One attempt at a request to M2M: wait for the turn, send, read the response, report the call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import orjson

from stac_bridge.errors import UpstreamBusy, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from stac_bridge.m2m.breaker import Breaker
from stac_bridge.m2m.calls import Call, CallListener, outcome_of
from stac_bridge.m2m.errors import Transient, m2m_request_id, read_data, read_envelope
from stac_bridge.m2m.large_json import PIECE_BYTES
from stac_bridge.m2m.turns import AccountLease, Gate
from stac_bridge.request_context import current_request

T = TypeVar("T")

_ABORT_TIME = 0.2
"""Seconds that aborting a request may take; the abort begins this long before the lease expires."""

_LEASE_CHECK_INTERVAL = 0.25
"""Seconds between checks of the lease, which expires earlier if another process has taken it."""

_CLOSE_TIMEOUT = 5
"""Seconds for which closing waits for requests that are still at M2M."""


@dataclass(slots=True)
class _Attempt:
    """An attempt in progress. ``sent_at`` is None until its turn begins, ``request_id`` until M2M has answered."""

    endpoint: str
    payload: dict[str, Any]
    queued_at: float
    sent_at: float | None = None
    request_id: str | None = None

    def to_call(self, error: BaseException | None) -> Call:
        now = time.monotonic()
        sent_at = now if self.sent_at is None else self.sent_at
        outcome = outcome_of(error, self.sent_at is not None)
        return Call(self.endpoint, outcome, sent_at - self.queued_at, now - sent_at, self.request_id)


class Sender:
    """Sends the requests of one account, one at a time.

    ``timeout`` (seconds) is the only limit on a request once it is sent, login included; ``http`` has none of its own.
    ``listener`` gets a ``Call`` for each attempt. Closing the sender closes ``http``.
    """

    def __init__(
        self, http: httpx.AsyncClient, gate: Gate, breaker: Breaker, listener: CallListener, timeout: float
    ) -> None:
        self.timeout = timeout
        self._http = http
        self._gate = gate
        self._breaker = breaker
        self._listener = listener
        self._tasks: set[asyncio.Task[Any]] = set()

    async def send(self, endpoint: str, payload: dict[str, Any]) -> tuple[Any, int]:
        """Return the data of the response and its size in bytes. Raises UpstreamError, or Transient around one.

        A caller that goes away while waiting leaves the queue at once. A request that was sent is not aborted then: M2M
        works on it anyway and rejects any other meanwhile, so the turn lasts until M2M has answered.
        """
        attempt = _Attempt(endpoint, payload, time.monotonic())
        task = asyncio.create_task(self._run(attempt))
        self._tasks.add(task)
        task.add_done_callback(self._finish)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if attempt.sent_at is None:
                task.cancel()
            raise

    async def aclose(self) -> None:
        """Wait briefly for requests still at M2M, abort the rest, and close the connections."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_CLOSE_TIMEOUT)
        remaining = list(self._tasks)
        for task in remaining:
            task.cancel()
        await asyncio.gather(*remaining, return_exceptions=True)
        await self._http.aclose()

    async def _run(self, attempt: _Attempt) -> tuple[Any, int]:
        error: BaseException | None = None
        try:
            self._breaker.check()  # before waiting: while M2M is down, nobody should queue
            async with self._gate.turn() as lease:
                return await self._take_turn(attempt, lease)
        except BaseException as failure:
            error = failure
            raise
        finally:
            self._report(attempt.to_call(error))

    async def _take_turn(self, attempt: _Attempt, lease: AccountLease) -> tuple[Any, int]:
        """Send the request. If it shows that M2M is down, reject everyone who waits."""
        try:
            with self._breaker.passing():
                attempt.sent_at = time.monotonic()
                return await self._post(attempt, lease)
        finally:
            if self._breaker.state == "open":
                self._gate.reject_all(self._breaker.refusal)

    async def _post(self, attempt: _Attempt, lease: AccountLease) -> tuple[Any, int]:
        ends = time.monotonic() + self.timeout
        post = self._http.post(
            attempt.endpoint, content=orjson.dumps(attempt.payload), headers={"Content-Type": "application/json"}
        )
        try:
            response = await _run_until(lambda: min(ends, lease.expires_at() - _ABORT_TIME), post)
        except (TimeoutError, httpx.TimeoutException) as timeout:
            lost_lease = isinstance(timeout, TimeoutError) and time.monotonic() < ends
            raise Transient(_lease_ended() if lost_lease else timed_out(attempt.endpoint)) from timeout
        except (httpx.TransportError, httpx.DecodingError) as fault:
            raise Transient(_unreachable(fault)) from fault
        is_large = len(response.content) > PIECE_BYTES
        envelope = await asyncio.to_thread(read_envelope, response) if is_large else read_envelope(response)
        attempt.request_id = m2m_request_id(envelope)
        return read_data(envelope, response), len(response.content)

    def _report(self, call: Call) -> None:
        request = current_request()
        request.queued += call.queued
        request.upstream += call.seconds
        self._listener(call)

    def _finish(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # mark it as retrieved: asyncio warns otherwise if the caller has gone away


async def _run_until(deadline: Callable[[], float], work: Coroutine[Any, Any, T]) -> T:
    """Return the result of ``work``. Cancels it and raises TimeoutError at ``deadline()``, which may move meanwhile."""
    task = asyncio.create_task(work)
    try:
        while not task.done() and (left := deadline() - time.monotonic()) > 0:
            await asyncio.wait({task}, timeout=min(left, _LEASE_CHECK_INTERVAL))
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def timed_out(endpoint: str) -> UpstreamTimeout:
    """Return the error for a response that did not come in time."""
    return UpstreamTimeout(f"M2M did not answer {endpoint} in time; it may be busy. Try again later.", retry_after=60)


def _unreachable(fault: httpx.HTTPError) -> UpstreamError:
    return UpstreamUnreachable(f"M2M cannot be reached ({type(fault).__name__}); try again later.", retry_after=60)


def _lease_ended() -> UpstreamError:
    return UpstreamBusy("The lease on the M2M account ended before M2M answered; try again later.", retry_after=5)
