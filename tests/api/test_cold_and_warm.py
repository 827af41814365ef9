"""A search answers the same whether the server has learnt a dataset's filters or not, by GET and by POST."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from m2m_sandbox import create_sandbox
from tests.support import ORIGIN, Here, running, sampled

NAIP = "naip"
LANDSAT = "landsat_ot_c2_l2"
BBOX = {NAIP: [-97, 40, -90, 44], LANDSAT: [6, 46, 7, 47]}
TIME = {NAIP: "2010-01-01T00:00:00Z/..", LANDSAT: "2024-06-01T00:00:00Z/2024-07-31T00:00:00Z"}

# A property of each type, a collection that has it, and a value.
PROPERTIES: list[tuple[str, str, Any]] = [
    ("platform", LANDSAT, "landsat-8"),
    ("landsat:wrs_path", LANDSAT, "195"),
    ("eo:cloud_cover", LANDSAT, 20.5),
    ("instruments", LANDSAT, ["oli", "tirs"]),
    ("datetime", LANDSAT, "2024-07-01T00:00:00Z"),
    ("geometry", LANDSAT, {"type": "Point", "coordinates": [7, 46]}),
    ("m2m:state", NAIP, "IA"),
    ("m2m:no_such_field", NAIP, "x"),
    ("no_such_property", NAIP, "x"),
]


@pytest.fixture(scope="module")
def sandbox() -> httpx.ASGITransport:
    """One for all servers here: it makes each dataset once."""
    return httpx.ASGITransport(create_sandbox(base_url=ORIGIN))


@pytest.fixture
async def warm(tmp_path: Path, sandbox: httpx.ASGITransport) -> AsyncIterator[Here]:
    async with running(tmp_path / "warm", sandbox, sandbox) as here:
        for collection in (NAIP, LANDSAT):
            (await here.get(f"/collections/{collection}/queryables")).raise_for_status()
        yield here


def parameters(name: str, collection: str, value: Any) -> list[dict[str, Any]]:
    """Each way a search can name a property."""
    # few scenes, so that an order can be given exactly
    where = {"collections": [collection], "limit": 2, "bbox": BBOX[collection], "datetime": TIME[collection]}
    equals = {"op": "a_equals" if isinstance(value, list) else "=", "args": [{"property": name}, value]}
    if name == "geometry":
        equals = {"op": "s_intersects", "args": [{"property": name}, value]}
    return [
        {**where, "query": {name: {"eq": value}}},
        {**where, "query": {name: {"startsWith": str(value)}}},
        {**where, "filter": equals, "filter-lang": "cql2-json"},
        {**where, "sortby": [{"field": name, "direction": "desc"}]},
        {**where, "fields": {"include": ["id", f"properties.{name}"]}},
    ]


def as_get(body: dict[str, Any]) -> dict[str, str]:
    params = {}
    for name, value in body.items():
        if name == "sortby":
            params[name] = ",".join(f"-{key['field']}" for key in value)
        elif name == "fields":
            params[name] = ",".join(value["include"])
        elif name in ("collections", "bbox"):
            params[name] = ",".join(map(str, value))
        else:
            params[name] = value if isinstance(value, str) else json.dumps(value)
    return params


def outcome(answer: httpx.Response) -> tuple[int, Any]:
    """The status with the Items' ids, the plan, or the problem's text."""
    body = answer.json()
    if "features" in body:
        return answer.status_code, [item["id"] for item in body["features"]]
    return answer.status_code, body.get("detail", body)


@pytest.mark.parametrize(("name", "collection", "value"), sampled(PROPERTIES, 3))
async def test_every_kind_of_property_answers_the_same_cold_and_warm_by_get_and_post(
    tmp_path: Path, sandbox: httpx.ASGITransport, warm: Here, name: str, collection: str, value: Any
) -> None:
    for place, body in enumerate(parameters(name, collection, value)):
        answers = {}
        async with running(tmp_path / f"cold{place}", sandbox, sandbox) as cold:
            answers["cold GET"] = outcome(await cold.client.get("/search", params=as_get(body)))
            answers["half-warm POST"] = outcome(await cold.client.post("/search", json=body))
        answers["warm GET"] = outcome(await warm.client.get("/search", params=as_get(body)))
        answers["warm POST"] = outcome(await warm.client.post("/search", json=body))
        assert answers["cold GET"][0] in (200, 400), (body, answers)
        assert len({json.dumps(one) for one in answers.values()}) == 1, (body, answers)
        plans = [
            outcome(await warm.client.get("/explain", params=as_get(body))),
            outcome(await warm.client.post("/explain", json=body)),
        ]
        assert plans[0] == plans[1]
        assert plans[0][0] == answers["cold GET"][0]


async def test_a_field_that_only_the_filters_of_a_dataset_know_is_compared_with_text(warm: Here) -> None:
    item = (await warm.get("/search", collections=NAIP, limit=1)).json()["features"][0]
    state = item["properties"]["m2m:state"]
    for operators, matches in (
        ({"eq": state}, True),
        ({"eq": "none"}, False),
        ({"neq": state}, False),
        ({"in": [state, "none"]}, True),
        ({"startsWith": state[0]}, True),
        ({"gte": state, "lte": state}, True),
    ):
        body = {"collections": [NAIP], "ids": [item["id"]], "query": {"m2m:state": operators}}
        page = (await warm.post("/search", body)).raise_for_status().json()
        assert bool(page["features"]) is matches, operators


async def test_a_condition_that_has_no_value_of_its_type_says_how_to_write_one(warm: Here) -> None:
    for name, value, hint in (
        ("m2m:state", {"a": 1}, "write text in quotes"),
        ("eo:cloud_cover", "much", "write a number"),
        ("platform", 8, "write text in quotes"),
        ("datetime", 7, "write an instant"),
    ):
        body = {"collections": [NAIP if name.startswith("m2m:") else LANDSAT], "query": {name: {"eq": value}}}
        answer = await warm.post("/search", body)
        assert answer.status_code == 400
        assert hint in answer.json()["detail"]
