"""The circuit breaker: when it opens, tests M2M, and closes."""

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


def end_with(breaker: Breaker, failure: Exception | None, times: int = 1) -> None:
    for _ in range(times):
        with suppress(Transient, UpstreamError), breaker.passing():
            if failure:
                raise failure


@pytest.mark.parametrize("failure", DOWN, ids=str)
def test_it_opens_after_some_failures_in_a_row(breaker: Breaker, failure: Exception) -> None:
    end_with(breaker, failure, 2)
    assert breaker.state == "closed"
    end_with(breaker, failure)
    assert breaker.state == "open"
    with pytest.raises(UpstreamUnreachable) as error:
        breaker.check()
    assert error.value.retry_after == 5


@pytest.mark.parametrize("answer", [None, *UP], ids=str)
def test_any_answer_in_between_resets_the_count(breaker: Breaker, answer: Exception | None) -> None:
    for _ in range(4):
        end_with(breaker, DOWN[0], 2)
        end_with(breaker, answer)
    assert breaker.state == "closed"


def test_retry_after_is_the_time_until_the_next_test(breaker: Breaker, clock: Clock) -> None:
    end_with(breaker, DOWN[0], 3)
    clock.now += 3.5
    assert breaker.refusal().retry_after == 2


def test_a_successful_test_closes_it(breaker: Breaker, clock: Clock) -> None:
    end_with(breaker, DOWN[0], 3)
    clock.now += 5
    assert breaker.state == "half-open"
    end_with(breaker, None)
    assert breaker.state == "closed"
    end_with(breaker, DOWN[0], 2)
    assert breaker.state == "closed"


def test_one_request_tests_m2m_and_the_others_are_rejected_meanwhile(breaker: Breaker, clock: Clock) -> None:
    end_with(breaker, DOWN[0], 3)
    clock.now += 5
    with breaker.passing():
        with pytest.raises(UpstreamUnreachable) as error:
            breaker.check()
        assert error.value.retry_after == 5
    breaker.check()


def test_each_failed_test_doubles_the_pause_up_to_a_minute(breaker: Breaker, clock: Clock) -> None:
    end_with(breaker, DOWN[0], 3)
    pauses = []
    for _ in range(6):
        pauses.append(breaker.refusal().retry_after)
        clock.now += pauses[-1] or 0
        assert breaker.state == "half-open"
        end_with(breaker, DOWN[1])
        assert breaker.state == "open"
    assert pauses == [5, 10, 20, 40, 60, 60]


def test_an_interrupted_test_decides_nothing_and_the_next_request_may_test(breaker: Breaker, clock: Clock) -> None:
    end_with(breaker, DOWN[0], 3)
    clock.now += 5
    with pytest.raises(KeyboardInterrupt), breaker.passing():
        raise KeyboardInterrupt
    assert breaker.state == "half-open"
    breaker.check()


def test_no_request_passes_before_the_retry_after_of_m2m(breaker: Breaker, clock: Clock) -> None:
    end_with(breaker, Transient(UpstreamBusy("HTTP 429", retry_after=17), wait=17))
    clock.now += 4.5
    with pytest.raises(Transient) as error:
        breaker.check()
    assert error.value.wait == 12.5
    assert isinstance(error.value.error, UpstreamBusy)
    assert error.value.error.retry_after == 13
    assert breaker.state == "closed"
    clock.now += 12.5
    breaker.check()


def test_a_fault_counts_as_an_answer_however_often(breaker: Breaker) -> None:
    end_with(breaker, UpstreamFault("bad"), 50)
    assert breaker.state == "closed"


def test_it_logs_once_that_m2m_is_down_and_once_that_it_answers_again(
    breaker: Breaker, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    end_with(breaker, DOWN[0], 3)
    for failure in (DOWN[0], DOWN[1], None, None):
        clock.now += 60
        end_with(breaker, failure)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "no connection" in caplog.text
    assert "answers again" in caplog.text
