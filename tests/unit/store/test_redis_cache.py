"""Two workers and one Redis: values, computations and the key are shared; foreign values are ignored."""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import AsyncIterator
from typing import Any

import pytest

from stac_bridge.assets.read.probe import Source
from stac_bridge.assets.resolve.download_answer import QueuedDownload
from stac_bridge.catalog import DatasetDetails
from stac_bridge.errors import UpstreamBusy, UpstreamUnreachable
from stac_bridge.m2m.auth import KeyStore
from stac_bridge.m2m.models.datasets import Dataset, DatasetProduct
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.request_context import request_deadline
from stac_bridge.store import SharedState, open_store
from tests.redis_server import RedisServer
from tests.support import raw_scene, recorded_data

pytestmark = pytest.mark.slow

SECRET = b"0123456789abcdef"
ACCOUNT = ("http://m2m.test/", "someone")


def worker(
    redis: RedisServer, account: tuple[str, str] = ACCOUNT, secrets: tuple[bytes, ...] = (SECRET,)
) -> SharedState:
    return open_store(redis.url, account=account, secrets=secrets)


@pytest.fixture
async def two(redis: RedisServer) -> AsyncIterator[tuple[SharedState, SharedState]]:
    both = worker(redis), worker(redis)
    yield both
    for one in both:
        await one.store.aclose()


class Making:
    def __init__(self, answer: Any = "made", seconds: float = 0.05, fails: int = 0) -> None:
        self.answer, self.seconds, self.fails, self.made = answer, seconds, fails, 0
        self.started = asyncio.Event()

    async def __call__(self) -> Any:
        self.made += 1
        self.started.set()
        await asyncio.sleep(self.seconds)
        if self.fails:
            self.fails -= 1
            raise UpstreamUnreachable("no")
        return self.answer


async def test_a_value_of_one_worker_is_read_and_dropped_by_the_other(two: tuple[SharedState, SharedState]) -> None:
    one, other = two
    await one.store.put("source of a file", ("url", range(3)), ttl=60)
    assert await other.store.get("source of a file") == ("url", range(3))
    await other.store.drop("source of a file")
    assert await one.store.get("source of a file") is None


async def test_a_value_expires_everywhere(two: tuple[SharedState, SharedState]) -> None:
    one, other = two
    await one.store.put("key", "value", ttl=0.1)
    assert await other.store.get("key") == "value"
    await asyncio.sleep(0.15)
    assert [await one.store.get("key"), await other.store.get("key")] == [None, None]


@pytest.mark.parametrize("stale", [0, 60])
async def test_both_workers_share_one_computation(two: tuple[SharedState, SharedState], stale: float) -> None:
    making = Making()
    requests = [one.store.get_or_make("key", making, ttl=60, stale=stale) for one in two * 5]
    assert await asyncio.gather(*requests) == ["made"] * 10
    assert making.made == 1


async def test_an_error_stays_with_the_worker_that_got_it(two: tuple[SharedState, SharedState]) -> None:
    one, other = two
    making = Making(fails=1)
    first = asyncio.create_task(one.store.get_or_make("key", making, ttl=60))
    await making.started.wait()
    assert await other.store.get_or_make("key", making, ttl=60) == "made"
    with pytest.raises(UpstreamUnreachable):
        await first
    assert making.made == 2


async def test_waiting_for_another_worker_ends_at_the_deadline(
    two: tuple[SharedState, SharedState],
) -> None:
    one, other = two
    making = Making(seconds=1)
    first = asyncio.create_task(one.store.get_or_make("key", making, ttl=60))
    await making.started.wait()
    with request_deadline(0.1), pytest.raises(UpstreamBusy):
        await other.store.get_or_make("key", Making(), ttl=60)
    await first


async def test_the_age_of_a_stale_value_is_the_same_in_every_worker(two: tuple[SharedState, SharedState]) -> None:
    one, other = two
    await one.store.get_or_make("key", Making("old", 0), ttl=0.1, stale=60)
    await asyncio.sleep(0.3)
    ages = []
    for each in (one, other):
        with request_deadline(60) as request:
            assert await each.store.get_or_make("key", Making(fails=1, seconds=0), ttl=0.1, stale=60) == "old"
            ages.append(request.stale_age or 0)
    assert 0.29 < ages[0] <= ages[1] < 3


async def test_a_large_value_is_shared_and_a_huge_one_stays_local(two: tuple[SharedState, SharedState]) -> None:
    import secrets

    one, other = two
    large, huge = "word " * 400_000, secrets.token_bytes(9 * 2**20)
    await one.store.put("large", large, ttl=60, size=len(large))
    await one.store.put("huge", huge, ttl=60, size=len(huge))
    assert await other.store.get("large") == large
    assert await other.store.get("huge") is None


async def test_accounts_share_nothing(redis: RedisServer) -> None:
    one, other = worker(redis), worker(redis, ("http://m2m.test/", "somebody else"))
    await one.store.put("key", "value", ttl=60)
    assert one.login_key
    assert other.login_key
    await one.login_key.put("api key", 60)
    assert await other.store.get("key") is None
    assert await other.login_key.get() is None
    await one.store.aclose()
    await other.store.aclose()


async def test_workers_with_the_old_signing_key_and_the_new_one_read_each_other(redis: RedisServer) -> None:
    old, new = worker(redis), worker(redis, secrets=(b"another key 0123456", SECRET))
    await old.store.put("key", "value", ttl=60)
    assert await new.store.get("key") == "value"
    await old.store.aclose()
    await new.store.aclose()


class _Trap:
    sprung = False

    def __reduce__(self) -> Any:
        return setattr, (_Trap, "sprung", True)


async def test_a_foreign_value_is_not_unpickled_and_is_logged_once(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    ours, theirs = worker(redis), worker(redis, secrets=(b"a key that is not ours",))
    await theirs.store.put("key", _Trap(), ttl=60)
    await theirs.store.put("other", _Trap(), ttl=60)
    with caplog.at_level(logging.WARNING):
        assert [await ours.store.get("key"), await ours.store.get("other")] == [None, None]
    assert not _Trap.sprung
    assert [record.message for record in caplog.records if "STAC_BRIDGE_SIGNING_KEYS" in record.message]
    assert len(caplog.records) == 1
    await ours.store.aclose()
    await theirs.store.aclose()


async def test_a_value_copied_to_another_redis_key_is_ignored(
    two: tuple[SharedState, SharedState], redis: RedisServer
) -> None:
    one, _other = two
    await one.store.put("a", "value of a", ttl=60)
    await one.store.put("b", "value of b", ttl=60)
    names = [word for word in redis.say("KEYS", "*").decode().split() if word.startswith("stac-bridge")]
    redis.say("COPY", names[0], names[1], "REPLACE")
    values = {await one.store.get("a"), await one.store.get("b")}
    assert None in values
    assert len(values) == 2


async def test_no_redis_key_contains_a_url(two: tuple[SharedState, SharedState], redis: RedisServer) -> None:
    await two[0].store.put("alive https://landsatlook.usgs.gov/secret?signature=x", True, ttl=60)
    assert b"landsatlook" not in redis.say("KEYS", "*")


async def test_one_login_is_shared_and_only_a_dead_key_is_deleted(two: tuple[SharedState, SharedState]) -> None:
    one, other = (each.login_key for each in two)
    assert one
    assert other
    keys: KeyStore = one  # it satisfies the protocol of the login
    await keys.put("first", 60)
    assert await other.get() == "first"
    await one.put("second", 60)
    await other.drop("first")
    assert await other.get() == "second"
    await other.drop("second")
    assert await one.get() is None


def test_pickled_values_are_read_back_equal() -> None:
    """The store holds frozen dataclasses with slots, pydantic models and ranges."""
    raw = recorded_data("dataset__corona2__1")
    product = DatasetProduct(product_id="5e839feb28131aac", code="D183", name="Standard Format")
    values = (
        read_scene(raw_scene("corona2")),
        DatasetDetails((), (product,)),
        Dataset.model_validate(raw),
        QueuedDownload(1, "label", is_duplicate=True),
        Source("name", "url", 1, True, "image/tiff", part=range(3)),
    )
    assert pickle.loads(pickle.dumps(values)) == values
