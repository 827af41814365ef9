"""Conditions of ``query`` on Items, against the same conditions tried one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.support import Here
from tests.support import posted as as_posted

LANDSAT = "landsat_ot_c2_l2"
WHERE = {
    "collections": LANDSAT,
    "bbox": "5,45,8,47",
    "datetime": "2024-06-01T00:00:00Z/2024-07-15T23:59:59Z",
    "limit": 1000,
}

Keeps = Callable[[dict[str, Any]], bool]
CASES: list[tuple[dict[str, Any], Keeps]] = [
    ({"eo:cloud_cover": {"lt": "20"}}, lambda said: said.get("eo:cloud_cover", 100) < 20),
    ({"eo:cloud_cover": {"gte": 20, "lte": "60.5"}}, lambda said: 20 <= said.get("eo:cloud_cover", -1) <= 60.5),
    ({"view:sun_elevation": {"gt": 60}}, lambda said: said["view:sun_elevation"] > 60),
    ({"platform": {"eq": "landsat-9"}}, lambda said: said["platform"] == "landsat-9"),
    ({"platform": {"neq": "landsat-9"}}, lambda said: said["platform"] != "landsat-9"),
    ({"platform": {"endsWith": "8"}}, lambda said: said["platform"].endswith("8")),
    ({"landsat:scene_id": {"startsWith": "LC8"}}, lambda said: said["landsat:scene_id"].startswith("LC8")),
    ({"landsat:scene_id": {"contains": "2024"}}, lambda said: "2024" in said["landsat:scene_id"]),
    ({"landsat:wrs_path": {"in": ["195", "196"]}}, lambda said: said["landsat:wrs_path"] in ("195", "196")),
    ({"instruments": {"contains": "tirs"}}, lambda said: "tirs" in said["instruments"]),
    ({"start_datetime": {"gte": "2024-07-01T00:00:00Z"}}, lambda said: said["start_datetime"] >= "2024-07"),
]


async def test_every_operator_keeps_exactly_what_it_says(here: Here) -> None:
    everything = (await here.get("/search", **WHERE)).json()["features"]
    for query, keeps in CASES:
        written = orjson.dumps(query).decode()
        expected = [item["id"] for item in everything if keeps(item["properties"])]
        inside = {name: value for name, value in WHERE.items() if name != "collections"}
        got = await here.items("/search", query=written, **WHERE)
        listed = await here.items(f"/collections/{LANDSAT}/items", query=written, **inside)
        posted = (await here.post("/search", as_posted({**WHERE, "query": query}))).json()["features"]
        assert [item["id"] for item in got] == expected, query
        assert got == listed == posted
    assert len(everything) > 20


async def test_every_queryable_can_be_asked_with_the_value_that_an_item_has(here: Here) -> None:
    item = (await here.get("/search", collections=LANDSAT, limit=1)).json()["features"][0]
    properties = (await here.get(f"/collections/{LANDSAT}/queryables")).json()["properties"]
    values = {"id": item["id"], "collection": item["collection"], **item["properties"]}
    asked = {name: {"eq": values[name]} for name in properties if name in values}
    assert len(asked) > 20
    page = (await here.post("/search", {"collections": [LANDSAT], "ids": [item["id"]], "query": asked})).json()
    assert [found["id"] for found in page["features"]] == [item["id"]]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ('{"eo:cloud": {"lt": 3}}', "did you mean 'eo:cloud_cover'?"),
        ('{"eo:cloud_cover": {"ltt": 3}}', "did you mean 'lt'?"),
        ("eo:cloud_cover<3", "this is no JSON"),
        ('{"platform": {"eq": 8}}', "write text in quotes"),
    ],
)
async def test_each_refusal_says_what_to_change(here: Here, query: str, told: str) -> None:
    answer = await here.get("/search", collections=LANDSAT, query=query)
    assert answer.status_code == 400
    assert told in answer.json()["detail"]


async def test_items_have_no_free_text_and_the_refusal_names_what_has(here: Here) -> None:
    for path in ("/search", f"/collections/{LANDSAT}/items"):
        answer = await here.get(path, q="snow")
        assert answer.status_code == 400
        assert "/collections?q=" in answer.json()["detail"]
