"""Searches without enumerating find what enumerating finds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
import shapely

from stac_bridge.sandbox.few import corona, naip
from stac_bridge.sandbox.landsat import Landsat, landsat

FIRST = date(2013, 1, 1)
JUNE = {"acquisitionFilter": {"start": "2024-06-01", "end": "2024-06-03"}}
PATH, ROW, TIER = "5e83d14fb9436d88", "5e83d14ff1eda1b8", "5f6a6fb2137a3c00"


@pytest.fixture(scope="module")
def archive() -> Landsat:
    return landsat()


def whole(archive: Landsat) -> list[Any]:
    """Every scene of three days of June, one by one."""
    numbers = np.flatnonzero(
        (-archive.before >= (date(2024, 6, 1) - FIRST).days) & (-archive.before <= (date(2024, 6, 3) - FIRST).days)
    )
    return [(int(number), archive.facts(int(number))) for number in numbers]


@pytest.mark.parametrize(
    ("more", "keeps"),
    [
        ({}, lambda facts: True),
        ({"cloudCoverFilter": {"min": 0, "max": 10}}, lambda facts: facts.cloud is not None and facts.cloud <= 1000),
        (
            {"cloudCoverFilter": {"min": 0, "max": 10, "includeUnknown": True}},
            lambda facts: facts.cloud is None or facts.cloud <= 1000,
        ),
        (
            {"metadataFilter": {"filterType": "between", "filterId": PATH, "firstValue": "190", "secondValue": 200}},
            lambda facts: 190 <= facts.path <= 200,
        ),
        (
            {"metadataFilter": {"filterType": "value", "filterId": TIER, "value": "T2"}},
            lambda facts: facts.tier == "T2",
        ),
        ({"metadataFilter": {"filterType": "value", "filterId": TIER, "value": "Tier 2"}}, lambda facts: False),
        (
            {"metadataFilter": {"filterType": "value", "filterId": "5e839feb64cee663", "value": "Y"}},
            lambda facts: False,
        ),
        (
            {
                "metadataFilter": {
                    "filterType": "or",
                    "childFilters": [
                        {"filterType": "value", "filterId": TIER, "value": "T2"},
                        {"filterType": "between", "filterId": ROW, "firstValue": 20, "secondValue": "030"},
                    ],
                }
            },
            lambda facts: facts.tier == "T2" or 20 <= facts.row <= 30,
        ),
        (
            {
                "spatialFilter": {
                    "filterType": "geojson",
                    "geoJson": shapely.geometry.mapping(shapely.box(0, 40, 20, 50)),
                }
            },
            lambda facts: shapely.Polygon(facts.grid.footprint).intersects(shapely.box(0, 40, 20, 50)),
        ),
        ({"seasonalFilter": [1, 2]}, lambda facts: False),
        ({"seasonalFilter": [6]}, lambda facts: True),
        ({"cloudCover": {"max": 1}, "misplaced": 7}, lambda facts: True),
    ],
)
def test_a_filter_finds_what_looking_at_every_scene_finds(archive: Landsat, more: dict[str, Any], keeps: Any) -> None:
    found = archive.search({**JUNE, **more})
    assert list(found) == [number for number, facts in whole(archive) if keeps(facts)]


def test_the_archive_is_large_and_the_newest_comes_first(archive: Landsat) -> None:
    assert len(archive) > 200_000
    assert bool(np.all(np.diff(archive.before) >= 0))


def test_both_days_of_a_range_are_in_it(archive: Landsat) -> None:
    days = {archive.facts(int(number)).day for number in archive.search(JUNE)[::50]}
    assert days == {date(2024, 6, 1) + timedelta(days=n) for n in range(3)}


def test_every_scene_is_found_by_its_ids(archive: Landsat) -> None:
    for number in range(0, len(archive), len(archive) // 300):
        facts = archive.facts(number)
        assert archive.find(facts.display_id) == number
        assert archive.find(facts.entity_id, "entityId") == number
        assert archive.find(facts.level1_id, "level1") == number


@pytest.mark.parametrize("name", ["", "nonsense", "LC08_L2SP_047027_20201205_20201215_02_T1", "LC08_L2SP_xx_yy_zz"])
def test_an_id_that_is_none_finds_nothing(archive: Landsat, name: str) -> None:
    assert archive.find(name) is None
    assert archive.find(name, "entityId") is None


@pytest.mark.parametrize(("west", "east"), [(179.5, 179.9), (-179.9, -179.5), (180.1, 180.4)])
def test_a_place_is_the_same_place_on_both_sides_of_180(archive: Landsat, west: float, east: float) -> None:
    corners = {"lowerLeft": {"latitude": 65, "longitude": west}, "upperRight": {"latitude": 67, "longitude": east}}
    assert len(archive.search({**JUNE, "spatialFilter": {"filterType": "mbr", **corners}})) > 0


@pytest.mark.parametrize("few", [naip, corona])
def test_small_datasets_are_found_by_their_ids_and_days(few: Any) -> None:
    found = few()
    for number in range(0, len(found), 97):
        scene = found.scene(number, full=True)
        assert found.find(scene["displayId"]) == number
        day = scene["temporalCoverage"]["startDate"][:10]
        assert number in found.search({"acquisitionFilter": {"start": day, "end": day}})


def test_a_like_pattern_matches_as_sql_does() -> None:
    pattern = {"filterType": "value", "filterId": "5e839feb93e2c1f0", "value": "ds1117%da00_", "operand": "like"}
    assert len(corona().search({"metadataFilter": pattern})) == 9
