"""The M2M for tests that serves the recordings behaves as M2M does, and its part in the project is whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.filters import (
    And,
    Between,
    CloudRange,
    DatasetSearch,
    DayRange,
    Mbr,
    SceneFilter,
    SceneSearch,
    Value,
)
from stac_bridge.m2m.session import build_session
from tests.recorded_m2m import GROUPS, UNLISTED, RecordedM2M, recordings
from tests.recorded_m2m.part import files_of, scrubbed
from tests.recorded_m2m.recordings import PART, read
from tests.support import SHARED, needs_shared

URL = "http://m2m.test/api/api/json/stable/"
LANDSAT_8 = "landsat_8_c1"
PATH, IDENTIFIER, LAND_CLOUD = "5e83d0b81d20cee8", "5e83d0b84d321b85", "5f3bedf0d676088b"
NEWER, OLDER = "LC08_L1TP_226078_20200804_20200821_01_T1", "LC08_L1TP_233083_20160911_20170321_01_T1"


@pytest.fixture
def m2m() -> RecordedM2M:
    return RecordedM2M()


@pytest.fixture
async def client(m2m: RecordedM2M) -> AsyncIterator[M2MClient]:
    client = M2MClient(build_session(URL, "someone", "a-token", transport=m2m.transport))
    yield client
    await client.aclose()
    assert m2m.complaints == []


async def selected(client: M2MClient, dataset: str, **slots: Any) -> list[str]:
    search = SceneSearch(dataset=dataset, filter=SceneFilter(**slots))
    return [scene.display_id for scene in (await client.scene_search(search)).results]


# -- datasets ------------------------------------------------------------------------------------------------


@needs_shared
async def test_the_whole_recorded_list_is_there_by_group(client: M2MClient) -> None:
    sizes = {group: len(await client.dataset_search(DatasetSearch(catalog=group))) for group in GROUPS}
    assert sizes == {"EE": 229, "HDDS": 601, "LPCS": 18, "CWIC": 15, "GV": 8}


async def test_datasets_are_selected_by_place_and_days(client: M2MClient) -> None:
    arctic, sixties = Mbr.of(10, 89, 11, 89.5), DayRange(start="1965-01-01", end="1965-12-31")
    everything = {one.alias for one in await client.dataset_search(DatasetSearch(catalog="EE"))}
    at_place = {one.alias for one in await client.dataset_search(DatasetSearch(catalog="EE", spatial=arctic))}
    on_days = {one.alias for one in await client.dataset_search(DatasetSearch(catalog="EE", temporal=sixties))}
    assert "corona2" in on_days - at_place
    assert "landsat_ot_c2_l2" in everything - on_days


async def test_a_dataset_without_recorded_filters_has_none(client: M2MClient) -> None:
    assert await client.dataset_filters("srtm") == ()
    labels = {one.label for one in await client.dataset_filters("landsat_ot_c2_l2")}
    assert {"WRS Path", "Collection Category", "Landsat Product Identifier L2"} <= labels


# -- scenes --------------------------------------------------------------------------------------------------


async def test_pages_of_scenes_are_walked_to_the_end_newest_first(client: M2MClient) -> None:
    seen: list[str | None] = []
    for start in (1, 3, 5):
        page = await client.scene_search(SceneSearch(dataset="sentinel_2a", max_results=2, starting_number=start))
        seen += [scene.start_date for scene in page.results]
        assert (page.total_hits, page.next_record) == (5, min(start + 2, 5))
    assert len(seen) == 5
    assert seen == sorted(seen, key=str, reverse=True)


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        ({"acquisition": DayRange(start="2016-09-11", end="2016-09-11")}, [OLDER]),
        ({"acquisition": DayRange(start="2016-09-12", end="2020-08-04")}, [NEWER]),
        ({"months": (9,)}, [OLDER]),
        ({"spatial": Mbr.of(-72, -34, -70, -33)}, [OLDER]),
        ({"cloud": CloudRange(min=40, max=50)}, [OLDER]),
        ({"metadata": Between(filter_id=PATH, first_value="226", second_value="226")}, [NEWER]),
        ({"metadata": Value(filter_id=IDENTIFIER, value="lc08_l1tp_233%", operand="like")}, [OLDER]),
        ({"metadata": Value(filter_id=LAND_CLOUD, value="10")}, [NEWER]),
        ({"metadata": Value(filter_id="5e83d14fb9436d88", value="226")}, []),
        (
            {
                "metadata": And(
                    children=(
                        Between(filter_id=PATH, first_value=1, second_value=233),
                        Value(filter_id=IDENTIFIER, value=NEWER),
                    )
                )
            },
            [NEWER],
        ),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else None,
)
async def test_a_scene_filter_selects_recorded_scenes(
    client: M2MClient, slots: dict[str, Any], expected: list[str]
) -> None:
    assert await selected(client, LANDSAT_8, **slots) == expected


async def test_scenes_are_read_by_either_id_and_from_a_list(client: M2MClient) -> None:
    alone = await client.scene_metadata(LANDSAT_8, NEWER)
    assert alone is not None
    assert alone.fields["wrs path"] == "226"
    assert await client.scene_metadata(LANDSAT_8, "no-such-scene") is None
    assert await client.scene_list_add("a-list", LANDSAT_8, [OLDER, "no-such-scene"]) == 1
    assert [one.display_id for one in await client.scene_metadata_list("a-list")] == [OLDER]
    await client.scene_list_remove("a-list")
    assert await client.scene_metadata_list("a-list") == ()


async def test_download_options_are_those_recorded_of_the_scene(client: M2MClient) -> None:
    scene = recordings().options[LANDSAT_8][0]["entityId"]
    assert len(await client.download_options(LANDSAT_8, [scene])) == 5
    assert await client.download_options(LANDSAT_8, ["no-such-scene"]) == ()


# -- what M2M refuses, and what it would ignore --------------------------------------------------------------


async def ask(m2m: RecordedM2M, endpoint: str, payload: Any, key: str = "") -> Any:
    async with httpx.AsyncClient(transport=m2m.transport, base_url=URL) as http:
        return (await http.post(endpoint, json=payload, headers={"X-Auth-Token": key})).json()


@pytest.mark.parametrize(
    ("endpoint", "payload", "complaint"),
    [
        ("scene-search", {"datasetName": "srtm", "acquisitionFilter": {}}, "scene-search: acquisitionFilter"),
        (
            "scene-search",
            {"datasetName": "srtm", "sceneFilter": {"cloudCoverFilter": {"maximum": 3}}},
            "scene-search: sceneFilter.cloudCoverFilter.maximum",
        ),
        (
            "scene-search",
            {"sceneFilter": {"metadataFilter": {"filterType": "and", "childFilters": [{"filterType": "like"}]}}},
            "scene-search: sceneFilter.metadataFilter.childFilters.filterType",
        ),
        ("dataset-search", {"catalogue": "EE"}, "dataset-search: catalogue"),
        ("dataset-serch", {}, "dataset-serch"),
    ],
)
async def test_what_m2m_would_ignore_is_a_complaint(endpoint: str, payload: Any, complaint: str) -> None:
    m2m = RecordedM2M()
    assert (await ask(m2m, endpoint, payload))["errorCode"] == "INPUT_PARAMETER_INVALID"
    assert m2m.complaints == [complaint]


async def test_a_second_request_of_an_account_at_once_is_refused(m2m: RecordedM2M) -> None:
    key = (await ask(m2m, "login-token", {"username": "someone", "token": "a-token"}))["data"]
    both = await asyncio.gather(*(ask(m2m, "permissions", {}, key) for _ in range(2)))
    assert sorted(str(one["errorCode"]) for one in both) == ["None", "RATE_LIMIT"]


async def test_a_dataset_that_is_not_listed_is_invalid(m2m: RecordedM2M) -> None:
    key = (await ask(m2m, "login-token", {"username": "someone", "token": "a-token"}))["data"]
    assert (await ask(m2m, "scene-search", {"datasetName": "nonsense"}, key))["errorCode"] == "DATASET_INVALID"
    assert (await ask(m2m, "dataset", {"datasetName": "SRTM"}, key))["data"]["datasetAlias"] == "srtm"


# -- the part in the project ---------------------------------------------------------------------------------


@needs_shared
def test_the_part_in_the_project_is_what_its_script_writes() -> None:
    shipped = {path.relative_to(PART).as_posix(): path.read_bytes() for path in PART.rglob("*.json")}
    assert shipped == files_of(SHARED / "m2m")


def test_the_part_has_every_group_and_everything_recorded_of_scenes() -> None:
    part, whole = read(PART), recordings()
    assert {group for one in part.datasets for group in one["catalogs"]} == {*GROUPS, UNLISTED}
    assert len(part.datasets) == 121
    assert (part.scenes, part.filters, part.options) == (whole.scenes, whole.filters, whole.options)
    assert sum(path.stat().st_size for path in PART.rglob("*") if path.is_file()) < 1_000_000


def test_the_part_keeps_what_is_odd_about_datasets() -> None:
    rows = read(PART).datasets
    assert any(one["acquisitionStart"] == "0021-09-16" for one in rows)
    for name in ("spatialBounds", "temporalCoverage", "abstractText", "datasetCategoryName", "keywords"):
        assert any(one[name] is None for one in rows), name
    assert any(one["spatialBounds"] and one["spatialBounds"]["east"] > 180 for one in rows)
    assert any(one["sceneCount"] == 0 for one in rows)


def test_personal_details_are_scrubbed_and_nothing_else() -> None:
    text = 'Write to some.body@usgs.gov or (605) 594-6151; "contactId":12345 https://doi.org/10.5066/F78P5XZM'
    assert scrubbed(text) == b'Write to 0 or 0; "contactId":0 https://doi.org/10.5066/F78P5XZM'
    assert scrubbed('{"data": "eyJjaWQiOjEyMzQ1Nn0="}') == b'{"data": "0"}', "an API key holds a contact id"
    for path in PART.rglob("*.json"):
        assert scrubbed(path.read_text(encoding="utf-8")) == path.read_bytes()
        orjson.loads(path.read_bytes())
