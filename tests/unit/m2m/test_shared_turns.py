"""Requests that several callers share: as early as the first of them would be alone, and until the latest deadline."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stac_bridge.errors import UpstreamBusy
from stac_bridge.m2m.turns import Gate
from stac_bridge.request_context import CallPriority, request_deadline, time_left
from stac_bridge.store import Store


class Searches:
    """Searches that go through a store and a gate. A turn lasts until ``end_turn``; the searches run are recorded."""

    def __init__(self) -> None:
        self.gate, self.store = Gate(), Store()
        self.ran: list[str] = []
        self.left: dict[str, float] = {}
        self._turn = asyncio.Event()

    async def search(
        self, name: str, caller: str, seconds: float = 60, priority: CallPriority = CallPriority.page
    ) -> str:
        with request_deadline(seconds, caller, priority):
            return await self.search_again(name)

    async def search_again(self, name: str) -> str:
        """Search on behalf of the current request."""
        return await self.store.get_or_make(name, lambda: self._request(name), ttl=0, finish_abandoned=False)

    def start(
        self, name: str, caller: str, seconds: float = 60, priority: CallPriority = CallPriority.page
    ) -> asyncio.Task[str]:
        return asyncio.create_task(self.search(name, caller, seconds, priority))

    async def _request(self, name: str) -> str:
        async with self.gate.turn():
            self.ran.append(name)
            self.left[name] = time_left()
            await self._turn.wait()
            self._turn.clear()
            return name

    async def end_turns(self, *tasks: asyncio.Task[str]) -> None:
        while not all(task.done() for task in tasks):
            self._turn.set()
            await settle()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def turns_of(queue: list[tuple[str, str]], name: str, caller: str) -> int:
    """The number of searches that run before the search ``name`` of a caller who joins this queue."""
    searches = Searches()
    tasks = [searches.start("running", "someone")]
    await settle()
    for other, owner in queue:
        tasks.append(searches.start(other, owner))
        await settle()
    last = searches.start(name, caller)
    await settle()
    await searches.end_turns(last)
    turns = len(searches.ran) - 1
    await searches.end_turns(*tasks)
    return turns


names, callers = st.sampled_from("pqrstuvw"), st.sampled_from(["bulk", "bulk", "bulk", "other", "third"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(names, callers), max_size=25), names, st.sampled_from(["browser", "bulk", "other"]))
def test_a_search_that_others_wait_for_too_runs_no_later_than_one_of_its_own_would(
    queue: list[tuple[str, str]], name: str, caller: str
) -> None:
    shared = asyncio.run(turns_of(queue, name, caller))
    alone = asyncio.run(turns_of(queue, "a search of its own", caller))
    assert shared <= alone


async def test_a_browser_with_the_last_search_of_a_bulk_walker_waits_for_the_running_one_and_one_more() -> None:
    searches = Searches()
    bulk = [searches.start(str(number), "bulk") for number in range(20)]
    await settle()
    browser = searches.start("19", "browser")
    await settle()
    await searches.end_turns(browser)
    assert searches.ran.index("19") <= 2
    await searches.end_turns(*bulk)
    assert sorted(map(int, searches.ran)) == list(range(20)), "each search ran once"


async def test_the_place_of_a_caller_who_leaves_is_lost_to_those_who_still_wait() -> None:
    searches = Searches()
    bulk = [searches.start(str(number), "bulk") for number in range(10)]
    await settle()
    browser = searches.start("9", "browser")
    await settle()
    browser.cancel()
    await settle()
    await searches.end_turns(*bulk)
    assert searches.ran == [str(number) for number in range(10)]


async def test_a_page_that_a_reader_of_a_file_waits_for_runs_at_the_priority_of_the_file() -> None:
    searches = Searches()
    pages = [searches.start(str(number), str(number)) for number in range(6)]
    await settle()
    reader = searches.start("5", "reader", priority=CallPriority.asset)
    await settle()
    await searches.end_turns(reader)
    assert searches.ran[:2] == ["0", "5"]
    await searches.end_turns(*pages)


async def test_a_shared_search_runs_until_the_latest_deadline_and_each_caller_waits_until_its_own() -> None:
    searches = Searches()
    running = searches.start("running", "someone")
    await settle()
    hasty = searches.start("shared", "hasty", seconds=0.05)
    await settle()
    patient = searches.start("shared", "patient", seconds=50)
    started = time.monotonic()
    with pytest.raises(UpstreamBusy) as error:
        await hasty
    assert time.monotonic() - started < 5
    assert error.value.retry_after
    await searches.end_turns(running, patient)
    assert await patient == "shared"
    assert 40 < searches.left["shared"] <= 50


async def test_a_caller_with_less_time_than_the_one_it_joins_is_answered_at_its_own_deadline() -> None:
    searches = Searches()
    patient = searches.start("shared", "patient", seconds=60)
    await settle()
    with pytest.raises(UpstreamBusy):
        await searches.search("shared", "hasty", seconds=0.01)
    await searches.end_turns(patient)
    assert await patient == "shared"


async def test_work_within_shared_work_has_the_places_of_all_who_wait_for_either() -> None:
    searches = Searches()
    bulk = [searches.start(str(number), "bulk") for number in range(10)]
    await settle()

    async def outer() -> str:
        return await searches.store.get_or_make("outer", lambda: searches.search_again("9"), ttl=0)

    async def as_caller(caller: str) -> str:
        with request_deadline(60, caller, CallPriority.page):
            return await outer()

    slow = asyncio.create_task(as_caller("bulk"))
    await settle()
    browser = asyncio.create_task(as_caller("browser"))
    await settle()
    await searches.end_turns(browser)
    assert searches.ran.index("9") <= 2
    await searches.end_turns(slow, *bulk)
