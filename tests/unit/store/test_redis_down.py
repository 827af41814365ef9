"""Redis down, up again, and slow: each worker continues with its own memory, and logs it once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import pytest

from stac_bridge.errors import BridgeError
from stac_bridge.store import SharedState, open_store
from tests.redis_server import RedisServer

pytestmark = pytest.mark.slow

SECRET = b"0123456789abcdef"


@pytest.fixture
async def shared(redis: RedisServer) -> AsyncIterator[SharedState]:
    sharing = open_store(redis.url, account=("http://m2m.test/", "someone"), secrets=(SECRET,))
    yield sharing
    await sharing.store.aclose()


async def make() -> str:
    return "made"


async def test_while_redis_is_down_each_worker_uses_its_own_values_and_key(
    shared: SharedState, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    store = shared.store
    assert shared.login_key
    await store.put("before", "stored", ttl=60)
    await shared.login_key.put("api key", 60)
    redis.kill()
    with caplog.at_level(logging.WARNING):
        assert await store.get("before") == "stored"
        assert await store.get_or_make("after", make, ttl=60) == "made"
        assert await store.get("after") == "made"
        assert await shared.login_key.get() == "api key"
    assert [record.message[:13] for record in caplog.records] == ["Redis is down"]
    health = await store.health()
    assert (health.kind, health.state) == ("redis", "degraded")
    assert "Redis is down" in str(health.reason)


async def test_redis_is_used_again_without_a_restart_once_it_is_up(shared: SharedState, redis: RedisServer) -> None:
    redis.kill()
    await shared.store.put("key", "stored here", ttl=60)
    redis.start()
    until = time.monotonic() + 3
    while (await shared.store.health()).state != "ok":
        assert time.monotonic() < until
        await asyncio.sleep(0.05)
    await shared.store.put("key", "stored there", ttl=60)
    assert b"stac-bridge" in redis.say("KEYS", "*")


async def test_a_slow_redis_costs_half_a_second_only_once(shared: SharedState, redis: RedisServer) -> None:
    await shared.store.put("key", "stored", ttl=60)
    redis.pause()
    started = time.monotonic()
    assert [await shared.store.get("key") for _ in range(20)] == ["stored"] * 20
    assert time.monotonic() - started < 1
    redis.go_on()


async def test_no_password_is_logged_or_shown(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    address = redis.url.replace("redis://", "redis://somebody:a-password@")
    store = open_store(address, account=("", ""), secrets=(SECRET,)).store
    with caplog.at_level(logging.DEBUG):
        health = await store.health()
    assert health.state == "degraded"
    assert "a-password" not in f"{health} {caplog.text}"
    await store.aclose()


async def test_a_unix_socket_works_too(redis: RedisServer) -> None:
    store = open_store(f"unix://{redis.socket}", account=("", ""), secrets=(SECRET,)).store
    await store.put("key", "stored", ttl=60)
    assert (await store.health()).state == "ok"
    assert b"stac-bridge" in redis.say("KEYS", "*")
    await store.aclose()


@pytest.mark.parametrize("url", ["", "memory", "http://host/", "redis://host:port/"])
def test_an_invalid_url_is_an_error_that_names_the_variable(url: str) -> None:
    with pytest.raises(BridgeError, match="STAC_BRIDGE_STORE"):
        open_store(url, account=("", ""), secrets=(SECRET,))
