"""An Item's title says when, by what and where it was taken, and how cloudy it is."""

from __future__ import annotations

from typing import Any

import pytest

from m2m_sandbox.archive.datasets import archive_of, dataset
from m2m_sandbox.archive.fact_sheets import sheets
from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator
from stac_bridge.translate.names import title_maker
from tests.recorded_m2m import recordings

MAPPINGS = load_mappings()


def title(alias: str, identifier: str = "some_id", **properties: Any) -> str:
    record = Dataset.model_validate({"datasetAlias": alias, "datasetId": "1"})
    day = {"datetime": "2020-12-04T19:02:11Z", "start_datetime": None, "end_datetime": None}
    item = {"id": identifier, "properties": {**day, **properties}}
    return title_maker(Entry(record, MAPPINGS.for_dataset(alias)))(item)


FILM_DAY = {"datetime": None, "start_datetime": "1964-05-31T00:00:00Z", "end_datetime": "1964-05-31T23:59:59Z"}


@pytest.mark.parametrize(
    ("alias", "properties", "expected"),
    [
        (
            "landsat_ot_c2_l2",
            {"platform": "landsat-8", "landsat:wrs_path": "047", "landsat:wrs_row": "027", "eo:cloud_cover": 12.34},
            "2020-12-04, Landsat 8, path 047 row 027, 12% cloud",
        ),
        ("landsat_ot_c2_l2", {"platform": "landsat-9"}, "2020-12-04, Landsat 9"),
        (
            "declassii",
            {**FILM_DAY, "platform": "kh-7", "m2m:mission": "4008", "m2m:frame": "3"},
            "1964-05-31, KH-7, mission 4008, frame 3",
        ),
        (
            "sentinel_2a",
            {"platform": "sentinel-2a", "m2m:tile_number": "T50QPL"},
            "2020-12-04, Sentinel-2A, tile T50QPL",
        ),
        ("event303", {"platform": "worldview-2"}, "2020-12-04, WorldView-2, some_id"),
        ("naip", {}, "2020-12-04, NAIP, some_id"),
        ("srtm_v3", {**FILM_DAY, "platform": "sts-99"}, "SRTM 1 Arc-Second Global, some_id"),
        ("napp", {"eo:cloud_cover": 0}, "2020-12-04, National Aerial Photography Program, some_id, 0% cloud"),
    ],
)
def test_a_title_has_the_parts_that_are_known(alias: str, properties: dict[str, Any], expected: str) -> None:
    assert title(alias, **properties) == expected


def test_a_span_of_a_whole_dataset_is_no_date_of_a_scene() -> None:
    span = {"datetime": None, "start_datetime": "1960-01-01T00:00:00Z", "end_datetime": "1972-05-31T23:59:59Z"}
    assert title("napp", **span) == "National Aerial Photography Program, some_id"


@pytest.mark.parametrize("alias", [name for name in sheets() if archive_of(name)])
def test_each_item_of_the_sandbox_has_a_title_with_its_day_and_no_empty_part(alias: str) -> None:
    translator = Translator(Entry(Dataset.model_validate(dataset(alias)), MAPPINGS.for_dataset(alias)))
    archive = archive_of(alias)
    assert archive is not None
    for index in (0, len(archive) // 2, len(archive) - 1):
        check(translator.core(read_scene(archive.scene(index, full=True))))


def test_each_recorded_scene_has_a_title() -> None:
    for alias, scenes in recordings().scenes.items():
        record = Dataset.model_validate({"datasetAlias": alias, "datasetId": "1"})
        translator = Translator(Entry(record, MAPPINGS.for_dataset(alias)))
        for scene in scenes:
            check(translator.core(read_scene(scene)))


def check(item: dict[str, Any]) -> None:
    properties = item["properties"]
    parts = properties["title"].split(", ")
    assert len(parts) >= 2, properties["title"]
    assert all(part and "{" not in part and "None" not in part for part in parts), properties["title"]
    when = properties["datetime"] or properties["start_datetime"]
    assert when[:10] in parts[0] or properties["platform"] == "sts-99", properties["title"]
