"""Searches without enumerating find what enumerating finds."""

from __future__ import annotations

import re
import time
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
import pytest
import shapely

from m2m_sandbox.archive.datasets import archive_of
from m2m_sandbox.archive.fact_sheets import labels_of
from m2m_sandbox.archive.hashing import mix_bits, mix_bits_scalar
from m2m_sandbox.archive.landsat.archive import Landsat, landsat
from m2m_sandbox.archive.landsat.ard import Tiles, tiles
from m2m_sandbox.archive.landsat.families import ARD, FAMILIES
from m2m_sandbox.archive.small import corona, naip

pytestmark = pytest.mark.slow

NAMES = [*FAMILIES, ARD.dataset]
EPOCH = date(2013, 1, 1)
WINDOWS = {"OLI_TIRS": date(2024, 6, 1), "ETM": date(2004, 6, 1), "TM": date(1990, 6, 1), "MSS": date(1988, 6, 1)}
"""The first of three days that are looked at scene by scene."""


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    corners = {
        "lowerLeft": {"latitude": south, "longitude": west},
        "upperRight": {"latitude": north, "longitude": east},
    }
    return {"spatialFilter": {"filterType": "mbr", **corners}}


def days(name: str) -> dict[str, Any]:
    first = WINDOWS["OLI_TIRS" if name == ARD.dataset else FAMILIES[name].sensor]
    return {"acquisitionFilter": {"start": str(first), "end": f"{first + timedelta(days=2)} 23:59"}}


def archive_named(name: str) -> Any:
    return archive_of(name)


def whole(name: str) -> list[tuple[int, Any]]:
    """Every scene of three days, one by one."""
    archive, first = archive_named(name), date.fromisoformat(days(name)["acquisitionFilter"]["start"])
    numbers = range(archive.first_of((first - EPOCH).days + 2), archive.first_of((first - EPOCH).days - 1))
    return [(number, archive.facts(number)) for number in numbers]


def filter_id(name: str, label: str) -> str:
    return next(ident for ident, known in labels_of(name).items() if known.startswith(label))


def value(name: str, label: str, wanted: object, **more: Any) -> dict[str, Any]:
    return {"filterType": "value", "filterId": filter_id(name, label), "value": wanted, **more}


def between(name: str, label: str, first: object, second: object) -> dict[str, Any]:
    return {
        "filterType": "between",
        "filterId": filter_id(name, label),
        "firstValue": first,
        "secondValue": second,
    }


def touches(area: shapely.Geometry, facts: Any) -> bool:
    """On either side of ±180."""
    ring = facts.grid.footprint
    return any(shapely.Polygon(np.add(ring, [turn, 0])).intersects(area) for turn in (-360, 0, 360))


SPACE_AND_CLOUD: list[tuple[dict[str, Any], Any]] = [
    ({}, lambda facts: True),
    (box(-100, 30, -80, 45), partial(touches, shapely.box(-100, 30, -80, 45))),
    (box(178, 50, 182, 72), partial(touches, shapely.box(178, 50, 182, 72))),
    ({"cloudCoverFilter": {"min": 0, "max": 10}}, lambda facts: facts.cloud is not None and facts.cloud <= 1000),
    (
        {"cloudCoverFilter": {"min": 10, "max": 20, "includeUnknown": True}},
        lambda facts: facts.cloud is None or 1000 <= facts.cloud <= 2000,
    ),
    (
        {**box(-120, 20, -60, 50), "cloudCoverFilter": {"min": 50}},
        lambda facts: touches(shapely.box(-120, 20, -60, 50), facts) and (facts.cloud or 0) >= 5000,
    ),
    ({"cloudCoverFilter": {"min": None, "max": None}}, lambda facts: facts.cloud is not None),
    (
        {"ingestFilter": {"start": "2020-09-01", "end": "2024-06-09"}},
        lambda facts: date(2020, 9, 1) <= facts.processed <= date(2024, 6, 9),
    ),
    ({"seasonalFilter": [1, 2]}, lambda facts: False),
    ({"seasonalFilter": [6]}, lambda facts: True),
    ({"cloudCover": {"max": 1}, "misplaced": 7}, lambda facts: True),
    ({"metadataFilter": {"filterType": "value", "filterId": "5e839feb64cee663", "value": "Y"}}, lambda facts: False),
]


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_places_months_and_clouds_find_what_looking_at_every_scene_finds(name: str) -> None:
    scenes = whole(name)
    assert len(scenes) > 100
    for more, keeps in SPACE_AND_CLOUD:
        found = archive_named(name).search({**days(name), **more})
        assert list(found) == [number for number, facts in scenes if keeps(facts)], more


@pytest.mark.long
@pytest.mark.parametrize("name", [*FAMILIES])
def test_metadata_filters_find_what_looking_at_every_scene_finds(name: str) -> None:
    path, tier = partial(between, name, "WRS Path"), partial(value, name, "Collection Category")
    made = str(next(facts for _, facts in whole(name)).processed).replace("-", "/")
    second_or_north = {"filterType": "or", "childFilters": [tier("T2"), between(name, "WRS Row", 20, "030")]}
    asked: list[tuple[dict[str, Any], Any]] = [
        (path("190", 200), lambda facts: 190 <= facts.path <= 200),
        (tier("T2"), lambda facts: facts.tier == "T2"),
        (tier("Tier 2"), lambda facts: False),
        (second_or_north, lambda facts: facts.tier == "T2" or 20 <= facts.row <= 30),
        (
            {"filterType": "and", "childFilters": [path(1, 100), second_or_north]},
            lambda facts: facts.path <= 100 and (facts.tier == "T2" or 20 <= facts.row <= 30),
        ),
        (between(name, "Date Product Generated L1", made, made), lambda facts: f"{facts.processed:%Y/%m/%d}" == made),
        (path("far", 200), lambda facts: False),
    ]
    scenes = whole(name)
    for metadata, keeps in asked:
        found = archive_named(name).search({**days(name), "metadataFilter": metadata})
        assert list(found) == [number for number, facts in scenes if keeps(facts)], metadata


@pytest.mark.long
@pytest.mark.parametrize("name", ["landsat_ot_c2_l1", "landsat_tm_c2_l1"])
def test_filters_of_level_1_find_what_looking_at_every_scene_finds(name: str) -> None:
    asked: list[tuple[dict[str, Any], Any]] = [
        (value(name, "Data Type L1", "L1GT"), lambda facts: facts.level == "L1GT"),
        (between(name, "Sun Elevation", 20, 40), lambda facts: 20 <= facts.sun[0] <= 40),
        (between(name, "Geometric RMSE", 6, "6.5"), lambda facts: facts.bits % 100 <= 25),
        (value(name, "Satellite", "5"), lambda facts: facts.satellite == 5),
        (value(name, "Day/Night", "NIGHT"), lambda facts: False),
    ]
    scenes = whole(name)
    for metadata, keeps in asked:
        found = archive_named(name).search({**days(name), "metadataFilter": metadata})
        assert list(found) == [number for number, facts in scenes if keeps(facts)], metadata


def test_filters_of_tiles_find_what_looking_at_every_tile_finds() -> None:
    name = ARD.dataset
    asked: list[tuple[dict[str, Any], Any]] = [
        (value(name, "Tile Grid Region", "AK"), lambda facts: facts.region == "AK"),
        (value(name, "Tile Grid Region", "A%", operand="like"), lambda facts: facts.region == "AK"),
        (between(name, "Tile Grid Horizontal", 3, "005"), lambda facts: 3 <= facts.horizontal <= 5),
        (value(name, "Spacecraft", "LANDSAT_9"), lambda facts: facts.satellite == 9),
        (value(name, "Sensor", "TM"), lambda facts: False),
        (value(name, "Fill (No Data)", "90"), lambda facts: facts.fill <= 90),
        (value(name, "Fill (No Data)", "100"), lambda facts: True),
        (between(name, "Snow Ice", 0, 4), lambda facts: facts.snow <= 4),
        (value(name, "Tile Identifier", "LC08_CU_%", operand="like"), lambda facts: "LC08_CU" in facts.display_id),
    ]
    scenes = whole(name)
    for metadata, keeps in asked:
        found = tiles().search({**days(name), "metadataFilter": metadata})
        assert list(found) == [number for number, facts in scenes if keeps(facts)], metadata


def test_a_search_of_the_whole_archive_agrees_with_the_searches_of_its_years() -> None:
    archive = landsat("landsat_mss_c2_l1")
    cloud = {"cloudCoverFilter": {"max": 5}}
    years = [{"start": f"{year}-01-01", "end": f"{year}-12-31"} for year in range(1982, 2014)]
    parts = [archive.search({"acquisitionFilter": year, **cloud}) for year in reversed(years)]
    assert np.array_equal(archive.search(cloud), np.concatenate(parts))
    assert sum(len(archive.search({"acquisitionFilter": year})) for year in years) == len(archive)


@pytest.mark.parametrize(
    "name", ["LC08_L2SP_196028_%", "%_196028_20240728_%", "LC08_L2SP_196028_20240728__________02_T1"]
)
def test_a_pattern_finds_the_names_that_it_fits(name: str) -> None:
    july = {"acquisitionFilter": {"start": "2024-07-28", "end": "2024-07-28"}}
    pattern = value("landsat_ot_c2_l2", "Landsat Product Identifier L2", name, operand="like")
    found = [landsat().facts(int(number)) for number in landsat().search({**july, "metadataFilter": pattern})]
    assert [(facts.path, facts.row) for facts in found] == [(196, 28)]


@pytest.mark.parametrize(
    ("dataset", "label", "pattern"),
    [
        ("landsat_ot_c2_l2", "Landsat Product Identifier L2", "LC0__L2S__196028%"),
        ("landsat_tm_c2_l1", "Landsat Scene Identifier", "lt_196028%"),
        ("landsat_ard_tile_c2", "Tile Identifier", "LE07_CU_029007_20%"),
    ],
)
def test_the_beginning_of_a_name_is_sought_at_its_place_alone(dataset: str, label: str, pattern: str) -> None:
    archive = archive_named(dataset)
    begin = re.compile(pattern.rstrip("%").upper().replace("_", "."))

    def named_so(number: int) -> bool:
        facts = archive.facts(number)
        return begin.match(facts.entity_id if label.startswith("Landsat Scene") else facts.display_id) is not None

    found = list(archive.search({"metadataFilter": value(dataset, label, pattern, operand="like")}))
    assert len(found) > 100
    assert all(named_so(int(number)) for number in found)
    window = range(int(found[50]) - 3000, int(found[50]) + 3000)
    assert [number for number in window if named_so(number)] == [one for one in found if one in window]


@pytest.mark.parametrize("name", NAMES)
def test_every_scene_is_found_by_its_ids_and_both_ends_are(name: str) -> None:
    archive = archive_named(name)
    for number in [0, len(archive) - 1, *range(1, len(archive), len(archive) // 100)]:
        facts = archive.facts(number)
        assert archive.find(facts.display_id) == number
        assert archive.find(facts.entity_id, "entityId") == number
        assert archive.find(facts.level1_id, "level1") == number


@pytest.mark.parametrize("name", [*FAMILIES])
def test_filters_on_whole_ids_find_one_scene_each_without_looking_at_all(name: str) -> None:
    archive = archive_named(name)
    numbers = [5, 50, len(archive) // 2]
    ids = [value(name, "Landsat Scene Identifier", archive.facts(number).entity_id) for number in numbers]
    assert list(archive.search({"metadataFilter": ids[1]})) == numbers[1:2]
    every = {"filterType": "or", "childFilters": ids}
    assert list(archive.search({"metadataFilter": every})) == numbers
    row = archive.facts(50).row
    both = {"filterType": "and", "childFilters": [ids[1], between(name, "WRS Row", row, row)]}
    assert list(archive.search({"metadataFilter": both})) == numbers[1:2]
    other = {"filterType": "and", "childFilters": [ids[1], between(name, "WRS Row", row + 1, 248)]}
    assert list(archive.search({"metadataFilter": other})) == []
    assert list(archive.search({"metadataFilter": ids[1], "acquisitionFilter": {"end": "1975-01-01"}})) == []


@pytest.mark.parametrize("name", ["", "nonsense", "LC08_L2SP_047027_20201205_20201215_02_T1", "LC08_L2SP_xx_yy_zz"])
@pytest.mark.parametrize("archive", [landsat, tiles])
def test_an_id_that_is_none_finds_nothing(archive: Any, name: str) -> None:
    assert archive().find(name) is None
    assert archive().find(name, "entityId") is None


@pytest.mark.parametrize(("west", "east"), [(179.5, 179.9), (-179.9, -179.5), (180.1, 180.4)])
def test_a_place_is_the_same_place_on_both_sides_of_180(west: float, east: float) -> None:
    assert len(landsat().search({**days("landsat_ot_c2_l2"), **box(west, 65, east, 67)})) > 0


@pytest.mark.parametrize("few", [naip, corona])
def test_small_datasets_are_found_by_their_ids_and_days(few: Any) -> None:
    found = few()
    for number in range(0, len(found), 97):
        scene = found.scene(number, full=True)
        assert found.find(scene["displayId"]) == number
        day = scene["temporalCoverage"]["startDate"][:10]
        assert number in found.search({"acquisitionFilter": {"start": day, "end": day}})


@pytest.mark.parametrize("operand", ["=", "like"])
@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("landsat_ot_c2_l2", "Landsat Product Identifier L2"),
        ("landsat_ard_tile_c2", "Tile Identifier"),
        ("corona2", "Entity ID"),
        ("srtm_v3", "Entity ID"),
    ],
)
def test_a_thousand_ids_match_their_scenes_and_cost_little_more_than_one(name: str, label: str, operand: str) -> None:
    archive = archive_named(name)
    numbers = np.unique(np.linspace(0, len(archive) - 1, 1000).astype(int)).tolist()
    ids = [value(name, label, archive.scene(number, full=False)["displayId"], operand=operand) for number in numbers]
    ids += [value(name, label, "NO_SUCH_SCENE")]
    archive.search({"metadataFilter": ids[0]})  # what is computed once is not measured
    begun = time.process_time()
    assert list(archive.search({"metadataFilter": {"filterType": "or", "childFilters": ids}})) == numbers
    assert time.process_time() - begun < 3  # seconds of the processor; 0.3 usually


def test_alternatives_of_several_filters_are_compared_each_with_its_own() -> None:
    name = "landsat_ot_c2_l2"
    scenes = whole(name)
    (first, one), (second, other) = scenes[3], scenes[-4]
    either = [
        value(name, "Landsat Product Identifier L2", one.display_id),
        value(name, "Landsat Scene Identifier", other.entity_id),
        value(name, "Landsat Scene Identifier", one.display_id),
        {"filterType": "and", "childFilters": [value(name, "Landsat Scene Identifier", "LC%", operand="like")]},
    ]
    search = {**days(name), "metadataFilter": {"filterType": "or", "childFilters": either[:3]}}
    assert list(landsat().search(search)) == [first, second]
    search["metadataFilter"]["childFilters"] = either
    assert list(landsat().search(search)) == [number for number, facts in scenes if facts.entity_id.startswith("LC")]


def test_a_like_pattern_matches_as_sql_does() -> None:
    pattern = {"filterType": "value", "filterId": "5e839feb93e2c1f0", "value": "ds1117%da00_", "operand": "like"}
    assert len(corona().search({"metadataFilter": pattern})) == 9


def test_single_numbers_mix_as_arrays_do() -> None:
    first, second = np.arange(-500, 500, 7), np.arange(1000, 1143)
    both = [mix_bits_scalar(int(one), int(other)) for one, other in zip(first, second, strict=True)]
    assert [int(one) for one in mix_bits(first, second)] == both


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_of_a_scene_is_what_is_remembered_of_all(name: str) -> None:
    archive: Landsat | Tiles = archive_named(name)
    run = slice(0, len(archive))
    numbers = np.arange(0, len(archive), len(archive) // 50)
    together = archive.chance.cloud(run)[numbers]
    assert [None if one == archive.UNKNOWN else int(one) for one in together] == [
        archive.facts(int(number)).cloud for number in numbers
    ]
    facts = [archive.facts(int(number)) for number in numbers]
    assert [str(day) for day in archive.chance.processing_dates(numbers)] == [str(one.processed) for one in facts]
