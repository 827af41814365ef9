"""Requests within the limits cost little, and larger ones are refused with the number before any work."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from stac_bridge.api.json_body import MAX_VALUES
from stac_bridge.api.routes.sign import MAX_SIGN_VALUES
from stac_bridge.search import Limits
from stac_bridge.search.plan import MAX_COMPILED
from tests.support import Here

LANDSAT = "landsat_ot_c2_l2"
CLOUD, PLATFORM, GEOMETRY, NAME = ({"property": name} for name in ("eo:cloud_cover", "platform", "geometry", "id"))


def cql2(op: str, *args: Any) -> dict[str, Any]:
    return {"op": op, "args": list(args)}


def box(number: int) -> dict[str, Any]:
    west, south = number % 20, number // 20
    return cql2("s_intersects", GEOMETRY, {"bbox": [west, south, west + 0.5, south + 0.5]})


ACCEPTED = {
    "2,000 values": cql2("in", PLATFORM, [f"p{number}" for number in range(1999)] + ["landsat-8"]),
    "3,000 equal values": cql2("or", *(cql2("=", NAME, f"LC08_{number}") for number in range(3000))),
    "400 boxes": cql2("or", *map(box, range(400))),
    "as many conditions as are allowed": cql2("or", *(cql2("<", CLOUD, number) for number in range(999))),
}
REFUSED = {
    "3,000 comparisons": cql2("or", *(cql2("<", CLOUD, number) for number in range(3000))),
    "2,000 values that must all differ": cql2("and", *(cql2("<>", CLOUD, number) for number in range(2000))),
    "2,000 elements of a list": cql2("a_overlaps", {"property": "instruments"}, [f"i{n}" for n in range(2000)]),
    "1,001 folded texts": cql2("or", *(cql2("=", cql2("casei", PLATFORM), f"x{number}") for number in range(1001))),
}


async def explained(here: Here, expression: Any, **parameters: Any) -> httpx.Response:
    body = {"collections": [LANDSAT], "filter": expression, "filter-lang": "cql2-json", **parameters}
    return await here.post("/explain", body)


@pytest.mark.parametrize("name", ACCEPTED)
async def test_many_alternatives_are_planned(here: Here, name: str) -> None:
    response = await explained(here, ACCEPTED[name])
    assert response.status_code == 200, response.text


@pytest.mark.parametrize("name", REFUSED)
async def test_more_conditions_than_one_item_may_be_tested_by_are_refused_with_the_number(
    here: Here, name: str
) -> None:
    response = await explained(here, REFUSED[name])
    assert (response.status_code, response.headers["x-m2m-calls"]) == (400, "0")
    assert f"{Limits().conditions} are the maximum" in response.json()["detail"]


async def test_conditions_times_datasets_are_limited(here: Here) -> None:
    values = cql2("in", PLATFORM, [f"p{number}" for number in range(9000)])
    named = ["landsat_ot_c2_l2", "landsat_ot_c2_l1", "landsat_etm_c2_l2", "landsat_etm_c2_l1", "naip", "corona2"]
    response = await explained(here, values, collections=named)
    assert response.status_code == 400
    assert f"{MAX_COMPILED} are the maximum" in response.json()["detail"]
    assert (await explained(here, values)).status_code == 200


async def test_two_thousand_values_match_the_same_items_as_the_one_that_items_have(here: Here) -> None:
    place = {"bbox": [6, 46, 7, 47], "datetime": "2023-07-01T00:00:00Z/2023-07-31T23:59:59Z", "limit": 50}
    many, one = ACCEPTED["2,000 values"], cql2("=", PLATFORM, "landsat-8")
    pages = [
        (await here.post("/search", {"collections": [LANDSAT], **place, "filter": expression})).json()["features"]
        for expression in (many, one)
    ]
    assert pages[0] == pages[1] != []


async def test_bodies_are_counted_before_they_are_parsed(here: Here) -> None:
    kind = {"Content-Type": "application/json"}
    for path, maximum in (("/search", MAX_VALUES), ("/explain", MAX_VALUES), ("/sign", MAX_SIGN_VALUES)):
        body = b'{"limit":[' + b",".join([b"[]"] * (maximum // 2 + 1)) + b"]}"
        response = await here.client.post(path, content=body, headers=kind)
        assert response.status_code == 413
        assert str(maximum) in response.json()["detail"]


@pytest.mark.parametrize("body", [{"bbox": ["x"] * 50_000}, {"x" * 500_000: 1}, {"ids": "x", "limit": "9" * 99_999}])
async def test_a_detail_quotes_only_a_part_of_what_was_sent(here: Here, body: dict[str, Any]) -> None:
    response = await here.post("/search", body)
    assert response.status_code == 400
    assert len(response.json()["detail"]) < 2000


async def test_queryables_are_limited_to_as_many_collections_as_a_search(here: Here) -> None:
    assert (await here.get("/queryables", collections=",".join([LANDSAT] * 500))).status_code == 200
    response = await here.get("/queryables", collections=",".join(f"c{number}" for number in range(101)))
    assert response.status_code == 400
    assert "100 are the maximum" in response.json()["detail"]


async def test_thousands_of_fields_select_what_a_few_do(here: Here) -> None:
    few = ["id", "properties.eo:cloud_cover", "assets.red.href"]
    many = [*few, *(f"assets.a{number}.b" for number in range(5000)), "properties." + "a." * 5000]
    pages = [
        (await here.post("/search", {"collections": [LANDSAT], "limit": 2, "fields": {"include": names}})).json()
        for names in (few, many)
    ]
    assert pages[0]["features"] == pages[1]["features"]
