"""Small forms of ``python -m benchmarks.load`` and ``python -m benchmarks.chaos``."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks import chaos, load
from stac_bridge.m2m.breaker import Breaker
from stac_bridge.m2m.session import Backoff


@pytest.mark.long
def test_many_callers_are_served_alike_and_m2m_is_asked_one_thing_at_a_time(tmp_path: Path) -> None:
    outcome, seen = load.measured(tmp_path, load.Size(clients=12, requests=20, seconds=6, latency=0.03))
    assert outcome.errors == []
    assert outcome.fewest() >= 5
    assert (seen["in_flight_max"], seen["refused_parallel"], seen["calls"]["login-token"]) == (1, 0, 1)
    assert outcome.hits > 0.3
    assert outcome.unfairness < 5


@pytest.mark.long
def test_random_faults_under_load_leave_right_answers_and_nothing_else() -> None:
    quick = {"backoff": Backoff(4, 0.02, 0.1), "breaker": Breaker(first_pause=0.1, max_pause=0.5)}
    report, left = asyncio.run(chaos.within(chaos.Size(seconds=6), **quick))
    assert report.wrong == []
    assert left == []
    assert {kind.rpartition(" ")[0] for kind in report.answers} >= {"search", "item", "file"}
    assert sum(count for kind, count in report.answers.items() if kind.endswith("200")) > 20
