"""Turns as they are had: one at a time, fair, and never lost."""

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

TURN = 0.002


class Turns:
    """Has turns at a gate, and keeps who had one, and the most there ever were at once."""

    def __init__(self, gate: Gate, takes: float = TURN) -> None:
        self.gate, self.takes = gate, takes
        self.had: list[str] = []
        self.now = self.most = 0

    async def ask(self, caller: str, seconds: float = 5, priority: CallPriority = CallPriority.page) -> None:
        with request_deadline(seconds, caller, priority):
            async with self.gate.turn():
                self.now += 1
                self.most = max(self.most, self.now)
                self.had.append(caller)
                try:
                    await asyncio.sleep(self.takes)
                finally:
                    self.now -= 1

    def asking(self, *callers: str, seconds: float = 5) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self.ask(caller, seconds)) for caller in callers]


async def settled(gate: Gate, waiting: int) -> None:
    for _ in range(1000):
        if gate.waiting == waiting:
            return
        await asyncio.sleep(0)
    raise AssertionError(gate.waiting)


async def test_a_bulk_walker_costs_a_browser_the_running_request_and_one_more() -> None:
    turns = Turns(Gate())
    bulk = turns.asking(*["bulk"] * 50)
    await settled(turns.gate, 49)
    await asyncio.gather(*turns.asking("browser"))
    assert turns.had.index("browser") <= 2
    await asyncio.gather(*bulk)
    assert turns.most == 1


async def test_all_callers_have_their_turn_before_any_has_a_second() -> None:
    turns = Turns(Gate())
    await asyncio.gather(*turns.asking("first", *"aaabbbccc"))
    assert turns.had == ["first", *"abcabcabc"]


async def test_an_asset_goes_before_pages_and_pages_before_upkeep() -> None:
    turns = Turns(Gate())
    running = turns.asking("first")
    await asyncio.sleep(0)
    kinds = [("background", CallPriority.background), ("page", CallPriority.page), ("asset", CallPriority.asset)]
    asked = [asyncio.create_task(turns.ask(name, priority=priority)) for name, priority in kinds]
    await asyncio.gather(*running, *asked)
    assert turns.had == ["first", "asset", "page", "background"]


async def test_more_than_may_wait_are_sent_away_and_told_when_to_come_back() -> None:
    turns = Turns(Gate(max_waiting=10))
    asked = await asyncio.gather(*turns.asking(*map(str, range(30))), return_exceptions=True)
    refused = [one for one in asked if isinstance(one, UpstreamBusy)]
    assert (len(turns.had), len(refused)) == (11, 19)
    assert all(one.retry_after for one in refused)


async def test_a_full_line_has_room_for_a_new_caller_at_the_cost_of_who_has_most() -> None:
    turns = Turns(Gate(max_waiting=5))
    bulk = turns.asking(*["bulk"] * 6)
    await settled(turns.gate, 5)
    await asyncio.gather(*turns.asking("browser"))
    ended = await asyncio.gather(*bulk, return_exceptions=True)
    assert [isinstance(one, UpstreamBusy) for one in ended] == [False] * 5 + [True]


async def test_when_to_come_back_follows_how_long_turns_take_and_how_many_wait() -> None:
    now = 100.0
    gate = Gate(clock=lambda: now)
    for _ in range(40):
        async with gate.turn():
            now += 4
    waiting = []
    async with gate.turn():
        waiting = [asyncio.create_task(Turns(gate, 0).ask("someone")) for _ in range(10)]
        await settled(gate, 10)
        assert gate.estimated_wait() == 40
        now += 20  # a turn that takes longer than any before says more than the average
        assert gate.estimated_wait() == 200
    await asyncio.gather(*waiting)


async def test_who_loses_patience_is_told_and_costs_no_turn() -> None:
    turns = Turns(Gate(), takes=0.05)
    first = turns.asking("first")
    await asyncio.sleep(0)
    with pytest.raises(UpstreamBusy) as told:
        await turns.ask("second", seconds=0.01)
    assert told.value.retry_after
    await asyncio.gather(*first, *turns.asking("third"))
    assert turns.had == ["first", "third"]


async def test_who_goes_away_in_the_moment_of_being_called_passes_the_turn_on() -> None:
    turns, leave = Turns(Gate()), asyncio.Event()

    async def until_told() -> None:
        async with turns.gate.turn():
            await leave.wait()

    first = asyncio.create_task(until_told())
    await asyncio.sleep(0)
    second, third = turns.asking("second", "third")
    await settled(turns.gate, 2)
    leave.set()
    await settled(turns.gate, 1)
    second.cancel()  # called, but not awake yet
    await asyncio.gather(first, third)
    assert turns.had == ["third"]


async def test_who_goes_away_just_before_being_called_is_passed_over() -> None:
    turns = Turns(Gate())
    async with turns.gate.turn():
        second, third = turns.asking("second", "third", seconds=1)
        await settled(turns.gate, 2)
        second.cancel()  # and the turn ends before it can leave the line
    await third
    assert turns.had == ["third"]


async def test_those_turned_away_hear_why_and_the_next_may_ask() -> None:
    turns = Turns(Gate())
    running, waiting = turns.asking("a"), []
    await asyncio.sleep(0)
    waiting = turns.asking("b", "c")
    await settled(turns.gate, 2)
    turns.gate.reject_all(lambda: UpstreamUnreachable("down"))
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in ended] == [UpstreamUnreachable, UpstreamUnreachable]
    assert ended[0] is not ended[1]
    await asyncio.gather(*running, *turns.asking("d"))
    assert turns.had == ["a", "d"]


acts = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["stay", "cancel", "hurry"]), st.integers(0, 4)),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(acts, st.integers(1, 12))
def test_whatever_callers_do_there_is_one_at_a_time_and_the_gate_is_free_at_the_end(
    happening: list[tuple[str, str, int]], room: int
) -> None:
    async def play() -> None:
        turns = Turns(Gate(max_waiting=room), takes=0)
        tasks = []
        for caller, act, beats in happening:
            task = asyncio.create_task(turns.ask(caller, seconds=0 if act == "hurry" else 5))
            tasks.append(task)
            for _ in range(beats):
                await asyncio.sleep(0)
            if act == "cancel":
                task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(one is None or isinstance(one, UpstreamBusy | asyncio.CancelledError) for one in ended)
        assert turns.most <= 1
        assert turns.gate.waiting == 0
        before = len(turns.had)
        await turns.ask("last", seconds=0.5)
        assert len(turns.had) == before + 1

    asyncio.run(play())


class Scarce:
    """A slot that is shared with others, who have it until ``free``."""

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


async def test_the_slot_among_processes_is_held_for_the_length_of_a_turn() -> None:
    slot = Scarce(0)
    gate = Gate(lock=slot)
    async with gate.turn() as held:
        assert (slot.held_now, held.expires_at()) == (1, math.inf)
    assert slot.held_now == 0


async def test_a_slot_that_is_not_had_in_time_gives_the_turn_on() -> None:
    slot = Scarce(time.monotonic() + 0.05)
    turns = Turns(Gate(lock=slot))
    first, second = turns.asking("hasty", seconds=0.01), turns.asking("patient")
    ended = await asyncio.gather(*first, *second, return_exceptions=True)
    assert isinstance(ended[0], UpstreamBusy)
    assert turns.had == ["patient"]
