"""Everything that a client can reach is there, and valid, on the datasets that USGS really lists."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest

from tests.contract.shapes import shapes
from tests.recorded_m2m import EE, RecordedM2M, RecordedServer
from tests.support import LONG, running
from tests.validation import validate

Json = dict[str, Any]

UNIONS = {"landsat-c2-l1", "landsat-c2-l2"}
SAMPLE = 40
"""Collections of which every page is read, out of the 120 to 846; all of them in the long mode."""

PAGES = 1000 if LONG else 3
"""Pages that are read of a search that goes through every dataset."""

COLLECTION_SEARCHES: list[dict[str, str]] = [
    {"q": "landsat"},
    {"q": "hurricane,flood"},
    {"bbox": "6,46,7,47"},
    {"bbox": "178,-20,-178,-15"},
    {"datetime": "1965-01-01T00:00:00Z/1965-12-31T23:59:59Z"},
    {"datetime": "../0100-01-01T00:00:00Z"},
    {"filter": "title LIKE '%a%' AND NOT title LIKE '%b%'"},
    {"sortby": "-start_datetime,title", "fields": "id,extent"},
    {"bbox": "-180,-90,180,90", "datetime": "2000-01-01T00:00:00Z/..", "q": "data"},
]
SEARCHES: list[dict[str, str]] = [
    {"limit": "5"},
    {"bbox": "125,53,130,55"},
    {"datetime": "2022-01-01T00:00:00Z/2022-12-31T23:59:59Z"},
    {"filter": '"eo:cloud_cover" <= 50'},
    {"filter": "\"eo:cloud_cover\" <= 50 AND collection = 'landsat_ot_c2_l2'"},
    {"collections": "sentinel_2a,corona2", "sortby": "-datetime"},
    {"collections": "landsat_ot_c2_l2,gls_all,declassii", "bbox": "-180,-90,180,90", "limit": "2"},
    {"ids": "LC08_L2SP_012025_20201231_20210308_02_T1"},
]


@pytest.fixture(scope="module")
def listed(recorded: RecordedServer) -> dict[str, Json]:
    """Every Collection of every page, by id."""
    found = [one for page in recorded.pages("/collections", limit=100) for one in page["collections"]]
    by_id = {one["id"]: one for one in found}
    assert len(by_id) == len(found), "no Collection is on two pages"
    return by_id


@pytest.fixture(scope="module")
def sample(listed: dict[str, Json]) -> list[str]:
    """Ids of some Collections, the same ones in each run."""
    ids = sorted(listed)
    return ids if LONG else random.Random(4).sample(ids, SAMPLE)


def quoted(identifier: str) -> str:
    return quote(identifier, safe="")


def links(page: Json, *relations: str) -> Iterator[str]:
    """The addresses of a page's links, but not those of files."""
    yield from (link["href"] for link in page["links"] if link["rel"] in relations)


# -- Collections ---------------------------------------------------------------------------------------------


def test_every_dataset_but_those_of_single_files_is_a_collection(
    recorded: RecordedServer, listed: dict[str, Json]
) -> None:
    names = {name for name in recorded.names if not name.startswith("landsat_band_files")}
    assert listed.keys() - UNIONS == names
    assert recorded.get("/collections").json()["numberMatched"] == len(listed)


def test_every_collection_is_valid(listed: dict[str, Json], sample: list[str]) -> None:
    """Validation takes long. So of Collections with the same keys and kinds of values one is validated, and some."""
    of_each_shape = {shape_of(one): one for one in listed.values()}
    for one in [*of_each_shape.values(), *(listed[name] for name in sample)]:
        validate(one)


def shape_of(collection: Json) -> str:
    return str(sorted((place, sorted(kinds)) for place, kinds in shapes("collection", [collection]).items()))


def test_a_collection_alone_is_the_collection_of_the_list(recorded: RecordedServer, sample: list[str]) -> None:
    """The list is read afterwards: a Collection tells more once its dataset's filters are known."""
    alone = {name: recorded.get(f"/collections/{quoted(name)}").raise_for_status().json() for name in sample}
    listed = {one["id"]: one for page in recorded.pages("/collections") for one in page["collections"]}
    assert alone == {name: listed[name] for name in sample}


def test_an_extent_is_on_the_globe_and_in_the_age_of_pictures(listed: dict[str, Json]) -> None:
    for name, one in listed.items():
        for west, south, east, north in one["extent"]["spatial"]["bbox"]:
            assert max(abs(west), abs(east)) <= 180, name
            assert -90 <= south <= north <= 90, name
        for start, end in one["extent"]["temporal"]["interval"]:
            assert start is None or start >= "1826", name
            assert start is None or end is None or start <= end, name


@pytest.mark.parametrize("search", COLLECTION_SEARCHES, ids=str)
def test_collections_are_searched_without_a_call_to_m2m(
    recorded: RecordedServer, listed: dict[str, Json], search: dict[str, str]
) -> None:
    calls = len(recorded.m2m.calls)
    found = [one["id"] for page in recorded.pages("/collections", **search) for one in page["collections"]]
    assert set(found) <= listed.keys()
    assert len(found) == len(set(found))
    assert len(recorded.m2m.calls) == calls


def test_a_word_of_a_title_finds_its_collection(recorded: RecordedServer, listed: dict[str, Json]) -> None:
    found = {one["id"] for page in recorded.pages("/collections", q="modis") for one in page["collections"]}
    assert found >= {name for name, one in listed.items() if "MODIS" in one["title"].split()}
    assert found


# -- schemas -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/queryables", "/sortables", "/collections-queryables", "/collections-sortables"])
def test_a_page_of_all_collections_is_a_json_schema(recorded: RecordedServer, path: str) -> None:
    schema = recorded.get(path).raise_for_status().json()
    assert schema["properties"]
    jsonschema.validators.validator_for(schema).check_schema(schema)


@pytest.mark.parametrize("page", ["queryables", "sortables"])
def test_collections_that_disagree_on_a_type_share_a_page(recorded: RecordedServer, page: str) -> None:
    several = recorded.get(f"/{page}", collections="srtm,landsat_ot_c2_l2,landsat_tm_c2_l1")
    schema = several.raise_for_status().json()
    jsonschema.validators.validator_for(schema).check_schema(schema)


def test_the_pages_of_a_collection_are_json_schemas(recorded: RecordedServer, sample: list[str]) -> None:
    for name in sample:
        for page in ("queryables", "sortables"):
            schema = recorded.get(f"/collections/{quoted(name)}/{page}").raise_for_status().json()
            jsonschema.validators.validator_for(schema).check_schema(schema)
            assert {"id", "datetime"} <= schema["properties"].keys()


# -- Items ---------------------------------------------------------------------------------------------------


def scenes_of(recorded: RecordedServer) -> dict[str, set[str]]:
    """The display ids of the recorded scenes of each dataset that is served."""
    scenes = recorded.m2m.recorded.scenes
    return {name: {one["displayId"] for one in scenes[name]} for name in scenes.keys() & {*recorded.names}}


def test_every_recorded_scene_is_an_item(recorded: RecordedServer) -> None:
    for name, identifiers in scenes_of(recorded).items():
        for path, parameters in (("/search", {"collections": name}), (f"/collections/{name}/items", {})):
            pages = recorded.pages(path, **parameters, limit=2)
            assert {item["id"] for page in pages for item in page["features"]} == identifiers


def test_an_item_alone_is_the_item_of_the_search(recorded: RecordedServer) -> None:
    for name in scenes_of(recorded):
        for item in recorded.get("/search", collections=name).json()["features"]:
            alone = recorded.get(f"/collections/{name}/items/{quoted(item['id'])}").raise_for_status().json()
            assert alone == item


def test_every_item_is_valid(recorded: RecordedServer) -> None:
    for name in scenes_of(recorded):
        for item in recorded.get("/search", collections=name).json()["features"]:
            validate(item)


def test_a_collection_without_recorded_scenes_is_empty(recorded: RecordedServer, sample: list[str]) -> None:
    for name in {*sample} - scenes_of(recorded).keys() - UNIONS:
        assert recorded.get("/search", collections=name, limit=1).raise_for_status().json()["features"] == []


@pytest.mark.parametrize("search", SEARCHES, ids=str)
def test_a_search_finds_items_to_its_last_page(recorded: RecordedServer, search: dict[str, str]) -> None:
    """Or on the first pages, of a search that would go through every dataset."""
    found = [page for page, _number in zip(goes_on(recorded, "/search", search), range(PAGES), strict=False)]
    assert any(page["features"] for page in found)
    items = [(item["collection"], item["id"]) for page in found for item in page["features"]]
    assert len(items) == len(set(items))


def goes_on(recorded: RecordedServer, path: str, search: dict[str, str]) -> Iterator[Json]:
    """The pages of a search, where one that met no match in its calls is followed, too."""
    response = recorded.get(path, **search)
    while True:
        page = response.json()
        assert response.status_code == 200 or page["code"] == "SearchTooWide", response.text
        yield {"features": [], **page}
        href = next(links(page, "next"), None)
        if href is None:
            return
        response = recorded.get(href)


@pytest.mark.parametrize("search", [one for one in SEARCHES if "collections" in one or "ids" in one], ids=str)
def test_a_search_of_named_collections_is_explained(recorded: RecordedServer, search: dict[str, str]) -> None:
    plan = recorded.get("/explain", **search).raise_for_status().json()
    assert plan["steps"]


def test_a_place_and_a_time_find_the_scenes_there(recorded: RecordedServer) -> None:
    found = recorded.get("/search", bbox="125,53,130,55", datetime="1972-05-31T00:00:00Z/1972-05-31T23:59:59Z").json()
    assert {item["collection"] for item in found["features"]} == {"corona2"}
    assert len(found["features"]) == 3


# -- links ---------------------------------------------------------------------------------------------------


def test_every_link_leads_somewhere(recorded: RecordedServer, sample: list[str]) -> None:
    """From the landing page, from each page of Collections, and from a Collection, an Item and their pages."""
    landing = recorded.get("/").raise_for_status().json()
    pages = [landing, *recorded.pages("/collections")]
    pages += [recorded.get(f"/collections/{quoted(name)}").json() for name in sample[:8]]
    pages += [recorded.get("/search", collections=name, limit=1).json() for name in sample[:4]]
    pages += [
        part
        for name in scenes_of(recorded)
        for found in [recorded.get("/search", collections=name, limit=1).json()]
        for part in (found, *found["features"])
    ]
    followed = {link["href"] for page in pages for link in page["links"] if is_followed(recorded, link)}
    assert len(followed) > len(pages)
    refused = {href: status for href in sorted(followed) if (status := recorded.get(href).status_code) >= 400}
    assert refused == {}


def is_followed(recorded: RecordedServer, link: Json) -> bool:
    """A page of this server that is read with GET."""
    is_page = link["href"].startswith(recorded.address) and "{" not in link["href"]
    return is_page and link.get("method", "GET") == "GET"


# -- costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("search", [{"limit": "5"}, *SEARCHES], ids=str)
async def test_an_explanation_costs_no_call(tmp_path: Path, search: dict[str, str]) -> None:
    m2m = RecordedM2M()
    async with running(tmp_path, m2m.transport, catalogs=EE) as here:
        await here.get("/collections", limit=1)
        calls = len(m2m.calls)
        plan = (await here.get("/explain", **search)).raise_for_status()
        assert (len(m2m.calls), plan.headers["x-m2m-calls"]) == (calls, "0")


async def test_an_explanation_says_which_requests_a_search_makes_first(tmp_path: Path) -> None:
    async with running(tmp_path, RecordedM2M().transport, catalogs=EE) as here:
        search = {"bbox": "-72,-34,-69,-32"}
        plan = (await here.get("/explain", **search)).raise_for_status().json()
        requested = [step for step in plan["steps"] if step["asked"]]
        datasets, products = plan["not_known"]
        assert datasets.startswith(f"Which of these {len(requested)} datasets have scenes at this place and time.")
        assert products.startswith(f"The products of {len(requested)} datasets")
        filtered = (await here.get("/explain", **search, filter="platform = 'landsat-8'")).raise_for_status().json()
        preliminary = [step for step in filtered["steps"] if step.get("preliminary")]
        assert filtered["not_known"][1].startswith(
            f"Which conditions M2M can filter by in {len(preliminary)} datasets."
        )
        await here.get("/search", **search)
        later = (await here.get("/explain", **search)).raise_for_status().json()
        assert len(later["steps"]) < len(plan["steps"])
        assert not any("have scenes at this place" in sentence for sentence in later["not_known"])


async def test_an_explanation_of_a_server_that_has_just_started_costs_no_more_than_the_list(tmp_path: Path) -> None:
    async with running(tmp_path, RecordedM2M().transport, catalogs=("LPCS",)) as here:
        explained = (await here.get("/explain", limit=5)).raise_for_status()
        assert int(explained.headers["x-m2m-calls"]) <= 2


async def test_a_search_that_gives_up_has_spent_the_calls_that_it_tells_of(tmp_path: Path) -> None:
    async with running(tmp_path, RecordedM2M().transport, catalogs=EE) as here:
        search = {"bbox": "-72,-34,-69,-32", "datetime": "2016-09-11T00:00:00Z/2016-09-12T00:00:00Z"}
        given_up = await here.get("/search", **search)
        assert given_up.json()["detail"].startswith("Nothing matched in the scenes that 24 calls of M2M returned")
        assert int(given_up.headers["x-m2m-calls"]) <= 24 + 1  # and one for the datasets there


@pytest.mark.parametrize(
    "filter_text", [None, '"eo:cloud_cover" <= 50', "platform = 'landsat-8'", "\"m2m:state\" = 'IA'"], ids=str
)
async def test_no_first_page_costs_more_than_its_explanation_says(tmp_path: Path, filter_text: str | None) -> None:
    """Searches over many datasets, most of which are empty, on a server that knows the list of datasets only."""
    rng = random.Random(filter_text)
    m2m = RecordedM2M()
    async with running(tmp_path, m2m.transport, catalogs=EE) as here:
        await here.get("/collections", limit=1)
        for _number in range(3):
            west, south, year = rng.randint(-180, 170), rng.randint(-60, 60), rng.randint(1965, 2022)
            search = {
                "bbox": f"{west},{south},{west + 10},{south + 10}",
                "datetime": f"{year}-01-01T00:00:00Z/{year}-12-31T23:59:59Z",
                **({"filter": filter_text} if filter_text else {}),
            }
            calls = (await here.get("/explain", **search)).raise_for_status().json()["calls"]
            before = len(m2m.calls)
            answer = await here.get("/search", **search)
            spent = len(m2m.calls) - before
            assert answer.status_code in (200, 504)
            assert int(answer.headers["x-m2m-calls"]) == spent <= calls["first_page_most"]
            if answer.status_code == 504:
                assert spent - 2 <= int(re.findall(r"(\d+) calls of M2M", answer.json()["detail"])[0]) <= spent


async def test_a_search_that_gives_up_names_collections_and_goes_on_when_it_is_repeated(tmp_path: Path) -> None:
    """A client such as pystac-client shows the text, does not follow the link, and its user runs the search again."""
    async with running(tmp_path, RecordedM2M().transport, catalogs=EE) as here:
        search = {"bbox": "-72,-34,-69,-32", "datetime": "2016-09-11T00:00:00Z/2016-09-12T00:00:00Z"}
        given_up, numbers = await here.get("/search", **search), []
        while given_up.status_code == 504:
            detail = given_up.json()["detail"]
            searched, _total, names = re.findall(r"(\d+) of (\d+) datasets .* \(next are ([^)]*)\)", detail)[0]
            numbers.append(int(searched))
            named = names.removesuffix(", …").split(", ")
            assert (await here.get("/collections/" + quoted(named[0]))).status_code == 200
            given_up = await here.get("/search", **search)
            assert len(numbers) < 20
        assert numbers == sorted(set(numbers))
        assert numbers[0] == 24
        assert given_up.status_code == 200
        again = await here.get("/search", **search)
        assert (again.json()["features"], again.headers["x-m2m-calls"]) == (given_up.json()["features"], "0")
