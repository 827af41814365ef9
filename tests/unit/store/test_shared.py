"""Two workers and one Redis: values, makings and the key are shared; what is not ours there is not believed."""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from stac_bridge.assets.read.probe import Source
from stac_bridge.assets.resolve.download_answer import Grant
from stac_bridge.catalog import Learnt
from stac_bridge.errors import UpstreamBusy, UpstreamUnreachable
from stac_bridge.m2m.auth import Keys
from stac_bridge.m2m.models.scenes import Dataset, DatasetProduct, read_scene
from stac_bridge.request_context import spending
from stac_bridge.store import Sharing, open_store
from tests.redis_server import RedisServer
from tests.support import FIXTURES, raw_scene

SECRET = b"0123456789abcdef"
ACCOUNT = ("http://m2m.test/", "someone")


def worker(redis: RedisServer, account: tuple[str, str] = ACCOUNT, secrets: tuple[bytes, ...] = (SECRET,)) -> Sharing:
    return open_store(redis.url, account=account, secrets=secrets)


@pytest.fixture
async def two(redis: RedisServer) -> AsyncIterator[tuple[Sharing, Sharing]]:
    both = worker(redis), worker(redis)
    yield both
    for one in both:
        await one.store.aclose()


class Making:
    def __init__(self, answer: Any = "made", seconds: float = 0.05, fails: int = 0) -> None:
        self.answer, self.seconds, self.fails, self.made = answer, seconds, fails, 0
        self.begun = asyncio.Event()

    async def __call__(self) -> Any:
        self.made += 1
        self.begun.set()
        await asyncio.sleep(self.seconds)
        if self.fails:
            self.fails -= 1
            raise UpstreamUnreachable("no")
        return self.answer


async def test_what_one_worker_keeps_the_other_finds_and_drops(two: tuple[Sharing, Sharing]) -> None:
    one, other = two
    await one.store.put("source of a file", ("url", range(3)), ttl=60)
    assert await other.store.get("source of a file") == ("url", range(3))
    await other.store.drop("source of a file")
    assert await one.store.get("source of a file") is None


async def test_what_is_kept_ends_with_its_time_everywhere(two: tuple[Sharing, Sharing]) -> None:
    one, other = two
    await one.store.put("key", "value", ttl=0.1)
    assert await other.store.get("key") == "value"
    await asyncio.sleep(0.15)
    assert [await one.store.get("key"), await other.store.get("key")] == [None, None]


@pytest.mark.parametrize("stale", [0, 60])
async def test_both_workers_share_one_making(two: tuple[Sharing, Sharing], stale: float) -> None:
    making = Making()
    asked = [one.store.once("key", making, ttl=60, stale=stale) for one in two * 5]
    assert await asyncio.gather(*asked) == ["made"] * 10
    assert making.made == 1


async def test_an_error_stays_with_the_worker_that_met_it(two: tuple[Sharing, Sharing]) -> None:
    one, other = two
    making = Making(fails=1)
    first = asyncio.create_task(one.store.once("key", making, ttl=60))
    await making.begun.wait()
    assert await other.store.once("key", making, ttl=60) == "made"
    with pytest.raises(UpstreamUnreachable):
        await first
    assert making.made == 2


async def test_who_waits_for_another_worker_waits_no_longer_than_its_budget(two: tuple[Sharing, Sharing]) -> None:
    one, other = two
    making = Making(seconds=1)
    first = asyncio.create_task(one.store.once("key", making, ttl=60))
    await making.begun.wait()
    with spending(0.1), pytest.raises(UpstreamBusy):
        await other.store.once("key", Making(), ttl=60)
    await first


async def test_the_age_of_an_old_value_is_the_same_for_whoever_gives_it(two: tuple[Sharing, Sharing]) -> None:
    one, other = two
    await one.store.once("key", Making("old", 0), ttl=0.1, stale=60)
    await asyncio.sleep(0.3)
    ages = []
    for each in (one, other):
        with spending(60) as budget:
            assert await each.store.once("key", Making(fails=1, seconds=0), ttl=0.1, stale=60) == "old"
            ages.append(budget.age or 0)
    assert 0.29 < ages[0] <= ages[1] < 3


async def test_a_large_value_is_shared_and_a_huge_one_stays_where_it_is(two: tuple[Sharing, Sharing]) -> None:
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
    assert one.key
    assert other.key
    await one.key.put("api key", 60)
    assert await other.store.get("key") is None
    assert await other.key.get() is None
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


async def test_what_somebody_else_put_there_is_not_unpickled_and_told_of_once(
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


async def test_a_value_moved_to_another_place_is_not_believed(two: tuple[Sharing, Sharing], redis: RedisServer) -> None:
    one, _other = two
    await one.store.put("a", "value of a", ttl=60)
    await one.store.put("b", "value of b", ttl=60)
    names = [word for word in redis.say("KEYS", "*").decode().split() if word.startswith("stac-bridge")]
    redis.say("COPY", names[0], names[1], "REPLACE")
    found = {await one.store.get("a"), await one.store.get("b")}
    assert None in found
    assert len(found) == 2


async def test_nothing_in_redis_names_a_url_in_its_key(two: tuple[Sharing, Sharing], redis: RedisServer) -> None:
    await two[0].store.put("alive https://landsatlook.usgs.gov/secret?signature=x", True, ttl=60)
    assert b"landsatlook" not in redis.say("KEYS", "*")


async def test_one_login_serves_all_and_only_the_dead_key_is_dropped(two: tuple[Sharing, Sharing]) -> None:
    one, other = (each.key for each in two)
    assert one
    assert other
    keys: Keys = one  # what the login asks of it
    await keys.put("first", 60)
    assert await other.get() == "first"
    await one.put("second", 60)
    await other.drop("first")
    assert await other.get() == "second"
    await other.drop("second")
    assert await one.get() is None


def test_pickles_of_ours_come_back_equal() -> None:
    """What the store is handed: frozen dataclasses with slots, pydantic models, ranges."""
    raw = orjson.loads((FIXTURES / "scenes" / "dataset__corona2.json").read_bytes())
    product = DatasetProduct(product_id="5e839feb28131aac", code="D183", name="Standard Format")
    values = (
        read_scene(raw_scene("corona2")),
        Learnt((), (product,)),
        Dataset.model_validate(raw),
        Grant(1, "label", known=True),
        Source("name", "url", 1, True, "image/tiff", part=range(3)),
    )
    assert pickle.loads(pickle.dumps(values)) == values
