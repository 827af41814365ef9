"""The request context: one deadline for everything done in a request, and one total of what it cost."""

from __future__ import annotations

import asyncio
import math

from stac_bridge.request_context import (
    CallPriority,
    current_request,
    narrow_deadline,
    request_deadline,
    time_left,
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
