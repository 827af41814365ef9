"""The request context: one deadline for everything done in a request, and one total of what it cost."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import ExitStack
from contextvars import copy_context

from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.request_context import (
    CallPriority,
    Place,
    SharedDemand,
    current_demand,
    current_request,
    narrow_deadline,
    request_deadline,
    time_left,
    until_deadline,
)


def test_outside_a_request_there_is_no_deadline_and_no_caller() -> None:
    assert time_left() == math.inf
    assert (current_request().caller, current_request().priority) == ("", CallPriority.background)


def test_a_narrowed_deadline_ends_sooner_and_costs_add_up_in_the_request() -> None:
    with request_deadline(60, "192.0.2.1", CallPriority.page) as request:
        with narrow_deadline(10):
            assert 9 < time_left() <= 10
            current_request().calls += 1
        assert 59 < time_left() <= 60
    assert request.calls == 1
    assert time_left() == math.inf


def test_a_deadline_is_never_extended_by_narrowing_it() -> None:
    with request_deadline(5), narrow_deadline(60):
        assert time_left() <= 5


def test_a_new_request_replaces_the_deadline_of_the_one_around_it() -> None:
    with request_deadline(5, "192.0.2.1"), request_deadline(60):
        assert time_left() > 59
        assert current_request().caller == ""


async def test_a_task_keeps_the_context_it_was_created_in() -> None:
    async def caller() -> str:
        return current_request().caller

    with request_deadline(5, "192.0.2.1"):
        task = asyncio.create_task(caller())
    assert await task == "192.0.2.1"


# -- shared work ---------------------------------------------------------------------------------------------

waiters = st.tuples(st.sampled_from("abc"), st.sampled_from(list(CallPriority)), st.integers(1, 1000))


@given(st.lists(waiters | st.integers(0, 10), max_size=30))
def test_shared_work_has_the_places_and_the_latest_deadline_of_those_who_wait(
    events: list[tuple[str, CallPriority, int] | int],
) -> None:
    """A caller joins with its seconds, or the n-th leaves; the last one stays when it leaves."""
    # They leave in another order than they came, which no context of other tests may see.
    copy_context().run(check_shared_demand, events)


def check_shared_demand(events: list[tuple[str, CallPriority, int] | int]) -> None:
    shared, outer, changes = SharedDemand(), SharedDemand(), 0

    def count() -> None:
        nonlocal changes
        changes += 1

    present: list[tuple[Place, int, ExitStack]] = []
    last: tuple[Place, int] | None = None
    with shared.served(), outer.joined(), outer.watch(count):
        for number, event in enumerate(events, 1):
            if isinstance(event, tuple):
                caller, priority, seconds = event
                stack = ExitStack()
                stack.enter_context(request_deadline(seconds, caller, priority))
                stack.enter_context(shared.joined())
                present.append((Place(caller, priority), seconds, stack.pop_all()))
            elif present:
                place, seconds, stack = present.pop(event % len(present))
                stack.close()
                last = place, seconds
            else:
                continue
            expected = [(place, seconds) for place, seconds, _stack in present] or ([last] if last else [])
            for demand in (shared, outer):
                assert demand.places == {place for place, _seconds in expected}
                latest = max(seconds for _place, seconds in expected)
                assert 0 <= time.monotonic() + latest - demand.deadline < 60
            assert changes <= number
        assert changes >= len(present)


async def test_shared_work_ends_as_soon_as_the_deadline_of_those_who_still_wait_has_passed() -> None:
    shared = SharedDemand()

    async def work() -> None:
        async with until_deadline():
            await asyncio.Event().wait()

    with request_deadline(0.01), shared.joined():
        with request_deadline(60), shared.joined(), shared.served():
            task = asyncio.create_task(work())
            await asyncio.wait({task}, timeout=0.1)
            assert not task.done()
        await asyncio.wait({task}, timeout=5)
        assert isinstance(task.exception(), TimeoutError)


def test_who_joins_shared_work_later_is_narrowed_from_then_on() -> None:
    shared = SharedDemand()
    with request_deadline(100), shared.joined(), shared.served(), narrow_deadline(10):
        narrowed = current_demand()
        assert 9 < narrowed.deadline - time.monotonic() <= 10
        with request_deadline(5), shared.joined():
            assert narrowed.deadline - time.monotonic() <= 10
