"""Health is told from what is known, and M2M is not asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from stac_bridge.api.m2m_health import M2MStatus
from stac_bridge.api.routes.health import CatalogHealth, M2MHealth, Status, StoreHealth, status_of
from stac_bridge.m2m.calls import Call
from tests.support import Here, Script, age_saved_catalog, fails, running, says

STORE = StoreHealth(kind="memory", status="ok")
CATALOG = CatalogHealth(datasets=3, age=10, stale=False)
M2M = M2MHealth(reachable=True, last_answer=1, breaker="closed", waiting=0, account="accepted")


@pytest.mark.parametrize(
    ("store", "catalog", "m2m", "status"),
    [
        ({}, {}, {}, Status.ok),
        ({}, {}, {"reachable": None, "last_answer": None, "account": "unknown"}, Status.ok),
        ({"status": "degraded"}, {}, {}, Status.degraded),
        ({}, {"stale": True}, {}, Status.degraded),
        ({}, {}, {"reachable": False}, Status.degraded),
        ({}, {}, {"breaker": "half-open"}, Status.degraded),
        ({}, {"age": None, "datasets": 0}, {}, Status.down),
        ({"status": "degraded"}, {}, {"account": "refused"}, Status.down),
    ],
)
def test_the_status_is_the_worst_of_what_is_known(
    store: dict[str, Any], catalog: dict[str, Any], m2m: dict[str, Any], status: Status
) -> None:
    parts = STORE.model_copy(update=store), CATALOG.model_copy(update=catalog), M2M.model_copy(update=m2m)
    assert status_of(*parts) is status


def test_the_pulse_is_that_of_calls_which_were_sent() -> None:
    clock = iter(range(100))
    status = M2MStatus(lambda: float(next(clock)))
    assert (status.reachable, status.age) == (None, None)
    for outcome, reachable, refused in (
        ("ok", True, False),
        ("timeout", False, False),
        ("left", False, False),
        ("AUTH_INVALID", True, True),
        ("turned-away", True, True),
        ("RATE_LIMIT", True, False),
    ):
        status.record(Call("scene-search", outcome, 0, 0))
        assert (status.reachable, status.refused) == (reachable, refused), outcome
    assert status.age == 1


async def told(here: Here, until: Callable[[dict[str, Any]], bool]) -> httpx.Response:
    """The health, once what happens in the background has happened."""
    for _ in range(200):
        answer = await here.get("/_mgmt/health")
        if until(answer.json()):
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError(answer.json())


async def test_a_server_that_works_says_so_and_asks_nobody(here: Here) -> None:
    answer = await told(here, lambda said: said["role"] != "unknown" and said["catalog"]["datasets"] > 0)
    calls = list(here.sandbox.calls)
    answer = await here.get("/_mgmt/health")
    said = answer.json()
    assert (answer.status_code, said["status"], said["role"]) == (200, "ok", "download")
    assert said["m2m"]["breaker"] == "closed"
    assert said["m2m"]["account"] == "accepted"
    assert said["catalog"]["age"] < 60
    assert answer.headers["cache-control"] == "no-store"
    assert here.sandbox.calls == calls
    assert (await here.get("/_mgmt/ping")).json() == {"message": "PONG"}


async def test_an_account_that_only_searches_is_told(tmp_path: Path) -> None:
    async with running(tmp_path, m2m_username="search-only") as here:
        answer = await told(here, lambda said: said["role"] != "unknown")
        assert answer.json()["role"] == "search-only"


async def test_a_refused_account_is_down(tmp_path: Path) -> None:
    async with running(tmp_path, m2m_token="wrong") as here:
        answer = await told(here, lambda said: said["m2m"]["account"] != "unknown")
        assert (answer.status_code, answer.json()["status"]) == (503, "down")
        assert answer.json()["m2m"]["account"] == "refused"
        assert answer.headers["content-type"] == "application/json"


def _raises(_request: httpx.Request) -> Awaitable[httpx.Response]:
    raise httpx.ConnectError("refused")


async def test_with_m2m_away_a_kept_catalogue_is_degraded_and_none_is_down(tmp_path: Path) -> None:
    async with running(tmp_path / "kept") as here:
        await here.get("/collections")
    away = httpx.MockTransport(_raises)
    async with running(tmp_path / "kept", transport=away) as here:
        answer = await told(here, lambda said: said["m2m"]["reachable"] is False)
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    async with running(tmp_path / "none", transport=away) as here:
        answer = await told(here, lambda said: said["m2m"]["reachable"] is False)
        assert (answer.status_code, answer.json()["status"]) == (503, "down")


async def test_a_catalogue_that_could_not_be_refreshed_is_stale(tmp_path: Path) -> None:
    async with running(tmp_path) as here:
        await here.get("/collections")
    (kept,) = tmp_path.rglob("catalog.json")
    age_saved_catalog(kept)
    script = Script({"login-token": says("key"), "permissions": says(["user"]), "dataset-search": fails("UNKNOWN")})
    async with running(tmp_path, transport=httpx.MockTransport(script)) as here:
        answer = await told(here, lambda said: said["role"] == "search-only")
        assert answer.json()["catalog"]["stale"] is True
        assert answer.json()["status"] == "degraded"


async def test_health_is_documented_and_metrics_are_not(here: Here) -> None:
    paths = (await here.get("/api")).json()["paths"]
    assert {"200", "503"} <= set(paths["/_mgmt/health"]["get"]["responses"])
    assert "/_mgmt/metrics" not in paths
