"""The gate: one turn at a time, in fair order, and never lost."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stac_bridge.errors import UpstreamBusy, UpstreamUnreachable
from stac_bridge.m2m.turns import AccountLease, Gate, LocalLock
from stac_bridge.request_context import CallPriority, request_deadline, time_left
from tests.support import examples

TURN = 0.002


class Turns:
    """Takes turns at a gate; records the callers in order, and how many turns ever overlapped."""

    def __init__(self, gate: Gate, takes: float = TURN) -> None:
        self.gate, self.takes = gate, takes
        self.callers: list[str] = []
        self.now = self.max_now = 0

    async def take(self, caller: str, seconds: float = 5, priority: CallPriority = CallPriority.page) -> None:
        with request_deadline(seconds, caller, priority):
            async with self.gate.turn():
                self.now += 1
                self.max_now = max(self.max_now, self.now)
                self.callers.append(caller)
                try:
                    await asyncio.sleep(self.takes)
                finally:
                    self.now -= 1

    def start(self, *callers: str, seconds: float = 5) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self.take(caller, seconds)) for caller in callers]


async def settled(gate: Gate, waiting: int) -> None:
    for _ in range(1000):
        if gate.waiting == waiting:
            return
        await asyncio.sleep(0)
    raise AssertionError(gate.waiting)


async def test_a_bulk_walker_costs_a_browser_the_running_request_and_one_more() -> None:
    turns = Turns(Gate())
    bulk = turns.start(*["bulk"] * 50)
    await settled(turns.gate, 49)
    await asyncio.gather(*turns.start("browser"))
    assert turns.callers.index("browser") <= 2
    await asyncio.gather(*bulk)
    assert turns.max_now == 1


async def test_all_callers_have_their_turn_before_any_has_a_second() -> None:
    turns = Turns(Gate())
    await asyncio.gather(*turns.start("first", *"aaabbbccc"))
    assert turns.callers == ["first", *"abcabcabc"]


async def test_assets_go_before_pages_and_pages_before_background_work() -> None:
    turns = Turns(Gate())
    running = turns.start("first")
    await asyncio.sleep(0)
    kinds = [("background", CallPriority.background), ("page", CallPriority.page), ("asset", CallPriority.asset)]
    tasks = [asyncio.create_task(turns.take(name, priority=priority)) for name, priority in kinds]
    await asyncio.gather(*running, *tasks)
    assert turns.callers == ["first", "asset", "page", "background"]


async def test_requests_beyond_the_limit_are_rejected_with_a_retry_after() -> None:
    turns = Turns(Gate(max_waiting=10))
    results = await asyncio.gather(*turns.start(*map(str, range(30))), return_exceptions=True)
    rejected = [result for result in results if isinstance(result, UpstreamBusy)]
    assert (len(turns.callers), len(rejected)) == (11, 19)
    assert all(error.retry_after for error in rejected)


async def test_a_full_queue_admits_a_new_caller_at_the_cost_of_the_caller_with_the_most() -> None:
    turns = Turns(Gate(max_waiting=5))
    bulk = turns.start(*["bulk"] * 6)
    await settled(turns.gate, 5)
    await asyncio.gather(*turns.start("browser"))
    ended = await asyncio.gather(*bulk, return_exceptions=True)
    assert [isinstance(result, UpstreamBusy) for result in ended] == [False] * 5 + [True]


async def test_the_estimated_wait_follows_the_length_of_turns_and_of_the_queue() -> None:
    now = 100.0
    gate = Gate(clock=lambda: now)
    for _ in range(40):
        async with gate.turn():
            now += 4
    waiting = []
    async with gate.turn():
        waiting = [asyncio.create_task(Turns(gate, 0).take("someone")) for _ in range(10)]
        await settled(gate, 10)
        assert gate.estimated_wait() == 40
        now += 20  # a turn longer than all before counts more than the average
        assert gate.estimated_wait() == 200
    await asyncio.gather(*waiting)


async def test_a_request_that_times_out_in_the_queue_gets_an_error_and_costs_no_turn() -> None:
    turns = Turns(Gate(), takes=0.05)
    first = turns.start("first")
    await asyncio.sleep(0)
    with pytest.raises(UpstreamBusy) as error:
        await turns.take("second", seconds=0.01)
    assert error.value.retry_after
    await asyncio.gather(*first, *turns.start("third"))
    assert turns.callers == ["first", "third"]


async def test_a_caller_that_leaves_just_when_it_is_called_passes_the_turn_on() -> None:
    turns, release = Turns(Gate()), asyncio.Event()

    async def until_released() -> None:
        async with turns.gate.turn():
            await release.wait()

    first = asyncio.create_task(until_released())
    await asyncio.sleep(0)
    second, third = turns.start("second", "third")
    await settled(turns.gate, 2)
    release.set()
    await settled(turns.gate, 1)
    second.cancel()  # called, but not awake yet
    await asyncio.gather(first, third)
    assert turns.callers == ["third"]


async def test_a_caller_that_leaves_just_before_it_is_called_is_skipped() -> None:
    turns = Turns(Gate())
    async with turns.gate.turn():
        second, third = turns.start("second", "third", seconds=1)
        await settled(turns.gate, 2)
        second.cancel()  # and the turn ends before it can leave the line
    await third
    assert turns.callers == ["third"]


async def test_rejected_requests_get_the_reason_and_the_next_may_run() -> None:
    turns = Turns(Gate())
    running, waiting = turns.start("a"), []
    await asyncio.sleep(0)
    waiting = turns.start("b", "c")
    await settled(turns.gate, 2)
    turns.gate.reject_all(lambda: UpstreamUnreachable("down"))
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(error) for error in ended] == [UpstreamUnreachable, UpstreamUnreachable]
    assert ended[0] is not ended[1]
    await asyncio.gather(*running, *turns.start("d"))
    assert turns.callers == ["a", "d"]


acts = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["stay", "cancel", "hurry"]), st.integers(0, 4)),
    min_size=1,
    max_size=30,
)


@settings(max_examples=examples(40))
@given(acts, st.integers(1, 12))
def test_whatever_callers_do_turns_never_overlap_and_the_gate_is_free_at_the_end(
    events: list[tuple[str, str, int]], room: int
) -> None:
    async def play() -> None:
        turns = Turns(Gate(max_waiting=room), takes=0)
        tasks = []
        for caller, act, ticks in events:
            task = asyncio.create_task(turns.take(caller, seconds=0 if act == "hurry" else 5))
            tasks.append(task)
            for _ in range(ticks):
                await asyncio.sleep(0)
            if act == "cancel":
                task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(result is None or isinstance(result, UpstreamBusy | asyncio.CancelledError) for result in ended)
        assert turns.max_now <= 1
        assert turns.gate.waiting == 0
        before = len(turns.callers)
        await turns.take("last", seconds=0.5)
        assert len(turns.callers) == before + 1

    asyncio.run(play())


class ForeignLock:
    """A lock that another process holds until ``free``."""

    def __init__(self, free: float) -> None:
        self.free = free
        self.held_now = 0

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[AccountLease]:
        left, limit = self.free - time.monotonic(), time_left()
        await asyncio.sleep(min(left, limit))
        if left > limit:
            raise UpstreamBusy("another process has it", retry_after=1)
        self.held_now += 1
        try:
            yield LocalLock()
        finally:
            self.held_now -= 1


async def test_the_lock_is_held_for_the_length_of_a_turn() -> None:
    lock = ForeignLock(0)
    gate = Gate(lock=lock)
    async with gate.turn() as lease:
        assert (lock.held_now, lease.expires_at()) == (1, math.inf)
    assert lock.held_now == 0


async def test_a_turn_without_the_lock_in_time_passes_on() -> None:
    lock = ForeignLock(time.monotonic() + 0.05)
    turns = Turns(Gate(lock=lock))
    first, second = turns.start("hasty", seconds=0.01), turns.start("patient")
    ended = await asyncio.gather(*first, *second, return_exceptions=True)
    assert isinstance(ended[0], UpstreamBusy)
    assert turns.callers == ["patient"]
