"""What becomes of a request whose asker goes away, and of one whose slot or time ends."""

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
    """Answers after ``takes`` seconds, and keeps the most that it ever worked on at once."""

    def __init__(self, takes: float) -> None:
        self.takes = takes
        self.begun = self.ended = self.now = self.most = 0

    async def __call__(self, _request: httpx.Request) -> httpx.Response:
        self.begun += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(self.takes)
        finally:
            self.now -= 1
        self.ended += 1
        return says(["user"])


async def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.001)
    raise AssertionError


async def test_a_request_whose_asker_has_gone_keeps_its_turn_until_m2m_has_answered() -> None:
    slow = Slow(0.05)
    client = m2m_client(Script({"permissions": slow}))
    leaving = asyncio.create_task(client.permissions())
    await until(lambda: slow.begun == 1)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert slow.ended == 0
    assert await client.permissions() == ("user",)
    assert (slow.begun, slow.ended, slow.most) == (2, 2, 1)


async def test_a_request_whose_asker_has_no_time_left_keeps_its_turn_too() -> None:
    slow = Slow(0.3)
    client = m2m_client(Script({"permissions": slow}))
    with request_deadline(0.05), pytest.raises(UpstreamTimeout):
        await client.permissions()
    assert slow.ended == 0
    await client.permissions()
    assert (slow.ended, slow.most) == (2, 1)


async def test_a_request_that_m2m_never_answers_keeps_its_turn_for_one_limit() -> None:
    slow = Slow(60)
    client = m2m_client(Script({"permissions": slow, "download-remove": says(None)}), timeout=0.1)
    leaving = asyncio.create_task(client.permissions())
    await until(lambda: slow.begun == 1)
    leaving.cancel()
    begun = time.monotonic()
    await client.download_remove(1)
    assert 0.05 < time.monotonic() - begun < 5


async def test_who_goes_away_while_waiting_is_out_of_the_line_at_once_and_nothing_is_sent() -> None:
    slow, gate = Slow(0.05), Gate()
    client = m2m_client(Script({"permissions": slow}), gate=gate)
    first, second = (asyncio.create_task(client.permissions()) for _ in range(2))
    await until(lambda: gate.waiting == 1 and slow.begun == 1)
    second.cancel()
    with suppress(asyncio.CancelledError):
        await second
    await asyncio.sleep(0)
    assert gate.waiting == 0
    await first
    await client.aclose()
    assert slow.begun == 1


async def test_closing_lets_what_is_at_m2m_come_to_its_end() -> None:
    slow = Slow(0.05)
    client = m2m_client(Script({"permissions": slow}))
    leaving = asyncio.create_task(client.permissions())
    await until(lambda: slow.begun == 1)
    leaving.cancel()
    await client.aclose()
    assert slow.ended == 1


@dataclass
class Lease:
    """A slot whose holder has it for ``seconds``, and for so long again each time that ``renewed`` allows."""

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


async def test_a_request_is_aborted_before_the_slot_among_processes_ends() -> None:
    slow, lease = Slow(60), Lease(0.4, late=-1)
    client = m2m_client(Script({"permissions": slow}), attempts=1, gate=Gate(lock=lease))
    with pytest.raises(UpstreamBusy, match="ended before"):
        await client.permissions()
    assert (slow.begun, slow.now) == (1, 0)
    assert lease.late < 0


async def test_a_request_is_aborted_soon_when_the_slot_is_lost_to_another_process() -> None:
    slow, lease = Slow(60), Lease(60)
    client = m2m_client(Script({"permissions": slow}), attempts=1, gate=Gate(lock=lease), timeout=60)
    asking = asyncio.create_task(client.permissions())
    await until(lambda: slow.begun == 1)
    lease.ends = -math.inf
    with pytest.raises(UpstreamBusy):
        await asyncio.wait_for(asking, 5)
    assert slow.now == 0


async def test_a_slot_that_is_renewed_lets_a_request_take_its_time() -> None:
    slow = Slow(0.5)
    client = m2m_client(Script({"permissions": slow}), gate=Gate(lock=Lease(0.4, renewed=3)))
    assert await client.permissions() == ("user",)
    assert slow.begun == 1


async def test_two_clients_that_share_a_slot_never_ask_at_once() -> None:
    slow, one = Slow(0.002), asyncio.Lock()

    class Shared:
        @asynccontextmanager
        async def acquire(self) -> AsyncIterator[AccountLease]:
            async with one:
                yield LocalLock()

    clients = [m2m_client(Script({"permissions": slow}), gate=Gate(lock=Shared())) for _ in range(2)]
    await asyncio.gather(*(client.permissions() for client in clients * 10))
    assert (slow.ended, slow.most) == (20, 1)
