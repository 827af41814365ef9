"""Random searches give what looking at every Item gives: the same ones, in the same order, once each, to the end."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import cql2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests import brute, questions
from tests.support import LONG, Here, running

LANDSAT = "landsat_ot_c2_l2"

WORLD = {
    "datetime": f"{questions.START:%Y-%m-%d}T00:00:00Z/2023-07-04T23:59:59Z",
    "bbox": [150, -48, -150, 72],
}
"""Four days on both sides of the antimeridian, which is what random questions are asked within."""


class World:
    """A server in a thread of its own, and every Item that it has within WORLD, in M2M's order."""

    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._stack = AsyncExitStack()
        self.here: Here = self.run(self._start(folder))
        self.here.client.headers["accept-encoding"] = "identity"
        self.items = self.run(self.here.items("/search", collections=LANDSAT, limit=1000, **_got(WORLD)))

    async def _start(self, folder: Path) -> Here:
        return await self._stack.enter_async_context(running(folder, cache_ttl=3600))

    def run(self, work: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(120)

    def close(self) -> None:
        self.run(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    found = World(tmp_path_factory.mktemp("world"))
    yield found
    found.close()


def _got(said: dict[str, Any]) -> dict[str, str]:
    """Parameters of a POST as those of a GET."""
    written: dict[str, str] = {}
    for name, value in said.items():
        if name == "bbox":
            written[name] = ",".join(str(one) for one in value)
        elif name == "filter" and isinstance(value, dict):
            written |= {name: json.dumps(value), "filter-lang": "cql2-json"}
        elif name == "sortby":
            written[name] = ",".join(f"{'-' if one['direction'] == 'desc' else '+'}{one['field']}" for one in value)
        else:
            written[name] = ",".join(value) if isinstance(value, list) else str(value)
    return written


async def _posted(here: Here, body: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        answer = await here.post("/search", body)
        assert answer.status_code == 200, (answer.text, body)
        page = answer.json()
        found += page["features"]
        following = [link for link in page["links"] if link["rel"] == "next"]
        assert page["features"] or not following, "a page with next is never empty"
        if not following:
            return found
        body = following[0]["body"]


searches = st.fixed_dictionaries(
    {"limit": st.sampled_from([30, 100, 400])},
    optional={
        "filter": questions.filters,
        "datetime": questions.times,
        "bbox": questions.boxes,
        "sortby": questions.sorts,
    },
)


def _random(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=not LONG,
        phases=(Phase.explicit, Phase.generate),  # to make a failing search smaller takes minutes
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


any_search = given(body=searches, form=st.sampled_from(["get json", "get text", "post json", "post text"]))


@_random(6)
@any_search
def test_a_few_random_searches_match_what_a_look_at_every_item_matches(
    world: World, body: dict[str, Any], form: str
) -> None:
    assert_equal_to_brute_force(world, body, form)


@pytest.mark.long
@_random(2000 if LONG else 24)
@any_search
def test_random_searches_match_what_a_look_at_every_item_matches(world: World, body: dict[str, Any], form: str) -> None:
    assert_equal_to_brute_force(world, body, form)


def assert_equal_to_brute_force(world: World, said: dict[str, Any], form: str) -> None:
    wanted = expected(world, said)
    body = asked(said, form)
    if form.startswith("post"):
        found = world.run(_posted(world.here, body))
    else:
        found = world.run(world.here.items("/search", **_got(body)))
    assert [item["id"] for item in found] == [item["id"] for item in wanted], (form, said)


def expected(world: World, said: dict[str, Any]) -> list[dict[str, Any]]:
    clauses = [{"op": "and", "args": [True]}]
    if "filter" in said:
        clauses.append(said["filter"])
    if "datetime" in said:
        start, end = said["datetime"].split("/")
        clauses.append(questions.said("t_intersects", questions.p("datetime"), {"interval": [start, end]}))
    if "bbox" in said:
        clauses.append(questions.said("s_intersects", questions.p("geometry"), {"bbox": said["bbox"]}))
    found = [item for item in world.items if all(brute.matches(one, item) for one in clauses)]
    return brute.in_order(found, said["sortby"]) if said.get("sortby") else found


def asked(said: dict[str, Any], form: str) -> dict[str, Any]:
    """The search within WORLD, whose time and place join the filter where the search has its own."""
    clauses = [said["filter"]] if "filter" in said else []
    if "datetime" in said:
        start, end = WORLD["datetime"].split("/")  # type: ignore[union-attr]
        clauses.append(
            questions.said("t_intersects", questions.p("datetime"), {"interval": [start, end[:-1] + ".999999Z"]})
        )
    if "bbox" in said:
        clauses.append(questions.said("s_intersects", questions.p("geometry"), {"bbox": WORLD["bbox"]}))
    body: dict[str, Any] = {"collections": [LANDSAT], **WORLD, **said}
    body.pop("filter", None)
    if clauses:
        whole = clauses[0] if len(clauses) == 1 else questions.said("and", *clauses)
        text = cql2.parse_json(json.dumps(whole)).to_text() if form.endswith("text") else None
        body |= {"filter": text, "filter-lang": "cql2-text"} if text else {"filter": whole, "filter-lang": "cql2-json"}
    if said.get("sortby"):
        body["sortby"] = [{"field": name, "direction": "desc" if down else "asc"} for name, down in said["sortby"]]
    else:
        body.pop("sortby", None)
    return body
