"""The store: kept for a while, made once, bounded."""

from __future__ import annotations

import asyncio

import pytest

from stac_bridge.store import Store


async def test_many_who_ask_at_once_share_one_making() -> None:
    made = 0

    async def make() -> int:
        nonlocal made
        made += 1
        await asyncio.sleep(0.01)
        return made

    store = Store()
    assert await asyncio.gather(*(store.once("key", make, ttl=60) for _ in range(20))) == [1] * 20
    assert await store.once("key", make, ttl=60) == 1


async def test_a_making_goes_on_when_its_first_asker_goes_away() -> None:
    async def make() -> str:
        await asyncio.sleep(0.02)
        return "made"

    store = Store()
    first = asyncio.create_task(store.once("key", make, ttl=60))
    await asyncio.sleep(0)
    second = asyncio.create_task(store.once("key", make, ttl=60))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "made"


async def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    async def fail() -> str:
        await asyncio.sleep(0)
        raise ValueError("no")

    async def make() -> str:
        return "yes"

    store = Store()
    results = await asyncio.gather(*(store.once("key", fail, ttl=60) for _ in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["no"] * 3
    assert await store.once("key", make, ttl=60) == "yes"


def test_what_is_kept_ends_with_its_time() -> None:
    now = 0.0
    store = Store(clock=lambda: now)
    store.put("key", "value", ttl=10)
    now = 9.0
    assert store.get("key") == "value"
    now = 11.0
    assert store.get("key") is None


@pytest.mark.parametrize(("ttl", "size"), [(0, 1), (10, 2000)])
def test_what_has_no_time_or_no_room_is_not_kept(ttl: float, size: int) -> None:
    store = Store(max_bytes=1000)
    store.put("key", "value", ttl=ttl, size=size)
    assert store.get("key") is None


def test_the_bound_in_bytes_holds() -> None:
    store = Store(max_bytes=1000)
    for number in range(20):
        store.put(str(number), number, ttl=60, size=100)
    assert [number for number in range(20) if store.get(str(number)) is not None] == list(range(10, 20))
