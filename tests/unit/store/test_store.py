"""The store: kept for a while, made once, bounded, and given past its time while M2M does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stac_bridge.errors import UpstreamBusy, UpstreamFault, UpstreamTimeout, UpstreamUnreachable
from stac_bridge.request_context import current, spending
from stac_bridge.store import Memory, Store


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def no() -> str:
    raise UpstreamUnreachable("no", retry_after=60)


async def yes() -> str:
    return "yes"


def counting(answer: Any = "made", seconds: float = 0.01) -> tuple[list[int], Callable[[], Awaitable[Any]]]:
    calls: list[int] = []

    async def make() -> Any:
        calls.append(1)
        await asyncio.sleep(seconds)
        return answer

    return calls, make


async def test_many_who_ask_at_once_share_one_making() -> None:
    calls, make = counting()
    store = Store()
    assert await asyncio.gather(*(store.once("key", make, ttl=60) for _ in range(20))) == ["made"] * 20
    assert await store.once("key", make, ttl=60) == "made"
    assert len(calls) == 1


@pytest.mark.parametrize("outlives", [True, False])
async def test_a_making_goes_on_when_its_first_asker_goes_away(outlives: bool) -> None:
    _calls, make = counting()
    store = Store()
    first = asyncio.create_task(store.once("key", make, ttl=60, outlives=outlives))
    await asyncio.sleep(0)
    second = asyncio.create_task(store.once("key", make, ttl=60, outlives=outlives))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "made"


@pytest.mark.parametrize("outlives", [True, False])
async def test_a_making_nobody_waits_for_ends_unless_it_outlives_its_askers(outlives: bool) -> None:
    calls, make = counting()
    store = Store()
    asker = asyncio.create_task(store.once("key", make, ttl=60, outlives=outlives))
    await asyncio.sleep(0.001)
    asker.cancel()
    await asyncio.sleep(0.02)
    assert (await store.get("key") is not None) is outlives
    assert await store.once("key", make, ttl=60) == "made"
    assert len(calls) == (1 if outlives else 2)


async def test_a_making_nobody_waits_for_goes_on_once_it_has_cost_a_call() -> None:
    async def make() -> str:
        current().calls += 1
        await asyncio.sleep(0.01)
        return "made"

    async def ask() -> None:
        with spending(60):
            await store.once("key", make, ttl=60, outlives=False)

    store = Store()
    asker = asyncio.create_task(ask())
    await asyncio.sleep(0.001)
    asker.cancel()
    await asyncio.sleep(0.02)
    assert await store.get("key") == "made", "M2M has worked for it, and whoever went away may come back"


async def test_who_comes_right_after_a_making_was_given_up_begins_anew() -> None:
    _calls, make = counting()
    store = Store()
    asker = asyncio.create_task(store.once("key", make, ttl=60, outlives=False))
    await asyncio.sleep(0.001)
    asker.cancel()
    await asyncio.sleep(0)
    assert await store.once("key", make, ttl=60, outlives=False) == "made"


async def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    async def fail() -> str:
        await asyncio.sleep(0)
        raise ValueError("no")

    store = Store()
    results = await asyncio.gather(*(store.once("key", fail, ttl=60) for _ in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["no"] * 3
    assert await store.once("key", yes, ttl=60) == "yes"


async def test_what_is_kept_ends_with_its_time() -> None:
    clock = Clock()
    store = Store(Memory(clock=clock))
    await store.put("key", "value", ttl=10)
    clock.now = 9.0
    assert await store.get("key") == "value"
    clock.now = 11.0
    assert await store.get("key") is None


@pytest.mark.parametrize(("ttl", "size"), [(0, 1), (10, 2000)])
async def test_what_has_no_time_or_no_room_is_not_kept(ttl: float, size: int) -> None:
    store = Store(Memory(max_bytes=1000))
    await store.put("key", "value", ttl=ttl, size=size)
    assert await store.get("key") is None


async def test_the_bound_in_bytes_holds() -> None:
    store = Store(Memory(max_bytes=1000))
    for number in range(20):
        await store.put(str(number), number, ttl=60, size=100)
    assert [number for number in range(20) if await store.get(str(number)) is not None] == list(range(10, 20))


@pytest.mark.parametrize("kind", [UpstreamUnreachable, UpstreamTimeout, UpstreamBusy])
async def test_while_m2m_does_not_answer_an_old_value_is_given_and_its_age_told(kind: type[Exception]) -> None:
    async def down() -> str:
        raise kind("no")

    clock = Clock()
    store = Store(Memory(clock=clock))
    await store.once("key", yes, ttl=10, stale=100)
    clock.now = 50.0
    with spending(60) as budget:
        assert await store.once("key", down, ttl=10, stale=100) == "yes"
        assert budget.age == 50.0
        assert await store.get("key") is None, "an old value is given for want of a new one only"


async def test_all_who_wait_for_a_making_that_fails_are_told_the_age_of_the_oldest_answer() -> None:
    clock = Clock()
    store = Store(Memory(clock=clock))
    await store.once("older", yes, ttl=10, stale=100)
    clock.now = 30.0
    await store.once("newer", yes, ttl=10, stale=100)
    clock.now = 50.0

    async def ask() -> float | None:
        with spending(60) as budget:
            await store.once("older", no, ttl=10, stale=100)
            await store.once("newer", no, ttl=10, stale=100)
            return budget.age

    assert await asyncio.gather(ask(), ask(), ask()) == [50.0] * 3


async def test_an_old_value_is_replaced_once_m2m_answers_again() -> None:
    clock = Clock()
    store = Store(Memory(clock=clock))
    await store.once("key", yes, ttl=10, stale=100)
    clock.now = 50.0
    _calls, make = counting("new")
    with spending(60) as budget:
        assert await store.once("key", make, ttl=10, stale=100) == "new"
        assert budget.age is None


@pytest.mark.parametrize(
    ("stale", "error"), [(0, UpstreamUnreachable), (30, UpstreamUnreachable), (100, UpstreamFault)]
)
async def test_no_old_value_is_given_where_none_may_or_where_m2m_has_answered(
    stale: float, error: type[Exception]
) -> None:
    async def fail() -> str:
        raise error("no")

    clock = Clock()
    store = Store(Memory(clock=clock))
    await store.once("key", yes, ttl=10, stale=stale)
    clock.now = 50.0
    with pytest.raises(error):
        await store.once("key", fail, ttl=10, stale=stale)


async def test_a_listener_hears_what_each_asking_met() -> None:
    heard: list[tuple[str, str]] = []
    clock = Clock()
    store = Store(Memory(clock=clock), listener=lambda kind, outcome: heard.append((kind, outcome)))
    _calls, make = counting()
    await asyncio.gather(*(store.once("scenes of", make, ttl=10, stale=90) for _ in range(2)))
    await store.once("scenes of", make, ttl=10, stale=90)
    clock.now = 50.0
    await store.once("scenes of", no, ttl=10, stale=90)
    outcomes = ["miss", "coalesced", "hit", "miss", "stale"]
    assert heard == [("scenes", outcome) for outcome in outcomes]
