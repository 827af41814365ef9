"""The store: values expire, are made once, are limited in bytes, and serve stale while M2M is down."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stac_bridge.errors import UpstreamBusy, UpstreamFault, UpstreamTimeout, UpstreamUnreachable
from stac_bridge.request_context import current_request, request_deadline
from stac_bridge.store import MemoryCache, Store


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def no() -> str:
    raise UpstreamUnreachable("no", retry_after=60)


async def yes() -> str:
    return "yes"


class Making:
    """Makes a value when ``finish`` is set; sets ``started`` when it starts."""

    def __init__(self, value: Any = "made", *, costs_a_call: bool = False) -> None:
        self.value, self.costs_a_call = value, costs_a_call
        self.times = 0
        self.started, self.finish = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> Any:
        self.times += 1
        if self.costs_a_call:
            current_request().calls += 1
        self.started.set()
        await self.finish.wait()
        return self.value


async def ended(task: asyncio.Task[Any]) -> None:
    """Wait for a task's end, and for what it cancelled."""
    await asyncio.gather(task, return_exceptions=True)
    for _ in range(5):
        await asyncio.sleep(0)


async def test_concurrent_callers_share_one_computation() -> None:
    make, store = Making(), Store()
    callers = [asyncio.create_task(store.get_or_make("key", make, ttl=60)) for _ in range(20)]
    await make.started.wait()
    make.finish.set()
    assert await asyncio.gather(*callers) == ["made"] * 20
    assert await store.get_or_make("key", make, ttl=60) == "made"
    assert make.times == 1


@pytest.mark.parametrize("finish_abandoned", [True, False])
async def test_a_computation_goes_on_for_the_others_when_its_first_caller_leaves(finish_abandoned: bool) -> None:
    make, store = Making(), Store()
    first, second = (
        asyncio.create_task(store.get_or_make("key", make, ttl=60, finish_abandoned=finish_abandoned)) for _ in range(2)
    )
    await make.started.wait()
    first.cancel()
    await ended(first)
    make.finish.set()
    assert await second == "made"


@pytest.mark.parametrize("finish_abandoned", [True, False])
async def test_an_abandoned_computation_ends_unless_it_is_to_finish(finish_abandoned: bool) -> None:
    make, store = Making(), Store()
    caller = asyncio.create_task(store.get_or_make("key", make, ttl=60, finish_abandoned=finish_abandoned))
    await make.started.wait()
    caller.cancel()
    await ended(caller)
    make.finish.set()
    assert await store.get_or_make("key", make, ttl=60) == "made"
    assert make.times == (1 if finish_abandoned else 2)


async def test_an_abandoned_computation_finishes_once_it_has_cost_a_call() -> None:
    make, store = Making(costs_a_call=True), Store()

    async def request() -> None:
        with request_deadline(60):
            await store.get_or_make("key", make, ttl=60, finish_abandoned=False)

    caller = asyncio.create_task(request())
    await make.started.wait()
    caller.cancel()
    await ended(caller)
    make.finish.set()
    assert await store.get_or_make("key", make, ttl=60) == "made"
    assert make.times == 1, "M2M has worked for it, and the caller may come back"


async def test_a_caller_right_after_an_abandoned_computation_starts_a_new_one() -> None:
    make, store = Making(), Store()
    caller = asyncio.create_task(store.get_or_make("key", make, ttl=60, finish_abandoned=False))
    await make.started.wait()
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)  # without waiting for the cancelled computation itself
    make.finish.set()
    assert await store.get_or_make("key", make, ttl=60, finish_abandoned=False) == "made"
    assert make.times == 2


async def test_an_error_reaches_all_waiting_callers_and_is_not_cached() -> None:
    async def fail() -> str:
        await asyncio.sleep(0)
        raise ValueError("no")

    store = Store()
    results = await asyncio.gather(*(store.get_or_make("key", fail, ttl=60) for _ in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["no"] * 3
    assert await store.get_or_make("key", yes, ttl=60) == "yes"


async def test_a_value_expires() -> None:
    clock = Clock()
    store = Store(MemoryCache(clock=clock))
    await store.put("key", "value", ttl=10)
    clock.now = 9.0
    assert await store.get("key") == "value"
    clock.now = 11.0
    assert await store.get("key") is None


@pytest.mark.parametrize(("ttl", "size"), [(0, 1), (10, 2000)])
async def test_a_value_without_ttl_or_space_is_not_stored(ttl: float, size: int) -> None:
    store = Store(MemoryCache(max_bytes=1000))
    await store.put("key", "value", ttl=ttl, size=size)
    assert await store.get("key") is None


async def test_the_limit_in_bytes_holds() -> None:
    store = Store(MemoryCache(max_bytes=1000))
    for number in range(20):
        await store.put(str(number), number, ttl=60, size=100)
    assert [number for number in range(20) if await store.get(str(number)) is not None] == list(range(10, 20))


@pytest.mark.parametrize("kind", [UpstreamUnreachable, UpstreamTimeout, UpstreamBusy])
async def test_while_m2m_is_down_a_stale_value_is_returned_with_its_age(kind: type[Exception]) -> None:
    async def down() -> str:
        raise kind("no")

    clock = Clock()
    store = Store(MemoryCache(clock=clock))
    await store.get_or_make("key", yes, ttl=10, stale=100)
    clock.now = 50.0
    with request_deadline(60) as request:
        assert await store.get_or_make("key", down, ttl=10, stale=100) == "yes"
        assert request.stale_age == 50.0
        assert await store.get("key") is None, "a stale value is only returned when M2M is down"


async def test_all_callers_of_a_failed_computation_get_the_age_of_the_oldest_value() -> None:
    clock = Clock()
    store = Store(MemoryCache(clock=clock))
    await store.get_or_make("older", yes, ttl=10, stale=100)
    clock.now = 30.0
    await store.get_or_make("newer", yes, ttl=10, stale=100)
    clock.now = 50.0

    async def request_both() -> float | None:
        with request_deadline(60) as request:
            await store.get_or_make("older", no, ttl=10, stale=100)
            await store.get_or_make("newer", no, ttl=10, stale=100)
            return request.stale_age

    assert await asyncio.gather(request_both(), request_both(), request_both()) == [50.0] * 3


async def test_a_stale_value_is_replaced_when_m2m_answers_again() -> None:
    clock = Clock()
    store = Store(MemoryCache(clock=clock))
    await store.get_or_make("key", yes, ttl=10, stale=100)
    clock.now = 50.0
    make = Making("new")
    make.finish.set()
    with request_deadline(60) as request:
        assert await store.get_or_make("key", make, ttl=10, stale=100) == "new"
        assert request.stale_age is None


@pytest.mark.parametrize(
    ("stale", "error"), [(0, UpstreamUnreachable), (30, UpstreamUnreachable), (100, UpstreamFault)]
)
async def test_no_stale_value_is_returned_if_none_is_allowed_or_m2m_has_answered(
    stale: float, error: type[Exception]
) -> None:
    async def fail() -> str:
        raise error("no")

    clock = Clock()
    store = Store(MemoryCache(clock=clock))
    await store.get_or_make("key", yes, ttl=10, stale=stale)
    clock.now = 50.0
    with pytest.raises(error):
        await store.get_or_make("key", fail, ttl=10, stale=stale)


async def test_a_listener_gets_the_outcome_of_each_request() -> None:
    reports: list[tuple[str, str]] = []
    clock = Clock()
    store = Store(MemoryCache(clock=clock), listener=lambda kind, outcome: reports.append((kind, outcome)))
    make = Making()
    asyncio.get_running_loop().call_soon(make.finish.set)
    await asyncio.gather(*(store.get_or_make("scenes of", make, ttl=10, stale=90) for _ in range(2)))
    await store.get_or_make("scenes of", make, ttl=10, stale=90)
    clock.now = 50.0
    await store.get_or_make("scenes of", no, ttl=10, stale=90)
    outcomes = ["miss", "coalesced", "hit", "miss", "stale"]
    assert reports == [("scenes", outcome) for outcome in outcomes]
