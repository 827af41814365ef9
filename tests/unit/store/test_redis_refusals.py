"""A Redis that answers but does not store: full, read-only, without replicas, or an account that may not write."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from stac_bridge.errors import BridgeError
from stac_bridge.request_context import request_deadline
from stac_bridge.store import SharedState, check_redis, open_store
from tests.redis_server import RedisServer

pytestmark = pytest.mark.slow

SECRET = b"0123456789abcdef"

REFUSALS = {
    "full": (("CONFIG SET maxmemory 1",), ("CONFIG SET maxmemory 0",)),
    "read-only": (("REPLICAOF 127.0.0.1 9",), ("REPLICAOF NO ONE",)),
    "without replicas": (("CONFIG SET min-replicas-to-write 1",), ("CONFIG SET min-replicas-to-write 0",)),
    "no permission": (("ACL SETUSER default -@write",), ("ACL SETUSER default +@all",)),
}


def send(redis: RedisServer, commands: tuple[str, ...]) -> None:
    for command in commands:
        assert not redis.say(*command.split()).startswith(b"-"), command


@pytest.fixture(params=REFUSALS)
def refusing(request: pytest.FixtureRequest, redis: RedisServer) -> Iterator[RedisServer]:
    begin, end = REFUSALS[request.param]
    send(redis, begin)
    yield redis
    send(redis, end)


@pytest.fixture
async def shared(redis: RedisServer) -> AsyncIterator[SharedState]:
    sharing = open_store(redis.url, account=("http://m2m.test/", "someone"), secrets=(SECRET,))
    yield sharing
    await sharing.store.aclose()


async def test_values_of_every_kind_are_made_once_and_read_from_memory(
    refusing: RedisServer, shared: SharedState
) -> None:
    made: list[str] = []

    async def make() -> str:
        made.append("made")
        return "value"

    for stale in (0, 60):
        for _ in range(5):
            assert await shared.store.get_or_make(f"key {stale}", make, ttl=60, stale=stale) == "value"
    await shared.store.put("put", "value", ttl=60)
    assert await shared.store.get("put") == "value"
    await shared.store.drop("put")
    assert await shared.store.get("put") is None
    assert len(made) == 2


async def test_the_login_key_is_kept_so_that_not_every_request_logs_in(
    refusing: RedisServer, shared: SharedState
) -> None:
    keys = shared.login_key
    assert keys
    await keys.put("a key", 60)
    assert [await keys.get() for _ in range(3)] == ["a key"] * 3
    await keys.drop("a key")
    assert await keys.get() is None


async def test_the_account_can_be_used_without_waiting(
    refusing: RedisServer, shared: SharedState, caplog: pytest.LogCaptureFixture
) -> None:
    lock = shared.account_lock
    assert lock
    with caplog.at_level(logging.WARNING), request_deadline(5):
        for _ in range(3):
            started = time.monotonic()
            async with lock.acquire() as lease:
                assert lease.expires_at() > time.monotonic()
            assert time.monotonic() - started < 1
    assert "Redis is down" not in caplog.text


async def test_workers_still_take_turns_if_redis_is_only_full(redis: RedisServer, shared: SharedState) -> None:
    other = open_store(redis.url, account=("http://m2m.test/", "someone"), secrets=(SECRET,))
    assert shared.account_lock
    assert other.account_lock
    inside = most = 0
    send(redis, REFUSALS["full"][0])

    async def work(state: SharedState) -> None:
        nonlocal inside, most
        assert state.account_lock
        async with state.account_lock.acquire():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    try:
        with request_deadline(10):
            await asyncio.gather(*(work(state) for state in (shared, other) * 5))
    finally:
        send(redis, REFUSALS["full"][1])
        await other.store.aclose()
    assert most == 1


async def test_a_lease_in_hand_outlives_a_redis_that_turns_read_only(redis: RedisServer, shared: SharedState) -> None:
    assert shared.account_lock
    with request_deadline(30):
        async with shared.account_lock.acquire() as lease:
            ends = lease.expires_at()
            send(redis, REFUSALS["read-only"][0])
            try:
                while lease.expires_at() == ends:
                    assert time.monotonic() < ends
                    await asyncio.sleep(0.05)
                assert lease.expires_at() > ends + 3600
            finally:
                send(redis, REFUSALS["read-only"][1])


async def test_health_is_degraded_with_the_reason_and_ok_afterwards(
    redis: RedisServer, shared: SharedState, caplog: pytest.LogCaptureFixture
) -> None:
    begin, end = REFUSALS["full"]
    send(redis, begin)
    with caplog.at_level(logging.WARNING):
        await shared.store.put("key", "value", ttl=60)
        await shared.store.put("other", "value", ttl=60)
        health = await shared.store.health()
        assert (health.state, "maxmemory" in str(health.reason)) == ("degraded", True)
        send(redis, end)
        assert (await shared.store.health()).state == "ok"
    texts = [record.message for record in caplog.records]
    assert len(texts) == 2
    assert "refuses to store values" in texts[0]
    assert "stores values again" in texts[1]


async def test_the_check_for_the_doctor_reports_the_refusal_and_that_for_the_start_does_not(
    refusing: RedisServer,
) -> None:
    await check_redis(refusing.url)
    with pytest.raises(BridgeError, match=r"STAC_BRIDGE_STORE: Redis refuses to store values \(.+\), so .+\."):
        await check_redis(refusing.url, stores=True)


async def test_a_key_of_another_type_is_no_reason_to_give_up_redis(redis: RedisServer, shared: SharedState) -> None:
    await shared.store.put("odd", "value", ttl=60)
    await shared.store.put("even", "value", ttl=60)
    (name,) = [word for word in redis.say("KEYS", "*:odd:*").decode().split() if word.startswith("stac-bridge")]
    redis.say("DEL", name)
    redis.say("RPUSH", name, "a-list")
    other = open_store(redis.url, account=("http://m2m.test/", "someone"), secrets=(SECRET,)).store
    assert await other.get("odd") is None
    assert (await other.health()).state == "ok"
    assert await other.get("even") == "value"
    await other.aclose()


async def test_a_damaged_value_counts_as_absent(redis: RedisServer, shared: SharedState) -> None:
    chance = random.Random(22)
    await shared.store.put("key", "word " * 1000, ttl=60)
    (name,) = [word for word in redis.say("KEYS", "*").decode().split() if word.startswith("stac-bridge")]
    for _ in range(30):
        redis.say("SETRANGE", name, str(chance.randrange(60)), chance.randbytes(3).hex())
        other = open_store(redis.url, account=("http://m2m.test/", "someone"), secrets=(SECRET,)).store
        assert await other.get("key") is None
        await other.aclose()
