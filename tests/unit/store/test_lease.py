"""The lease on the account among workers: one holder at a time, first come, first served, whoever dies."""

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

pytestmark = pytest.mark.slow

LEASE = 1.0
"""Seconds: a fifth of the real TTL, so that the tests wait less."""


@asynccontextmanager
async def held(lock: AccountLock, seconds: float) -> AsyncIterator[AccountLease]:
    """Acquire the lock within ``seconds``."""
    with request_deadline(seconds):
        async with lock.acquire() as lease:
            yield lease


@pytest.fixture
async def connections(redis: RedisServer) -> AsyncIterator[list[RedisConnection]]:
    made = [RedisConnection(redis.url) for _ in range(4)]
    yield made
    for link in made:
        await link.aclose()


@pytest.fixture
def locks(connections: list[RedisConnection]) -> list[RedisAccountLock]:
    return [RedisAccountLock(link, "account", LEASE) for link in connections]


async def test_leases_never_overlap_and_each_worker_gets_as_many_as_the_others(locks: list[RedisAccountLock]) -> None:
    inside, max_inside, turns, left, took = 0, 0, [0] * len(locks), 0.0, []
    until = time.monotonic() + 0.7

    async def work(number: int) -> None:
        nonlocal inside, max_inside, left
        while time.monotonic() < until:
            async with held(locks[number], 30):
                took.append(time.monotonic() - left)
                inside += 1
                max_inside = max(max_inside, inside)
                turns[number] += 1
                await asyncio.sleep(0.005)
                inside, left = inside - 1, time.monotonic()

    await asyncio.gather(*(work(number) for number in range(len(locks))))
    assert max_inside == 1
    assert max(turns) - min(turns) <= 1, turns
    assert statistics.median(took) < 0.05, "waiters are woken; they do not poll"


async def test_the_lease_passes_on_in_the_order_of_the_requests(locks: list[RedisAccountLock]) -> None:
    order: list[int] = []

    async def wait(number: int) -> None:
        async with held(locks[number], 30):
            order.append(number)

    async with held(locks[3], 30):
        waiting = []
        for number in (2, 0, 1):
            waiting.append(asyncio.create_task(wait(number)))
            await asyncio.sleep(0.05)
    await asyncio.gather(*waiting)
    assert order == [2, 0, 1]


async def test_it_satisfies_the_protocol_of_the_gate(locks: list[RedisAccountLock]) -> None:
    lock: AccountLock = locks[0]
    async with lock.acquire() as lease:
        assert 0.5 < lease.expires_at() - time.monotonic() < LEASE


async def test_a_lease_is_renewed_as_long_as_it_is_held(locks: list[RedisAccountLock]) -> None:
    async with held(locks[0], 30) as lease:
        await asyncio.sleep(1.5 * LEASE)
        assert lease.expires_at() > time.monotonic()
        with pytest.raises(UpstreamBusy):
            async with held(locks[1], 0.1):
                pass


async def test_waiting_ends_at_the_deadline_and_a_cancelled_waiter_leaves_no_gap(locks: list[RedisAccountLock]) -> None:
    async with held(locks[0], 30):
        with pytest.raises(UpstreamBusy) as error:
            async with held(locks[1], 0.05):
                pass
        assert error.value.retry_after
        cancelled = asyncio.create_task(held(locks[2], 30).__aenter__())
        await asyncio.sleep(0.05)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
    started = time.monotonic()
    async with held(locks[3], 30):
        assert time.monotonic() - started < 0.1


async def test_a_waiter_cancelled_when_its_turn_comes_passes_it_on(locks: list[RedisAccountLock]) -> None:
    for _ in range(10):
        async with held(locks[0], 30):
            cancelled = asyncio.create_task(held(locks[1], 30).__aenter__())
            await asyncio.sleep(0.02)
            next_waiter = asyncio.create_task(held(locks[2], 30).__aenter__())
            await asyncio.sleep(0.02)
        cancelled.cancel()
        if not isinstance((await asyncio.gather(cancelled, return_exceptions=True))[0], BaseException):
            continue  # it already had its turn
        await asyncio.wait_for(next_waiter, 0.5)
        break
    else:
        pytest.fail("no turn came at the moment of the cancellation")


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


def start_worker(redis: RedisServer) -> subprocess.Popen[str]:
    """Start another worker, which holds the lease or waits for it."""
    command = [sys.executable, "-c", _HOLD, redis.url, str(LEASE)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ})


async def test_after_the_holder_is_killed_another_gets_the_lease_within_its_ttl(
    locks: list[RedisAccountLock], redis: RedisServer
) -> None:
    holder = start_worker(redis)
    assert holder.stdout
    assert await asyncio.to_thread(holder.stdout.readline) == "held\n"
    holder.kill()
    holder.communicate()
    started = time.monotonic()
    async with held(locks[0], 30):
        assert time.monotonic() - started < LEASE + 0.2


async def test_a_killed_waiter_is_skipped(locks: list[RedisAccountLock], redis: RedisServer) -> None:
    async with held(locks[0], 30):
        waiter = start_worker(redis)
        while b"$" not in redis.say("ZRANGE", "stac-bridge:{account}:slot:queue", "0", "0"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        waiter.kill()
        waiter.communicate()
        behind = asyncio.create_task(held(locks[1], 30).__aenter__())
        await asyncio.sleep(0.05)
    started = time.monotonic()
    await behind
    assert time.monotonic() - started < LEASE


async def test_a_holder_that_was_suspended_learns_that_it_has_lost_the_lease(
    locks: list[RedisAccountLock], redis: RedisServer
) -> None:
    async with held(locks[0], 30) as lease:
        redis.say("DEL", "stac-bridge:{account}:slot")  # as if the lease had expired while the worker was suspended
        async with held(locks[1], 30):
            await asyncio.sleep(0.6 * LEASE)
            assert lease.expires_at() < time.monotonic()


async def test_while_redis_is_down_nobody_gets_the_lease(locks: list[RedisAccountLock], redis: RedisServer) -> None:
    redis.kill()
    started = time.monotonic()
    with pytest.raises(UpstreamBusy, match="store does not answer") as error:
        async with held(locks[0], 30):
            pass
    assert error.value.retry_after
    assert 1 < time.monotonic() - started < 4
    started = time.monotonic()
    with pytest.raises(UpstreamBusy):
        async with held(locks[0], 30):
            pass
    assert time.monotonic() - started < 1, "later requests fail sooner"
    redis.start()
    async with held(locks[1], 30):
        pass


async def test_a_holder_must_finish_before_its_lease_expires_while_redis_is_down(
    locks: list[RedisAccountLock], redis: RedisServer
) -> None:
    started = time.monotonic()
    async with held(locks[0], 30) as lease:
        redis.pause()
        await asyncio.sleep(LEASE)
        assert lease.expires_at() < started + LEASE + 0.4
        assert lease.expires_at() < time.monotonic()
        redis.go_on()


async def test_a_redis_that_has_lost_its_data_grants_nothing_while_a_worker_may_hold_the_lease(
    locks: list[RedisAccountLock], redis: RedisServer
) -> None:
    async with held(locks[1], 30):
        pass
    async with held(locks[0], 30) as lease:
        redis.say("FLUSHALL")
        with contextlib.suppress(UpstreamBusy):
            async with held(locks[1], 0.3):
                pytest.fail("two workers hold the lease")
        await asyncio.sleep(0.3)
        assert lease.expires_at() > time.monotonic(), "it is renewed as if nothing had happened"


def test_nothing_of_the_queue_stays_in_redis(redis: RedisServer) -> None:
    """Only the time since when this Redis is known is left."""

    async def once() -> None:
        link = RedisConnection(redis.url)
        async with held(RedisAccountLock(link, "account", LEASE), 1):
            pass
        await link.aclose()

    asyncio.run(once())
    assert sorted(redis.say("KEYS", "*").split()[2::2]) == [b"stac-bridge:{account}:slot:since"]
