"""Small forms of the benchmarks ``load``, ``chaos`` and ``mixed_clients``."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import httpx
import pytest

from benchmarks import chaos, load
from benchmarks.parts.hostile import ATTACKS, Targets
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


@pytest.mark.long
@pytest.mark.parametrize("name", ATTACKS)
async def test_no_hostile_request_is_a_500(api: str, name: str) -> None:
    async with httpx.AsyncClient(base_url=api, timeout=None) as client:
        search: dict[str, str | int] = {"collections": "landsat_ot_c2_l2", "limit": 1}
        page = (await client.get("/search", params=search)).json()
        film = (await client.get("/collections/corona2/items/DS1117-2086DA007")).json()
        band, scan = page["features"][0]["assets"]["red"], film["assets"]["d183_standard_format"]
        status = await ATTACKS[name](client, Targets(api, band["href"], scan["href"]), random.Random(1))
    assert status != 500
