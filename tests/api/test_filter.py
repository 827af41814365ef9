"""Each class of CQL2 that is declared, against the same condition tried on every Item one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cql2
import orjson
import pytest
import shapely
from shapely.geometry import shape

from tests.support import Here, posted

LANDSAT = "landsat_ot_c2_l2"
WHERE = {"bbox": "5,45,8,47", "datetime": "2024-06-01T00:00:00Z/2024-07-15T23:59:59Z", "limit": 1000}
POINT, BOX = shapely.Point(6.5, 46.2), shapely.box(6, 46, 6.4, 46.3)
LINE = shapely.LineString([(5.5, 45.5), (7, 46)])

Keeps = Callable[[dict[str, Any], shapely.Geometry], bool]
Case = tuple[str, Keeps]


def cloud(said: dict[str, Any]) -> float:
    return float(said.get("eo:cloud_cover", float("nan")))


BASIC: list[Case] = [
    ('"eo:cloud_cover" < 20', lambda said, _: cloud(said) < 20),
    ('"eo:cloud_cover" >= 20 AND "eo:cloud_cover" <= 60.5', lambda said, _: 20 <= cloud(said) <= 60.5),
    (
        "platform = 'landsat-9' OR \"view:sun_elevation\" > 63",
        lambda said, _: said["platform"] == "landsat-9" or said["view:sun_elevation"] > 63,
    ),
    ("NOT platform = 'landsat-9'", lambda said, _: said["platform"] != "landsat-9"),
    ("platform <> 'landsat-9'", lambda said, _: said["platform"] != "landsat-9"),
    ('"eo:cloud_cover" IS NULL', lambda said, _: "eo:cloud_cover" not in said),
    ("datetime > TIMESTAMP('2024-07-01T10:00:00Z')", lambda said, _: said["datetime"] > "2024-07-01T10:00:00Z"),
    ("datetime < DATE('2024-07-01')", lambda said, _: said["datetime"] < "2024-07-01"),
]
ADVANCED: list[Case] = [
    ("\"landsat:scene_id\" LIKE 'LC8%2024%'", lambda said, _: said["landsat:scene_id"].startswith("LC8")),
    ('"eo:cloud_cover" BETWEEN 10 AND 40', lambda said, _: 10 <= cloud(said) <= 40),
    ("\"landsat:wrs_path\" IN ('195', '196')", lambda said, _: said["landsat:wrs_path"] in ("195", "196")),
    ("\"landsat:wrs_path\" NOT IN ('195', '196')", lambda said, _: said["landsat:wrs_path"] not in ("195", "196")),
]
CASES: list[Case] = [
    ("CASEI(platform) = CASEI('LANDSAT-9')", lambda said, _: said["platform"] == "landsat-9"),
    ("CASEI(platform) LIKE CASEI('LANDSAT%8')", lambda said, _: said["platform"] == "landsat-8"),
]
ACCENTS: list[Case] = [
    ("ACCENTI(platform) = ACCENTI('lándsat-9')", lambda said, _: said["platform"] == "landsat-9"),
]
BASIC_SPATIAL: list[Case] = [
    ("S_INTERSECTS(geometry, POINT(6.5 46.2))", lambda _, place: place.intersects(POINT)),
    ("S_INTERSECTS(geometry, BBOX(6, 46, 6.4, 46.3))", lambda _, place: place.intersects(BOX)),
]
SPATIAL_PLUS: list[Case] = [
    ("S_INTERSECTS(geometry, LINESTRING(5.5 45.5, 7 46))", lambda _, place: place.intersects(LINE)),
    (f"S_INTERSECTS(geometry, {BOX.wkt})", lambda _, place: place.intersects(BOX)),
    ("S_INTERSECTS(geometry, MULTIPOINT((6.5 46.2), (60 60)))", lambda _, place: place.intersects(POINT)),
]
SPATIAL: list[Case] = [
    (f"S_CONTAINS(geometry, {BOX.wkt})", lambda _, place: place.contains(BOX)),
    ("S_WITHIN(geometry, BBOX(4, 44, 9, 48))", lambda _, place: place.within(shapely.box(4, 44, 9, 48))),
    (f"S_DISJOINT(geometry, {BOX.wkt})", lambda _, place: place.disjoint(BOX)),
    (f"S_OVERLAPS(geometry, {BOX.wkt})", lambda _, place: place.overlaps(BOX)),
    ("S_CROSSES(LINESTRING(5.5 45.5, 7 46), geometry)", lambda _, place: LINE.crosses(place)),
    (
        f"S_TOUCHES(geometry, {BOX.wkt}) OR S_EQUALS(geometry, {BOX.wkt})",
        lambda _, place: place.touches(BOX) or place.equals(BOX),
    ),
]
TEMPORAL: list[Case] = [
    ("T_AFTER(datetime, TIMESTAMP('2024-07-01T00:00:00Z'))", lambda said, _: said["datetime"] > "2024-07-01"),
    ("T_BEFORE(datetime, TIMESTAMP('2024-07-01T00:00:00Z'))", lambda said, _: said["datetime"] < "2024-07-01"),
    (
        "T_DURING(datetime, INTERVAL('2024-06-10T00:00:00Z', '2024-06-20T00:00:00Z'))",
        lambda said, _: "2024-06-10" < said["datetime"] < "2024-06-20",
    ),
    (
        "T_INTERSECTS(INTERVAL(start_datetime, end_datetime), INTERVAL('2024-06-10T00:00:00Z', '..'))",
        lambda said, _: said["end_datetime"] >= "2024-06-10",
    ),
]
ARRAYS: list[Case] = [
    ("A_CONTAINS(instruments, ('oli'))", lambda said, _: "oli" in said["instruments"]),
    ("A_EQUALS(instruments, ('oli', 'tirs'))", lambda said, _: said["instruments"] == ["oli", "tirs"]),
    ("A_OVERLAPS(instruments, ('msi', 'tirs'))", lambda said, _: "tirs" in said["instruments"]),
    ("A_CONTAINEDBY(instruments, ('oli', 'tirs', 'msi'))", lambda said, _: {*said["instruments"]} <= {"oli", "tirs"}),
]
PROPERTIES: list[Case] = [
    ('"landsat:cloud_cover_land" > "eo:cloud_cover"', lambda said, _: said["landsat:cloud_cover_land"] > cloud(said)),
    ("start_datetime < datetime", lambda said, _: said["start_datetime"] < said["datetime"]),
]
ARITHMETIC: list[Case] = [
    ('"eo:cloud_cover" * 2 + 1 < 41', lambda said, _: cloud(said) * 2 + 1 < 41),
    (
        '"view:sun_elevation" - "eo:cloud_cover" / 2 > 50',
        lambda said, _: said["view:sun_elevation"] - cloud(said) / 2 > 50,
    ),
]


@pytest.fixture
async def everything(here: Here) -> list[dict[str, Any]]:
    found = await here.items("/search", collections=LANDSAT, **WHERE)
    assert len(found) > 20
    return found


async def holds(here: Here, everything: list[dict[str, Any]], cases: list[Case]) -> None:
    """Text and JSON, GET and POST, across collections and inside one."""
    for text, keeps in cases:
        expected = [item["id"] for item in everything if keeps(item["properties"], shape(item["geometry"]))]
        as_json = cql2.parse_text(text).to_json()
        written = {"filter": orjson.dumps(as_json).decode(), "filter-lang": "cql2-json"}
        found = [
            await here.items("/search", collections=LANDSAT, filter=text, **WHERE),
            await here.items(f"/collections/{LANDSAT}/items", filter=text, **WHERE),
            await here.items("/search", collections=LANDSAT, **written, **WHERE),
            (await here.post("/search", posted({"collections": [LANDSAT], "filter": as_json, **WHERE}))).json()[
                "features"
            ],
        ]
        assert [[item["id"] for item in items] for items in found] == [expected] * len(found), text


async def test_basic_cql2_keeps_what_it_says_in_either_language(here: Here, everything: list[Any]) -> None:
    await holds(here, everything, BASIC)


async def test_like_between_and_in_keep_what_they_say(here: Here, everything: list[Any]) -> None:
    await holds(here, everything, ADVANCED)


async def test_case_can_be_left_aside(here: Here, everything: list[Any]) -> None:
    await holds(here, everything, CASES)


async def test_accents_can_be_left_aside(here: Here, everything: list[Any]) -> None:
    await holds(here, everything, ACCENTS)


async def test_intersection_with_points_and_boxes(here: Here, everything: list[Any]) -> None:
    await holds(here, everything, BASIC_SPATIAL)


async def test_intersection_with_every_type_of_geometry(here: Here, everything: list[Any]) -> None:
    await holds(here, everything, SPATIAL_PLUS)


async def test_spatial_functions_are_those_of_shapely(here: Here, everything: list[Any]) -> None:
    await holds(here, everything, SPATIAL)


async def test_temporal_functions_compare_instants_and_intervals(here: Here, everything: list[Any]) -> None:
    await holds(here, everything, TEMPORAL)


async def test_array_functions_compare_lists(here: Here, everything: list[Any]) -> None:
    await holds(here, everything, ARRAYS)


async def test_two_properties_can_be_compared(here: Here, everything: list[Any]) -> None:
    await holds(here, everything, PROPERTIES)


async def test_arithmetic_is_computed(here: Here, everything: list[Any]) -> None:
    await holds(here, everything, ARITHMETIC)


async def test_a_filter_in_another_crs_is_refused(here: Here) -> None:
    asked = {"collections": LANDSAT, "filter": "id = 'x'", "filter-crs": "http://www.opengis.net/def/crs/EPSG/0/3857"}
    answer = await here.get("/search", **asked)
    assert answer.status_code == 400
    assert "CRS84" in answer.json()["detail"]
