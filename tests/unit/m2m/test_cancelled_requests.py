"""Requests whose caller goes away, whose lease ends, or whose time is up."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import httpx
import pytest

from stac_bridge.errors import UpstreamBusy, UpstreamTimeout
from stac_bridge.m2m.turns import AccountLease, Gate, LocalLock
from stac_bridge.request_context import request_deadline
from tests.support import Script, m2m_client, says


class Slow:
    """Answers after ``takes`` seconds, and records how many requests ever overlapped."""

    def __init__(self, takes: float) -> None:
        self.takes = takes
        self.started = self.ended = self.now = self.max_now = 0

    async def __call__(self, _request: httpx.Request) -> httpx.Response:
        self.started += 1
        self.now += 1
        self.max_now = max(self.max_now, self.now)
        try:
            await asyncio.sleep(self.takes)
        finally:
            self.now -= 1
        self.ended += 1
        return says(["user"])


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError


async def test_a_request_whose_caller_has_gone_keeps_its_turn_until_m2m_answers() -> None:
    slow = Slow(0.05)
    client = m2m_client(Script({"permissions": slow}))
    caller = asyncio.create_task(client.permissions())
    await until(lambda: slow.started == 1)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert slow.ended == 0
    assert await client.permissions() == ("user",)
    assert (slow.started, slow.ended, slow.max_now) == (2, 2, 1)


async def test_a_request_past_its_deadline_keeps_its_turn_too() -> None:
    slow = Slow(0.3)
    client = m2m_client(Script({"permissions": slow}))
    with request_deadline(0.05), pytest.raises(UpstreamTimeout):
        await client.permissions()
    assert slow.ended == 0
    await client.permissions()
    assert (slow.ended, slow.max_now) == (2, 1)


async def test_a_request_that_m2m_never_answers_keeps_its_turn_for_one_timeout() -> None:
    slow = Slow(60)
    client = m2m_client(Script({"permissions": slow, "download-remove": says(None)}), timeout=0.1)
    caller = asyncio.create_task(client.permissions())
    await until(lambda: slow.started == 1)
    caller.cancel()
    started = time.monotonic()
    await client.download_remove(1)
    assert 0.05 < time.monotonic() - started < 5


async def test_a_caller_that_goes_away_while_waiting_leaves_the_queue_and_sends_nothing() -> None:
    slow, gate = Slow(0.05), Gate()
    client = m2m_client(Script({"permissions": slow}), gate=gate)
    first, second = (asyncio.create_task(client.permissions()) for _ in range(2))
    await until(lambda: gate.waiting == 1 and slow.started == 1)
    second.cancel()
    with suppress(asyncio.CancelledError):
        await second
    await asyncio.sleep(0)
    assert gate.waiting == 0
    await first
    await client.aclose()
    assert slow.started == 1


async def test_closing_lets_requests_at_m2m_finish() -> None:
    slow = Slow(0.05)
    client = m2m_client(Script({"permissions": slow}))
    caller = asyncio.create_task(client.permissions())
    await until(lambda: slow.started == 1)
    caller.cancel()
    await client.aclose()
    assert slow.ended == 1


@dataclass
class Lease:
    """A lock and its lease of ``seconds``, renewed ``renewed`` times."""

    seconds: float
    renewed: int = 0
    late: float = 0

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[AccountLease]:
        self.ends = time.monotonic() + self.seconds
        try:
            yield self
        finally:
            self.late = max(self.late, time.monotonic() - self.ends)

    def expires_at(self) -> float:
        if self.renewed and self.ends - time.monotonic() < 0.3:
            self.renewed -= 1
            self.ends += self.seconds
        return self.ends


async def test_a_request_is_aborted_before_the_lease_expires() -> None:
    slow, lease = Slow(60), Lease(0.4, late=-1)
    client = m2m_client(Script({"permissions": slow}), attempts=1, gate=Gate(lock=lease))
    with pytest.raises(UpstreamBusy, match="ended before"):
        await client.permissions()
    assert (slow.started, slow.now) == (1, 0)
    assert lease.late < 0


async def test_a_request_is_aborted_soon_after_the_lease_is_lost_to_another_process() -> None:
    slow, lease = Slow(60), Lease(60)
    client = m2m_client(Script({"permissions": slow}), attempts=1, gate=Gate(lock=lease), timeout=60)
    request = asyncio.create_task(client.permissions())
    await until(lambda: slow.started == 1)
    lease.ends = -math.inf
    with pytest.raises(UpstreamBusy):
        await asyncio.wait_for(request, 5)
    assert slow.now == 0


async def test_a_request_may_run_as_long_as_its_lease_is_renewed() -> None:
    slow = Slow(0.5)
    client = m2m_client(Script({"permissions": slow}), gate=Gate(lock=Lease(0.4, renewed=3)))
    assert await client.permissions() == ("user",)
    assert slow.started == 1


async def test_two_clients_with_a_shared_lock_never_send_at_once() -> None:
    slow, one = Slow(0.002), asyncio.Lock()

    class Shared:
        @asynccontextmanager
        async def acquire(self) -> AsyncIterator[AccountLease]:
            async with one:
                yield LocalLock()

    clients = [m2m_client(Script({"permissions": slow}), gate=Gate(lock=Shared())) for _ in range(2)]
    await asyncio.gather(*(client.permissions() for client in clients * 10))
    assert (slow.ended, slow.max_now) == (20, 1)
