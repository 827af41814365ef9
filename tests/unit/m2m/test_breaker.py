"""When M2M is left alone, and when it is tried again."""

from __future__ import annotations

from contextlib import suppress

import pytest

from stac_bridge.errors import UpstreamBusy, UpstreamError, UpstreamFault, UpstreamTimeout, UpstreamUnreachable
from stac_bridge.m2m.breaker import Breaker
from stac_bridge.m2m.errors import Transient, upstream_error


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(3, first_pause=5, max_pause=60, clock=clock)


DOWN = [Transient(UpstreamUnreachable("no connection")), Transient(UpstreamTimeout("no answer"))]
UP = [
    Transient(UpstreamBusy("HTTP 429")),
    Transient(upstream_error("RATE_LIMIT", None)),
    Transient(upstream_error("SERVER_ERROR", None)),
    upstream_error("DATASET_INVALID", None),
]


def ends_in(breaker: Breaker, failure: Exception | None, times: int = 1) -> None:
    for _ in range(times):
        with suppress(Transient, UpstreamError), breaker.passing():
            if failure:
                raise failure


@pytest.mark.parametrize("failure", DOWN, ids=str)
def test_it_opens_after_some_failures_in_a_row(breaker: Breaker, failure: Exception) -> None:
    ends_in(breaker, failure, 2)
    assert breaker.state == "closed"
    ends_in(breaker, failure)
    assert breaker.state == "open"
    with pytest.raises(UpstreamUnreachable) as told:
        breaker.check()
    assert told.value.retry_after == 5


@pytest.mark.parametrize("answer", [None, *UP], ids=str)
def test_any_answer_between_begins_the_count_anew(breaker: Breaker, answer: Exception | None) -> None:
    for _ in range(4):
        ends_in(breaker, DOWN[0], 2)
        ends_in(breaker, answer)
    assert breaker.state == "closed"


def test_when_to_come_back_is_when_the_next_trial_is(breaker: Breaker, clock: Clock) -> None:
    ends_in(breaker, DOWN[0], 3)
    clock.now += 3.5
    assert breaker.refusal().retry_after == 2


def test_a_trial_that_works_closes_it(breaker: Breaker, clock: Clock) -> None:
    ends_in(breaker, DOWN[0], 3)
    clock.now += 5
    assert breaker.state == "half-open"
    ends_in(breaker, None)
    assert breaker.state == "closed"
    ends_in(breaker, DOWN[0], 2)
    assert breaker.state == "closed"


def test_one_tries_and_the_others_are_refused_meanwhile(breaker: Breaker, clock: Clock) -> None:
    ends_in(breaker, DOWN[0], 3)
    clock.now += 5
    with breaker.passing():
        with pytest.raises(UpstreamUnreachable) as told:
            breaker.check()
        assert told.value.retry_after == 5
    breaker.check()


def test_each_trial_that_fails_doubles_the_pause_up_to_a_minute(breaker: Breaker, clock: Clock) -> None:
    ends_in(breaker, DOWN[0], 3)
    pauses = []
    for _ in range(6):
        pauses.append(breaker.refusal().retry_after)
        clock.now += pauses[-1] or 0
        assert breaker.state == "half-open"
        ends_in(breaker, DOWN[1])
        assert breaker.state == "open"
    assert pauses == [5, 10, 20, 40, 60, 60]


def test_a_trial_that_was_broken_off_decides_nothing_and_the_next_may_try(breaker: Breaker, clock: Clock) -> None:
    ends_in(breaker, DOWN[0], 3)
    clock.now += 5
    with pytest.raises(KeyboardInterrupt), breaker.passing():
        raise KeyboardInterrupt
    assert breaker.state == "half-open"
    breaker.check()


def test_nobody_asks_before_m2m_said_that_we_may_come_back(breaker: Breaker, clock: Clock) -> None:
    ends_in(breaker, Transient(UpstreamBusy("HTTP 429", retry_after=17), wait=17))
    clock.now += 4.5
    with pytest.raises(Transient) as told:
        breaker.check()
    assert told.value.wait == 12.5
    assert isinstance(told.value.error, UpstreamBusy)
    assert told.value.error.retry_after == 13
    assert breaker.state == "closed"
    clock.now += 12.5
    breaker.check()


def test_a_fault_is_an_answer_however_often(breaker: Breaker) -> None:
    ends_in(breaker, UpstreamFault("bad"), 50)
    assert breaker.state == "closed"


def test_the_log_says_once_that_m2m_is_down_and_once_that_it_is_back(
    breaker: Breaker, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    ends_in(breaker, DOWN[0], 3)
    for failure in (DOWN[0], DOWN[1], None, None):
        clock.now += 60
        ends_in(breaker, failure)
    assert [one.levelname for one in caplog.records] == ["WARNING", "WARNING"]
    assert "no connection" in caplog.text
    assert "answers again" in caplog.text
