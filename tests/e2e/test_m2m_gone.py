"""M2M resets, cuts and refuses connections, and is back: over real sockets, and in the order in which it happens."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving import free_port, started, until

LANDSAT = "landsat_ot_c2_l2"
PATIENCE = 1.0
"""Seconds that M2M may take."""


def asked(day: int) -> dict[str, Any]:
    when = f"2024-07-{day:02}T00:00:00Z/2024-07-{day:02}T23:59:59Z"
    return {"collections": LANDSAT, "bbox": "5,40,25,60", "datetime": when, "limit": 3}


class Places:
    """A server, and the sandbox that it asks, which can be stopped and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._sandbox = contextlib.ExitStack()
        self.client = httpx.Client()

    @contextlib.contextmanager
    def served(self) -> Iterator[None]:
        told = {"m2m_url": f"http://127.0.0.1:{self._port}/api/api/json/stable/", "m2m_username": "someone"}
        told |= {"m2m_token": "a-token", "m2m_timeout": str(PATIENCE), "cache_ttl": "1", "download_hosts": "127.0.0.1"}
        self.start_m2m()
        with self._sandbox, started("serve", self._folder, **told) as (address, log):
            self.client = httpx.Client(base_url=address, timeout=30)
            yield
            assert "Traceback" not in log.read_text(), log.read_text()

    def start_m2m(self) -> None:
        self._sandbox.enter_context(started("sandbox", self._folder, "--faults", port=self._port))

    def stop_m2m(self) -> None:
        self._sandbox.close()

    def fault(self, **said: Any) -> None:
        httpx.post(f"http://127.0.0.1:{self._port}/__sandbox/faults", content=json.dumps(said)).raise_for_status()

    def search(self, day: int) -> httpx.Response:
        return self.client.get("/search", params=asked(day))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    found = Places(tmp_path_factory.mktemp("gone"))
    with found.served():
        yield found


def items(answer: httpx.Response) -> list[Any]:
    found: list[Any] = answer.raise_for_status().json()["features"]
    return found


def is_clear(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "cut", "at": 0}, {"kind": "cut", "at": 900}], ids=str)
def test_a_connection_that_ends_in_the_middle_is_not_noticed(places: Places, fault: dict[str, Any]) -> None:
    right = items(until(lambda: ready(places.search(1)), 20))
    time.sleep(1.1)
    places.fault(**fault, on=["scene-search"], times=1)
    answer = places.search(1)
    assert items(answer) == right
    assert int(answer.headers["x-m2m-calls"]) == 2


def ready(answer: httpx.Response) -> httpx.Response | None:
    return answer if answer.is_success else None


def test_while_m2m_refuses_connections_what_was_known_is_said_as_old_and_what_was_not_is_told(places: Places) -> None:
    known = items(until(lambda: ready(places.search(1)), 20))
    collections = places.client.get("/collections").json()
    places.stop_m2m()
    time.sleep(1.1)

    old = places.search(1)
    assert items(old) == known
    assert int(old.headers["age"]) >= 1
    assert old.headers["warning"].startswith("110 ")
    assert places.client.get("/collections").json() == collections

    begun = time.monotonic()
    is_clear(places.search(2))
    assert time.monotonic() - begun < 3 * PATIENCE + 1
    until(lambda: quick(places), 20)  # from here on M2M is left alone
    health = places.client.get("/_mgmt/health").json()
    assert health["status"] == "degraded"
    assert health["m2m"]["breaker"] in ("open", "half-open")

    places.start_m2m()  # it knows no key of before
    right = items(until(lambda: ready(places.search(2)), 30))
    assert len(right) == 3
    fresh = places.search(1)
    assert items(fresh) == known
    assert "warning" not in fresh.headers
    assert places.client.get("/_mgmt/health").json()["m2m"]["breaker"] == "closed"


def quick(places: Places) -> bool:
    """Whether one that is not known is refused without trying."""
    begun = time.monotonic()
    is_clear(places.search(3))
    return time.monotonic() - begun < 0.2
