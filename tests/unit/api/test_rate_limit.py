"""The request rate that each client is allowed."""

from __future__ import annotations

import pytest

from stac_bridge.api.middleware.rate_limit import MAX_CALLERS, Allowance


class Clock:
    """A clock that only moves when it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("rate", [1, 7, 60, 6000])
def test_a_client_may_send_a_minutes_requests_at_once_and_then_one_at_a_time(rate: int) -> None:
    clock = Clock()
    allowance = Allowance(rate, clock)
    assert [allowance.wait("a") for _ in range(rate)] == [0] * rate
    wait = allowance.wait("a")
    assert wait == pytest.approx(60 / rate)
    clock.now += wait
    assert allowance.wait("a") == 0
    assert allowance.wait("a") > 0


def test_an_idle_minute_restores_the_whole_allowance_and_no_more() -> None:
    clock = Clock()
    allowance = Allowance(5, clock)
    for idle in (0, 60, 3600):
        clock.now += idle
        assert [allowance.wait("a") > 0 for _ in range(6)] == [False] * 5 + [True]


def test_clients_are_counted_separately() -> None:
    allowance = Allowance(1, Clock())
    assert (allowance.wait("a"), allowance.wait("b")) == (0, 0)
    assert allowance.wait("a") > 0


def test_the_number_of_tracked_clients_is_bounded() -> None:
    allowance = Allowance(1, Clock())
    for number in range(MAX_CALLERS + 500):
        allowance.wait(str(number))
    assert len(allowance._due) == MAX_CALLERS
