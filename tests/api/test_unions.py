"""Collections over several datasets, and the names and ids by which other services know Landsat."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.test_sort import in_order
from tests.support import Here, without_published
from tests.validation import validate

UNION = "landsat-c2-l2"
MEMBERS = ("landsat_ot_c2_l2", "landsat_etm_c2_l2", "landsat_tm_c2_l2")
WHERE = {"bbox": "5,45,8,47", "datetime": "2011-06-01T00:00:00Z/2011-07-15T23:59:59Z"}
"""When Landsat 5 and 7 flew."""


def alike(item: dict[str, Any]) -> dict[str, Any]:
    """An Item without what tells its Collection."""
    return {key: value for key, value in item.items() if key not in ("collection", "links", "assets")}


async def some(here: Here, collection: str, **more: Any) -> dict[str, Any]:
    """One Item."""
    item: dict[str, Any] = (await here.get("/search", collections=collection, limit=1, **more)).json()["features"][0]
    return item


async def test_a_unions_items_are_those_of_its_members_under_its_own_id(here: Here) -> None:
    apart = [item for one in MEMBERS for item in await here.items("/search", collections=one, limit=100, **WHERE)]
    assert len({item["collection"] for item in apart}) > 1
    together = await here.items("/search", collections=UNION, limit=7, **WHERE)
    assert {item["collection"] for item in together} == {UNION}
    assert [alike(item) for item in together] == [alike(item) for item in apart]
    assert await here.items(f"/collections/{UNION}/items", limit=100, **WHERE) == together


async def test_with_a_member_beside_it_an_item_comes_once_under_each_id(here: Here) -> None:
    both = await here.items("/search", collections=f"{UNION},landsat_tm_c2_l2,landsat-c2l2-sr", limit=20, **WHERE)
    named = [(item["collection"], item["id"]) for item in both]
    assert len(set(named)) == len(named)
    assert {one for one, _ in named} == {UNION, "landsat_tm_c2_l2"}


@pytest.mark.parametrize("sortby", ["datetime", "-datetime", "eo:cloud_cover", "-id"])
async def test_a_union_is_sorted_as_one_collection(here: Here, sortby: str) -> None:
    everything = await here.items("/search", collections=UNION, limit=1000, **WHERE)
    wanted = in_order(everything, sortby.removeprefix("-"), descending=sortby.startswith("-"))
    found = await here.items("/search", collections=UNION, sortby=sortby, limit=9, **WHERE)
    assert [item["id"] for item in found] == wanted


async def test_a_union_tells_how_many_match_where_m2m_counts_them_all(here: Here) -> None:
    asked = {"datetime": "2011-06-01/2011-07-15", "filter": "landsat:wrs_path = '195' AND landsat:wrs_row = '028'"}
    days = {"datetime": "2011-06-01T00:00:00Z/2011-07-15T23:59:59Z", "filter": asked["filter"]}
    page = (await here.get("/search", collections=UNION, limit=2, sortby="-datetime", **days)).json()
    everything = await here.items("/search", collections=UNION, limit=100, **days)
    assert page["numberMatched"] == len(everything) > 2


async def test_a_filter_on_a_unions_items_names_what_its_members_have(here: Here) -> None:
    named = (await here.get(f"/collections/{UNION}/queryables")).json()["properties"]
    assert {"platform", "eo:cloud_cover", "landsat:wrs_path"} <= named.keys()
    found = await here.items("/search", collections=UNION, filter="platform = 'landsat-7'", limit=100, **WHERE)
    assert {item["properties"]["platform"] for item in found} == {"landsat-7"}
    apart = await here.items("/search", collections="landsat_etm_c2_l2", limit=100, **WHERE)
    assert [item["id"] for item in found] == [item["id"] for item in apart]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("collection = 'landsat-c2-l2'", UNION),
        ("'landsat-c2l2-sr' = collection", UNION),
        ("collection IN ('landsat_tm_c2_l2', 'no-such', 'landsat_etm_c2_l2')", "landsat_tm_c2_l2,landsat_etm_c2_l2"),
        ("collection = 'landsat-c2-l2' OR (collection = 'landsat_tm_c2_l2')", f"{UNION},landsat_tm_c2_l2"),
        ("collection IN ('landsat-c2-l2', 'naip') AND collection <> 'naip'", UNION),
    ],
)
async def test_collections_that_a_filter_names_are_looked_in(here: Here, said: str, named: str) -> None:
    clear = '"eo:cloud_cover" < 60'
    wanted = await here.items("/search", collections=named, filter=clear, limit=100, **WHERE)
    assert wanted
    assert await here.items("/search", filter=f"({said}) AND {clear}", limit=100, **WHERE) == wanted
    assert await here.items("/search", filter=f"{clear} AND ({said})", sortby="-datetime", limit=100, **WHERE)


@pytest.mark.parametrize(
    "said",
    ["collection = 'no-such'", "collection = 'naip' AND collection = 'landsat-c2-l2'", "collection <> collection"],
)
async def test_a_filter_that_names_no_collection_there_is_finds_nothing(here: Here, said: str) -> None:
    assert await here.items("/search", filter=said, **WHERE) == []


@pytest.mark.parametrize("alias", ["landsat-c2l2-sr", "landsat-c2l2-st"])
async def test_an_alias_leads_to_the_union_and_is_not_listed(here: Here, alias: str) -> None:
    assert (await here.get(f"/collections/{alias}")).json() == (await here.get(f"/collections/{UNION}")).json()
    for path in ("queryables", "sortables"):
        said = (await here.get(f"/collections/{alias}/{path}")).json()
        assert said == (await here.get(f"/collections/{UNION}/{path}")).json()
    for path, params in (("/search", {"collections": alias}), (f"/collections/{alias}/items", {})):
        found = await here.items(path, limit=50, **params, **WHERE)
        assert found == await here.items("/search", collections=UNION, limit=50, **WHERE)
    listed = [one["id"] for one in (await here.get("/collections")).json()["collections"]]
    assert UNION in listed
    assert alias not in listed


@pytest.mark.parametrize("collection", ["landsat-c2-l1", "landsat-c2l1"])
async def test_level_1_is_a_union_too_with_the_scanner(here: Here, collection: str) -> None:
    alone = await some(here, "landsat_mss_c2_l1")
    item = (await here.get(f"/collections/{collection}/items/{alone['id']}")).json()
    assert item["collection"] == "landsat-c2-l1"
    # The search knows when the scene was published; scene-metadata, by which its id is resolved, does not.
    assert alike(item) == alike(without_published(alone))
    assert {"green", "red", "nir08", "qa_pixel"} <= item["assets"].keys()
    found = await here.items("/search", collections=collection, ids=alone["id"])
    assert [without_published(one) for one in found] == [without_published(item)]


@pytest.mark.parametrize("member", MEMBERS)
async def test_an_item_of_a_union_is_found_by_each_form_of_its_id_in_one_call(here: Here, member: str) -> None:
    item = await some(here, member)
    await here.items("/search", collections=UNION, limit=100, **WHERE)  # what datasets offer is asked once
    parts = item["id"].split("_")
    short = "_".join(parts[:4] + parts[5:])
    for collection in (UNION, "landsat-c2l2-sr", member):
        for form in (item["id"], f"{item['id']}_SR", f"{item['id']}_ST", short):
            answer = await here.get(f"/collections/{collection}/items/{form}")
            assert answer.json()["id"] == item["id"], form
            assert answer.json()["collection"] == (member if collection == member else UNION)
            assert int(answer.headers["x-m2m-calls"]) <= 1
            found = await here.get("/search", collections=collection, ids=form)
            assert [one["id"] for one in found.json()["features"]] == [item["id"]], form
            assert int(found.headers["x-m2m-calls"]) <= 1


async def test_ids_in_several_forms_are_one_search_and_each_item_comes_once(here: Here) -> None:
    one, other = [await some(here, member) for member in MEMBERS[1:]]
    parts = other["id"].split("_")
    ids = [one["id"], f"{one['id']}_SR", "_".join(parts[:4] + parts[5:])]
    for more in ({"collections": [UNION]}, {}):
        found = (await here.post("/search", {"ids": ids, **more})).json()["features"]
        assert sorted(item["id"] for item in found) == sorted([one["id"], other["id"]])


@pytest.mark.parametrize("item", ["LC08_L2SP_047027_20201204_02_T9", "LE07_nothing", "%", "LC08_%_02_T1", "x_SR"])
async def test_an_id_that_nothing_has_is_not_found(here: Here, item: str) -> None:
    answer = await here.get(f"/collections/{UNION}/items/{item.replace('%', '%25')}")
    assert answer.status_code == 404
    assert f"has no item '{item}'" in answer.json()["detail"]


@pytest.mark.parametrize("member", MEMBERS)
async def test_an_asset_of_a_unions_item_leads_to_the_members_file(here: Here, member: str) -> None:
    alone = await some(here, member)
    href = (await here.get(f"/collections/landsat-c2l2-sr/items/{alone['id']}")).json()["assets"]["red"]["href"]
    assert f"/collections/{UNION}/items/{alone['id']}/assets/red/" in href
    given = [(await here.client.get(one)).headers["location"] for one in (href, alone["assets"]["red"]["href"])]
    assert given[0].partition("?")[0] == given[1].partition("?")[0]


async def test_a_union_says_what_its_members_say_and_costs_no_call(here: Here) -> None:
    for union in (UNION, "landsat-c2-l1"):
        answer = await here.get(f"/collections/{union}")
        said = answer.json()
        members = [(await here.get(f"/collections/{one}")).json() for one in said["summaries"]["m2m:dataset"]]
        starts = [one["extent"]["temporal"]["interval"][0][0] for one in members]
        assert said["extent"]["temporal"]["interval"][0][0] == min(starts)
        assert {key for one in members for key in one["item_assets"]} == said["item_assets"].keys()
        assert said["item_assets"]["red"]["eo:bands"][0]["common_name"] == "red"
        assert {word for one in members for word in one["keywords"]} == set(said["keywords"])
        assert [one["doi"] for one in said["sci:publications"]] == [one["sci:doi"] for one in members]
        again = await here.get(f"/collections/{union}")
        assert again.headers["x-m2m-calls"] == "0"


async def test_unions_and_their_items_are_valid(here: Here) -> None:
    for union in (UNION, "landsat-c2-l1"):
        validate((await here.get(f"/collections/{union}")).json())
        for item in (await here.get("/search", collections=union, limit=5)).json()["features"]:
            validate(item)
