"""Orders of Items, against the same Items sorted here."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import LONG, Here, posted

LANDSAT = "landsat_ot_c2_l2"
WHERE = {"bbox": "5,45,8,47", "datetime": "2024-06-01T00:00:00Z/2024-07-15T23:59:59Z"}


def in_order(items: list[dict[str, Any]], name: str, *, descending: bool) -> list[str]:
    """What is not known comes last in either direction, ties go by id."""
    known = sorted((one for one in items if value(one, name) is not None), key=lambda one: str(one["id"]))
    known.sort(key=lambda one: value(one, name), reverse=descending)
    rest = sorted(str(one["id"]) for one in items if value(one, name) is None)
    return [str(one["id"]) for one in known] + rest


def value(item: dict[str, Any], name: str) -> Any:
    return item.get(name) or item["properties"].get(name)


@pytest.mark.parametrize("name", ["datetime", "id", "eo:cloud_cover", "landsat:wrs_path"])
async def test_an_order_is_exact_on_every_page_in_both_directions(here: Here, name: str) -> None:
    everything = await here.items("/search", collections=LANDSAT, limit=1000, **WHERE)
    assert len(everything) > 20
    for descending, sortby in ((False, name), (True, f"-properties.{name}")):
        wanted = in_order(everything, name, descending=descending)
        for path, where in (("/search", {"collections": LANDSAT}), (f"/collections/{LANDSAT}/items", {})):
            found = await here.items(path, sortby=sortby, limit=30, **where, **WHERE)
            assert [item["id"] for item in found] == wanted
        said = [{"field": name, "direction": "desc" if descending else "asc"}]
        body = {"collections": [LANDSAT], "sortby": said, "limit": 1000, **posted(WHERE)}
        assert [item["id"] for item in (await here.post("/search", body)).json()["features"]] == wanted


async def test_every_sortable_sorts_a_result_of_one_page(here: Here) -> None:
    day = {"bbox": "6,46,6.5,46.5", "datetime": "2024-07-01T00:00:00Z/2024-07-20T23:59:59Z"}
    everything = await here.items("/search", collections=LANDSAT, limit=1000, **day)
    for name in (await here.get(f"/collections/{LANDSAT}/sortables")).json()["properties"]:
        found = await here.items("/search", collections=LANDSAT, sortby=name, **day)
        assert [item["id"] for item in found] == in_order(everything, name, descending=False), name


@pytest.mark.parametrize("sign", ["", "-"])
async def test_several_collections_are_merged_into_one_order(here: Here, sign: str) -> None:
    where = {"bbox": "5,45,8,47", "datetime": "2021-06-01T00:00:00Z/2021-09-30T23:59:59Z"}
    both = f"{LANDSAT},landsat_etm_c2_l2"
    everything = [*await here.items("/search", collections=both, limit=1000, **where)]
    wanted = in_order(everything, "datetime", descending=bool(sign))
    found = await here.items("/search", collections=both, sortby=f"{sign}datetime", limit=17, **where)
    assert [item["id"] for item in found] == wanted
    assert {item["collection"] for item in found} == set(both.split(","))


async def test_a_sort_that_takes_too_long_to_check_is_refused(here: Here) -> None:
    terms = [{"op": "<", "args": [{"property": "eo:cloud_cover"}, -number]} for number in range(900)]
    terms.append({"op": ">", "args": [{"property": "view:sun_elevation"}, -90]})
    day = {"collections": [LANDSAT], "datetime": "2023-07-01T00:00:00Z/2023-07-01T23:59:59Z"}
    body = {**day, "filter": {"op": "or", "args": terms}, "sortby": [{"field": "view:sun_elevation"}]}
    response = await here.post("/search", body)
    assert response.status_code == 400
    assert "meets 1497 scenes at one place in the order" in response.json()["detail"]
    body["bbox"] = [5, 44, 12, 50]
    assert (await here.post("/search", body)).json()["numberReturned"] == 5


@pytest.mark.parametrize("sign", ["", "-"])
async def test_items_without_a_datetime_stand_where_their_span_starts(here: Here, sign: str) -> None:
    everything = await here.items("/search", collections="corona2", limit=1000)
    wanted = in_order(everything, "start_datetime", descending=bool(sign))
    found = await here.items("/search", collections="corona2", sortby=f"{sign}datetime", limit=400)
    assert len({item["id"] for item in found}) == len(found) == len(everything)
    assert [item["id"] for item in found] == wanted


@pytest.mark.skipif(not LONG, reason="the long mode alone sorts all of NAIP: STAC_BRIDGE_TESTS_LONG=1")
async def test_a_day_that_no_slice_can_divide_is_read_in_parts(here: Here) -> None:
    """NAIP flew thousands of scenes in a few days."""
    everything = await here.items("/search", collections="naip", limit=1000)
    found = await here.items("/search", collections="naip", sortby="-datetime", limit=300)
    assert [item["id"] for item in found] == in_order(everything, "start_datetime", descending=True)


@pytest.mark.long
async def test_a_day_with_more_scenes_than_one_fetch_is_sorted_whole(here: Here) -> None:
    """A small page asks a day for a few hundred scenes first, and Landsat takes more than that."""
    day = {"datetime": "2024-07-01T00:00:00Z/2024-07-01T23:59:59Z", "collections": LANDSAT}
    everything = await here.items("/search", limit=1000, **day)
    assert len(everything) > 500
    for name in ("-datetime", "datetime"):
        first = (await here.get("/search", sortby=name, limit=50, **day)).raise_for_status().json()["features"]
        wanted = in_order(everything, "datetime", descending=name.startswith("-"))
        assert [item["id"] for item in first] == wanted[:50]
