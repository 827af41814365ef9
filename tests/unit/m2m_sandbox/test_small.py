"""The small datasets: their ids, their dirt, and that searches over them are exact."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import httpx
import numpy as np
import pytest
import shapely

from m2m_sandbox import create_sandbox
from m2m_sandbox.archive.calendar_days import central_offset
from m2m_sandbox.archive.datasets import datasets, filters_of, products_of
from m2m_sandbox.archive.fact_sheets import sheet
from m2m_sandbox.archive.small import SMALL, SmallArchive, small_archive
from m2m_sandbox.downloads.options import download_options, locate_product
from tests.support import sampled

pytestmark = pytest.mark.slow

STOCKED = [name for name in SMALL if name != "event1058"]


def scenes(archive: SmallArchive) -> list[dict[str, Any]]:
    return [archive.scene(number, full=False) for number in range(len(archive))]


def value(name: str, label: str, number: int = 17) -> Any:
    metadata = small_archive(name).scene(number, full=True)["metadata"]
    return next(one["value"] for one in metadata if one["fieldName"] == label)


def filter_id(name: str, label: str) -> str:
    return next(str(one["id"]) for one in filters_of(name) if one["fieldLabel"] == label)


@pytest.mark.parametrize("name", STOCKED)
def test_a_dataset_holds_scenes_each_with_ids_of_its_own(name: str) -> None:
    archive = small_archive(name)
    assert len(archive) > 90
    for field in ("entityId", "displayId"):
        ids = [scene[field] for scene in scenes(archive)]
        assert len(set(ids)) == len(ids)
        assert [archive.find(one, field) for one in ids[::53]] == list(range(0, len(ids), 53))


@pytest.mark.parametrize("name", STOCKED)
def test_making_a_dataset_takes_no_time_that_anybody_notices(name: str) -> None:
    assert min(_seconds(name) for _ in range(2)) < 1  # seconds of the processor; a third for the most, on a slow one


def _seconds(name: str) -> float:
    begun = time.process_time()
    small_archive.__wrapped__(name)
    return time.process_time() - begun


@pytest.mark.parametrize("name", sampled(STOCKED, 3))
def test_a_dataset_is_the_same_whenever_it_is_made(name: str) -> None:
    again = small_archive.__wrapped__(name)
    assert [again.scene(number, full=True) for number in range(0, len(again), 41)] == [
        small_archive(name).scene(number, full=True) for number in range(0, len(again), 41)
    ]


@pytest.mark.long
@pytest.mark.parametrize("name", STOCKED)
def test_a_search_by_box_and_days_finds_what_looking_at_every_scene_finds(name: str) -> None:
    every = scenes(small_archive(name))
    ring = every[len(every) // 3]["spatialCoverage"]["coordinates"][0]
    box = shapely.buffer(shapely.Point(ring[0]), 3).envelope
    days = sorted({scene["temporalCoverage"]["startDate"][:10] for scene in every})
    first, last = days[len(days) // 4], days[-1]
    west, south, east, north = box.bounds
    corners = {
        "lowerLeft": {"latitude": south, "longitude": west},
        "upperRight": {"latitude": north, "longitude": east},
    }
    found = small_archive(name).search(
        {
            "acquisitionFilter": {"start": first, "end": last},
            "spatialFilter": {"filterType": "mbr", **corners},
        }
    )
    wanted = [
        number
        for number, scene in enumerate(every)
        if first <= scene["temporalCoverage"]["startDate"][:10] <= last
        and any(
            shapely.intersects(_footprint(scene), shapely.box(west + turn, south, east + turn, north))
            for turn in (-360, 0, 360)
        )
    ]
    assert found.tolist() == wanted


def _footprint(scene: dict[str, Any]) -> shapely.Geometry:
    ring = scene["spatialCoverage"]["coordinates"][0]
    return shapely.Point(ring[0]) if all(point == ring[0] for point in ring) else shapely.Polygon(ring)


@pytest.mark.long
@pytest.mark.parametrize("name", STOCKED)
def test_every_filter_finds_scenes_by_a_value_they_have_and_none_by_another(name: str) -> None:
    archive = small_archive(name)
    for label, (ident, *_rest) in sheet(name)["filters"].items():
        column = archive.column(ident, np.arange(len(archive)))
        assert column is not None, label
        asked = {"filterType": "value", "filterId": ident, "value": str(column[0]), "operand": "="}
        assert 0 < len(archive.search({"metadataFilter": asked})) <= len(archive), label
        assert len(archive.search({"metadataFilter": {**asked, "value": "nothing of the kind"}})) == 0


def test_a_range_of_numbers_is_compared_as_numbers() -> None:
    ident = filter_id("eo1_hyp_pub", "Target Path")
    asked = {"filterType": "between", "filterId": ident, "firstValue": "9", "secondValue": "47"}
    found = small_archive("eo1_hyp_pub").search({"metadataFilter": asked})
    assert {value("eo1_hyp_pub", "Target Path", int(number)) for number in found} == {14, 16, 33, 44, 47}


def test_a_filter_of_another_dataset_finds_nothing() -> None:
    asked = {"filterType": "value", "filterId": filter_id("naip", "State"), "value": "IA"}
    assert len(small_archive("corona2").search({"metadataFilter": asked})) == 0


def test_clouds_that_are_not_known_are_found_only_when_asked_for() -> None:
    archive = small_archive("eo1_hyp_pub")
    known = archive.search({"cloudCoverFilter": {"min": 0, "max": 100, "includeUnknown": False}})
    slots = [scene["cloudCover"] for scene in scenes(archive)]
    assert {None, -1, "-1"} <= set(slots)
    assert known.tolist() == [number for number, slot in enumerate(slots) if slot not in (None, -1, "-1")]
    assert len(archive.search({"cloudCoverFilter": {"min": 0, "max": 100, "includeUnknown": True}})) == len(slots)


@pytest.mark.parametrize(
    ("day", "offset"),
    [("2020-03-07", "-06"), ("2020-03-08", "-05"), ("2020-10-31", "-05"), ("2020-11-01", "-06"), ("1972-05-31", "-05")],
)
def test_midnight_is_in_us_central_time_with_that_days_daylight_saving(day: str, offset: str) -> None:
    assert central_offset(date.fromisoformat(day)) == offset


@pytest.mark.parametrize("name", ["naip", "aerial_combin", "corona2", "declassii", "event2947"])
def test_a_place_that_was_never_filled_in_is_zero_zero(name: str) -> None:
    nowhere = [
        scene for scene in scenes(small_archive(name)) if scene["spatialCoverage"]["coordinates"][0] == [[0, 0]] * 5
    ]
    assert nowhere
    assert all(scene["spatialBounds"] in (None, {"type": "Point", "coordinates": [0, 0]}) for scene in nowhere)


@pytest.mark.parametrize(
    ("name", "label", "said"),
    [
        ("aerial_combin", "Entity  ID", "AR5AK0002100066"),
        ("aerial_combin", "NW  Corner Lat dec", "62.675000"),
        ("eo1_hyp_pub", "Center Longtude dec", None),
        ("corona2", "NW Cormer Lat dec", None),
        ("declassii", "NW Corner Lat dec", None),
        ("naip", "Projection Zone", "13N"),
    ],
)
def test_labels_are_spelt_as_the_family_spells_them(name: str, label: str, said: str | None) -> None:
    assert value(name, label) == said or said is None


def test_degrees_are_written_as_html_entities() -> None:
    assert value("srtm_v3", "Center Latitude") == "34&deg;30'00.00\"S"


def test_a_quarter_quadrangle_is_named_for_its_place() -> None:
    """The first of Iowa: 41.5° N, 94° W is the south-west corner of quadrangle 25 of the square degree 41093."""
    number = small_archive("naip").find("M_4109325_SW_15_060_20180721")
    assert number is not None
    scene = small_archive("naip").scene(number, full=False)
    assert scene["spatialCoverage"]["coordinates"][0][0] == [-94.003, 41.497]
    assert scene["entityId"].isdigit()


def test_a_film_that_is_not_scanned_can_only_be_ordered() -> None:
    """As of the three recorded frames of corona2, which are not scanned; one that is has nothing left to order."""
    for scene in scenes(small_archive("declassiii")):
        scanned = scene["displayId"][-1] == "7"
        assert (scene["options"]["download"], scene["options"]["order"]) == (scanned, not scanned)


def test_a_photograph_without_a_scan_in_high_resolution_can_be_downloaded_and_ordered() -> None:
    for number, scene in enumerate(scenes(small_archive("aerial_combin"))):
        scanned = int(scene["displayId"][-4:]) % 3 == 0
        assert (scene["options"]["download"], scene["options"]["order"]) == (True, not scanned)
        assert small_archive("aerial_combin").offers(number, "D198") == scanned


@pytest.mark.parametrize("name", [name for name in SMALL if not sheet(name).get("orders")])
def test_where_nothing_is_ordered_no_scene_can_be_ordered(name: str) -> None:
    assert not any(scene["options"]["order"] for scene in scenes(small_archive(name)))


@pytest.mark.parametrize("name", ["corona2", "declassii", "declassiii", "aerial_combin"])
def test_only_film_that_is_not_scanned_has_an_option_to_order(name: str) -> None:
    archive = small_archive(name)
    for number in range(0, len(archive), 7):
        rows = [row for row in download_options(name, archive, number) if row["downloadSystem"] == "tram"]
        assert len(rows) == archive.scene(number, full=False)["options"]["order"]
        assert not any(row["available"] for row in rows)


def products(name: str, display_id: str) -> dict[str, dict[str, Any]]:
    number = small_archive(name).find(display_id)
    assert number is not None
    return {one["productCode"]: one for one in download_options(name, small_archive(name), number)}


@pytest.mark.parametrize(("year", "there"), [("2018", True), ("2022", False)])
def test_the_compressed_photographs_of_2022_are_not_there(year: str, there: bool) -> None:
    number = next(number for number, one in enumerate(scenes(small_archive("naip"))) if f"_{year}" in one["displayId"])
    found = {one["productCode"]: one for one in download_options("naip", small_archive("naip"), number)}
    assert (found["D482"]["available"], found["D482"]["filesize"] > 0) == (there, there)
    assert found["D441"]["available"]


def test_a_camera_report_is_there_for_the_rolls_that_have_one() -> None:
    assert products("aerial_combin", "AR5AK0002100066")["D555"]["available"]
    assert not products("aerial_combin", "AR1VT0000410066")["D555"]["available"]
    assert products("aerial_combin", "AR1VT0000410066")["D197"]["available"]


@pytest.mark.parametrize("name", STOCKED)
def test_a_product_is_found_again_by_its_two_ids(name: str) -> None:
    number = next(number for number, one in enumerate(scenes(small_archive(name))) if one["options"]["download"])
    for product in download_options(name, small_archive(name), number):
        found = locate_product(product["entityId"], product["id"])
        assert found is not None
        assert found[:2] == (name, number)


def test_the_catalogue_has_events_with_a_nonsense_start() -> None:
    events = [one for one in datasets() if one["catalogs"] == ["HDDS"]]
    assert len(events) >= 4
    assert {one["acquisitionStart"] for one in events} == {"0021-09-16"}
    assert small_archive("event1058").search({}).tolist() == []


def test_every_product_of_every_small_dataset_says_what_its_file_is() -> None:
    forms = {one["form"] for name in SMALL for one in products_of(name)}
    assert forms == {
        "film-tif",
        "film-gzip",
        "film-tgz",
        "photo-jp2",
        "photo-zip",
        "photo-tif",
        "elevation-tif",
        "elevation-dted",
        "elevation-bil-zip",
        "elevation-global-zip",
        "hyperspectral-zip",
        "report-pdf",
    }


@pytest.mark.parametrize("name", sampled(STOCKED, 3))
async def test_the_pictures_of_a_scene_are_served_to_everybody(name: str) -> None:
    sandbox = create_sandbox(base_url="http://sandbox")
    (browse,) = small_archive(name).scene(7, full=False)["browse"]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://sandbox") as client:
        for path in ("browsePath", "thumbnailPath"):
            answer = await client.get(browse[path].replace("sandbox://here", ""))
            assert (answer.status_code, answer.content[:3]) == (200, b"\xff\xd8\xff")
        assert (await client.get(f"/browse/{name}/nothing.jpg")).status_code == 404
