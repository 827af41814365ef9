"""How often one caller may ask."""

from __future__ import annotations

import pytest

from stac_bridge.api.middleware.rate_limit import CALLERS, Allowance


class Clock:
    """A clock that stands until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("rate", [1, 7, 60, 6000])
def test_a_caller_has_a_minutes_requests_at_once_and_then_one_at_a_time(rate: int) -> None:
    clock = Clock()
    allowance = Allowance(rate, clock)
    assert [allowance.wait("a") for _ in range(rate)] == [0] * rate
    wait = allowance.wait("a")
    assert wait == pytest.approx(60 / rate)
    clock.now += wait
    assert allowance.wait("a") == 0
    assert allowance.wait("a") > 0


def test_a_minute_of_rest_gives_all_of_them_back_and_no_more() -> None:
    clock = Clock()
    allowance = Allowance(5, clock)
    for rest in (0, 60, 3600):
        clock.now += rest
        assert [allowance.wait("a") > 0 for _ in range(6)] == [False] * 5 + [True]


def test_callers_are_counted_apart() -> None:
    allowance = Allowance(1, Clock())
    assert (allowance.wait("a"), allowance.wait("b")) == (0, 0)
    assert allowance.wait("a") > 0


def test_callers_without_end_take_no_memory_without_end() -> None:
    allowance = Allowance(1, Clock())
    for number in range(CALLERS + 500):
        allowance.wait(str(number))
    assert len(allowance._due) == CALLERS
