"""The account's slot among workers: one at a time, in the order of asking, whoever dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from stac_bridge.errors import UpstreamBusy
from stac_bridge.m2m.turns import AccountLease, AccountLock
from stac_bridge.request_context import request_deadline
from stac_bridge.store.lease import RedisAccountLock
from stac_bridge.store.redis_connection import RedisConnection
from tests.redis_server import RedisServer

LEASE = 1.0
"""Seconds: a fifth of what it is in service, so that the tests wait less."""


@asynccontextmanager
async def held(lock: AccountLock, seconds: float) -> AsyncIterator[AccountLease]:
    """The lease, waited for at most ``seconds``."""
    with request_deadline(seconds):
        async with lock.acquire() as lease:
            yield lease


@pytest.fixture
async def links(redis: RedisServer) -> AsyncIterator[list[RedisConnection]]:
    made = [RedisConnection(redis.url) for _ in range(4)]
    yield made
    for link in made:
        await link.aclose()


@pytest.fixture
def slots(links: list[RedisConnection]) -> list[RedisAccountLock]:
    return [RedisAccountLock(link, "account", LEASE) for link in links]


async def test_never_two_at_once_and_each_worker_as_often_as_the_others(slots: list[RedisAccountLock]) -> None:
    inside, most, turns, left, took = 0, 0, [0] * len(slots), 0.0, []
    until = time.monotonic() + 0.7

    async def work(number: int) -> None:
        nonlocal inside, most, left
        while time.monotonic() < until:
            async with held(slots[number], 30):
                took.append(time.monotonic() - left)
                inside += 1
                most = max(most, inside)
                turns[number] += 1
                await asyncio.sleep(0.005)
                inside, left = inside - 1, time.monotonic()

    await asyncio.gather(*(work(number) for number in range(len(slots))))
    assert most == 1
    assert max(turns) - min(turns) <= 1, turns
    assert statistics.median(took) < 0.05, "waiters are woken, not left to look again"


async def test_the_slot_is_handed_on_in_the_order_of_asking(slots: list[RedisAccountLock]) -> None:
    order: list[int] = []

    async def wait(number: int) -> None:
        async with held(slots[number], 30):
            order.append(number)

    async with held(slots[3], 30):
        waiting = []
        for number in (2, 0, 1):
            waiting.append(asyncio.create_task(wait(number)))
            await asyncio.sleep(0.05)
    await asyncio.gather(*waiting)
    assert order == [2, 0, 1]


async def test_it_is_what_the_gate_asks_for(slots: list[RedisAccountLock]) -> None:
    slot: AccountLock = slots[0]
    async with slot.acquire() as lease:
        assert 0.5 < lease.expires_at() - time.monotonic() < LEASE


async def test_a_lease_goes_on_as_long_as_it_is_held(slots: list[RedisAccountLock]) -> None:
    async with held(slots[0], 30) as lease:
        await asyncio.sleep(1.5 * LEASE)
        assert lease.expires_at() > time.monotonic()
        with pytest.raises(UpstreamBusy):
            async with held(slots[1], 0.1):
                pass


async def test_patience_ends_and_who_goes_away_leaves_no_gap(slots: list[RedisAccountLock]) -> None:
    async with held(slots[0], 30):
        with pytest.raises(UpstreamBusy) as busy:
            async with held(slots[1], 0.05):
                pass
        assert busy.value.retry_after
        gone = asyncio.create_task(held(slots[2], 30).__aenter__())
        await asyncio.sleep(0.05)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
    begun = time.monotonic()
    async with held(slots[3], 30):
        assert time.monotonic() - begun < 0.1


async def test_who_is_cancelled_when_its_turn_comes_hands_it_on(slots: list[RedisAccountLock]) -> None:
    for _ in range(10):
        async with held(slots[0], 30):
            gone = asyncio.create_task(held(slots[1], 30).__aenter__())
            await asyncio.sleep(0.02)
            next_one = asyncio.create_task(held(slots[2], 30).__aenter__())
            await asyncio.sleep(0.02)
        gone.cancel()
        if not isinstance((await asyncio.gather(gone, return_exceptions=True))[0], BaseException):
            continue  # it had the turn already
        await asyncio.wait_for(next_one, 0.5)
        break
    else:
        pytest.fail("no turn came at the moment of the cancelling")


_HOLD = """
import asyncio, sys
from stac_bridge.store.redis_connection import RedisConnection
from stac_bridge.store.lease import RedisAccountLock

async def main():
    async with RedisAccountLock(RedisConnection(sys.argv[1]), "account", float(sys.argv[2])).acquire():
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def another(redis: RedisServer) -> subprocess.Popen[str]:
    """Another worker, that holds the slot or waits for it."""
    told = [sys.executable, "-c", _HOLD, redis.url, str(LEASE)]
    return subprocess.Popen(told, stdout=subprocess.PIPE, text=True, env={**os.environ})


async def test_after_a_holder_was_killed_another_has_the_slot_within_its_lease(
    slots: list[RedisAccountLock], redis: RedisServer
) -> None:
    holder = another(redis)
    assert holder.stdout
    assert await asyncio.to_thread(holder.stdout.readline) == "held\n"
    holder.kill()
    holder.communicate()
    begun = time.monotonic()
    async with held(slots[0], 30):
        assert time.monotonic() - begun < LEASE + 0.2


async def test_a_waiter_that_was_killed_is_passed_over(slots: list[RedisAccountLock], redis: RedisServer) -> None:
    async with held(slots[0], 30):
        waiter = another(redis)
        while b"$" not in redis.say("ZRANGE", "stac-bridge:{account}:slot:queue", "0", "0"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        waiter.kill()
        waiter.communicate()
        behind = asyncio.create_task(held(slots[1], 30).__aenter__())
        await asyncio.sleep(0.05)
    begun = time.monotonic()
    await behind
    assert time.monotonic() - begun < LEASE


async def test_a_holder_that_was_stopped_learns_that_it_has_lost_the_slot(
    slots: list[RedisAccountLock], redis: RedisServer
) -> None:
    async with held(slots[0], 30) as lease:
        redis.say("DEL", "stac-bridge:{account}:slot")  # as if its time had passed while it stood still
        async with held(slots[1], 30):
            await asyncio.sleep(0.6 * LEASE)
            assert lease.expires_at() < time.monotonic()


async def test_while_redis_is_away_nobody_gets_the_slot(slots: list[RedisAccountLock], redis: RedisServer) -> None:
    redis.kill()
    begun = time.monotonic()
    with pytest.raises(UpstreamBusy, match="store does not answer") as away:
        async with held(slots[0], 30):
            pass
    assert away.value.retry_after
    assert 1 < time.monotonic() - begun < 4
    begun = time.monotonic()
    with pytest.raises(UpstreamBusy):
        async with held(slots[0], 30):
            pass
    assert time.monotonic() - begun < 1, "who comes later is told sooner"
    redis.start()
    async with held(slots[1], 30):
        pass


async def test_a_holder_whose_redis_is_away_must_end_before_its_lease(
    slots: list[RedisAccountLock], redis: RedisServer
) -> None:
    begun = time.monotonic()
    async with held(slots[0], 30) as lease:
        redis.pause()
        await asyncio.sleep(LEASE)
        assert lease.expires_at() < begun + LEASE + 0.4
        assert lease.expires_at() < time.monotonic()
        redis.go_on()


async def test_a_redis_that_has_forgotten_all_grants_nothing_while_somebody_may_hold_the_slot(
    slots: list[RedisAccountLock], redis: RedisServer
) -> None:
    async with held(slots[1], 30):
        pass
    async with held(slots[0], 30) as lease:
        redis.say("FLUSHALL")
        with contextlib.suppress(UpstreamBusy):
            async with held(slots[1], 0.3):
                pytest.fail("two have the slot")
        await asyncio.sleep(0.3)
        assert lease.expires_at() > time.monotonic(), "it is renewed as if nothing had been"


def test_nothing_stays_in_redis_for_good(redis: RedisServer) -> None:
    """Nothing of the queue, once nobody waits."""

    async def once() -> None:
        link = RedisConnection(redis.url)
        async with held(RedisAccountLock(link, "account", LEASE), 1):
            pass
        await link.aclose()

    asyncio.run(once())
    assert sorted(redis.say("KEYS", "*").split()[2::2]) == [b"stac-bridge:{account}:slot:since"]
