"""How the keys of M2M's filters correspond to the values of Items, by the rows of mappings."""

from __future__ import annotations

from typing import Any

import pytest

from stac_bridge.catalog import DatasetDetails, Entry
from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import FilterRow, load_mappings
from stac_bridge.search.explain import ExplainedStep, explanation
from stac_bridge.search.params.search import Search, parse
from stac_bridge.search.plan import Step, make_step, resolve_filter
from stac_bridge.translate import Translator
from tests.recorded_m2m.recordings import PART, read
from tests.recorded_m2m.selection import select_scenes
from tests.unit.search.pushdown.payloads import between, value

Json = dict[str, Any]

RECORDED = read(PART)
CAMERA, RESOLUTION, AVAILABLE = "5e839ff8cfa94807", "5e839ff8388465fa", "5e839ff8ba6eead0"


def dataset_filter(label: str, sql: str, filter_id: str, values: Json | None = None) -> DatasetFilter:
    kind = "Range" if "between" in sql else "Select" if values else "Text"
    value_list = {"valueList": {"": "All", **values}} if values else {}
    raw = {"id": filter_id, "fieldLabel": label, "searchSql": sql, "fieldConfig": {"type": kind}, **value_list}
    return DatasetFilter.model_validate(raw)


ARD_FILTERS = (
    dataset_filter("Tile Grid Region", "REGION like ?", "60fabf689767f137", {"CU": "CONUS", "AK": "Alaska"}),
    dataset_filter("Tile Grid Horizontal", "H between ?", "60fabf683e8957ca"),
    dataset_filter("Tile Grid Vertical", "V between ?", "60fabf68a4fb8ff9"),
    dataset_filter("Tile Identifier", "TILE_ID like ?", "60fabf6880073f49"),
    dataset_filter("Tile Production Date (Ex. YYYY/MM/DD)", "PRODUCED between ?", "60fabf686abb6abf"),
    dataset_filter("Snow Ice", "SNOW_ICE between ?", "60fabf68c6c96869"),
    dataset_filter("Fill (No Data)", "FILL <= ?", "60fabf6852c011be", {"90": "Less than 90%", "100": "Less than 100%"}),
    dataset_filter("Spacecraft Identifier", "SPACECRAFT like ?", "60fabf68dce2badd"),
    dataset_filter("Sensor Identifier", "SENSOR like ?", "60fabf6810783d37"),
)
"""As REFERENCE §15 lists them; the columns are made up, except TILE_ID."""

CAMERA_III = dataset_filter("Camera", "CAMERA = ?", "5e7c41f300000001", {"A": "Aft", "F": "Forward", "T": "Terrain"})


def entry_of(name: str, *filters: DatasetFilter) -> Entry:
    raw = {"datasetAlias": name, "datasetId": "5e839ff7d71d4811", "supportCloudCover": True}
    return Entry(Dataset.model_validate(raw), load_mappings().for_dataset(name), DatasetDetails(filters))


def search_of(entry: Entry, text: str) -> Search:
    return resolve_filter(parse({"collections": entry.id, "filter": text}), [entry])


def step_of(entry: Entry, text: str) -> Step:
    return make_step(search_of(entry, text), entry)


def film() -> Entry:
    filters = (DatasetFilter.model_validate(one) for one in RECORDED.filters["declassii"])
    return entry_of("declassii", *filters)


def ard() -> Entry:
    return entry_of("landsat_ard_tile_c2", *ARD_FILTERS)


# -- film ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("platform = 'kh-7'", value(CAMERA, "H")),
        ("NOT platform = 'kh-9'", value(CAMERA, "H")),
        ("A_CONTAINS(instruments, ('surveillance camera'))", value(CAMERA, "H")),
        ("\"m2m:camera_type\" = 'KH-7 High Resolution Surveillance'", value(CAMERA, "H")),
        ("\"m2m:camera_resolution\" = '2 to 4 feet'", value(RESOLUTION, "6")),
        (
            "\"m2m:download_available\" = 'Y' AND \"m2m:camera_resolution\" = '2 to 4 feet'",
            {"filterType": "and", "childFilters": [value(AVAILABLE, "Y"), value(RESOLUTION, "6")]},
        ),
    ],
)
def test_a_filter_in_the_words_of_items_is_sent_by_its_keys_and_finds_both_recorded_frames(
    text: str, sent: Json
) -> None:
    entry, scenes = film(), RECORDED.scenes["declassii"]
    step = step_of(entry, text)
    assert step.filter.payload() == {"metadataFilter": sent}
    hits = select_scenes(scenes, RECORDED.filters["declassii"], step.filter.payload())
    items = [Translator(entry).core(read_scene(scene)) for scene in hits]
    assert len([item for item in items if step.residual and step.residual.matches(item)]) == len(scenes) == 2


@pytest.mark.parametrize(
    "text",
    [
        "\"m2m:download_available\" = 'N'",
        "\"m2m:download_available\" <> 'Y'",
        "\"m2m:camera_resolution\" = '1 foot'",
        "\"m2m:camera_resolution\" <> '2 to 4 feet'",
    ],
)
def test_a_value_that_no_key_is_known_for_is_only_tested_on_items(text: str) -> None:
    step = step_of(film(), text)
    assert step.filter.is_open
    assert not step.exact


def test_a_value_that_no_table_has_is_not_requested() -> None:
    assert step_of(film(), "platform = 'landsat-8'").filter.is_empty


def test_a_key_that_m2m_does_not_list_is_not_sent() -> None:
    other = dataset_filter("Camera Type", "CAMERA = ?", CAMERA, {"1": "One", "2": "Two"})
    assert step_of(entry_of("declassii", other), "platform = 'kh-7'").filter.is_open


# -- filters that only M2M can compare -----------------------------------------------------------------------


@pytest.mark.parametrize("text", ["\"m2m:camera\" = 'Aft'", "\"m2m:camera\" = 'A'"])
def test_a_value_of_a_filter_without_a_row_is_answered_by_m2m_alone(text: str) -> None:
    step = step_of(entry_of("doq_99", CAMERA_III), text)
    assert step.filter.payload() == {"metadataFilter": value(CAMERA_III.id, "A")}
    assert (step.exact, step.residual) == (True, None)


def test_beside_a_condition_that_is_tested_on_items_only_that_one_is_tested() -> None:
    entry, text = entry_of("doq_99", CAMERA_III), "\"m2m:camera\" = 'Aft' AND \"m2m:frame\" = '7'"
    step = step_of(entry, text)
    assert step.filter.payload() == {"metadataFilter": value(CAMERA_III.id, "A")}
    assert step.residual
    assert step.residual.names == {"m2m:frame"}
    (shown,) = explanation(search_of(entry, text), [ExplainedStep(step)], None)["steps"]
    assert shown["tried_again"] == "the whole filter without m2m:camera, which M2M alone compares, on every Item"


def test_alternatives_that_m2m_can_express_together_are_answered_by_m2m_alone() -> None:
    step = step_of(entry_of("doq_99", CAMERA_III), "\"m2m:camera\" IN ('Aft', 'F')")
    children = [value(CAMERA_III.id, "A"), value(CAMERA_III.id, "F")]
    assert step.filter.payload() == {"metadataFilter": {"filterType": "or", "childFilters": children}}
    assert (step.exact, step.residual) == (True, None)


@pytest.mark.parametrize(
    "text",
    [
        "NOT \"m2m:camera\" = 'Aft'",
        "\"m2m:camera\" <> 'Aft'",
        "\"m2m:camera\" = 'Aft' OR \"m2m:frame\" = '7'",
        "\"m2m:camera\" = 'Sideways'",
        "\"m2m:camera\" LIKE 'A%'",
    ],
)
def test_what_m2m_cannot_answer_is_tested_on_the_field_that_items_may_have(text: str) -> None:
    step = step_of(entry_of("doq_99", CAMERA_III), text)
    assert step.filter.is_open
    assert step.residual
    assert "m2m:camera" in step.residual.names


# -- finding the filter of a row -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"by": "Anything", "id": "1"}, "1"),
        ({"by": "Anything", "column": "camera"}, "2"),
        ({"by": "camera  TYPE"}, "3"),
        ({"by": "Camera"}, None),
        ({"by": "Camera Type (Ex. A)"}, None),
    ],
)
def test_a_filter_is_found_by_id_or_column_or_whole_label(row: Json, found: str | None) -> None:
    entry = entry_of(
        "declassii",
        dataset_filter("Mission", "MISSION like ?", "1"),
        dataset_filter("Lens", "UPPER(CAMERA) = ?", "2"),
        dataset_filter("Camera Type", "TYPE_OF_CAMERA = ?", "3"),
    )
    match = entry.dataset_filter(FilterRow.model_validate(row))
    assert (match and match.id) == found


@pytest.mark.parametrize(
    ("sql", "operator", "columns"),
    [
        ("RIGHT(DATA_TYPE_L1, 4) = ?", "=", {"data_type_l1"}),
        ("satellite =?", "=", {"satellite"}),
        ("to_char(DATE_L1_GENERATED,'YYYY/MM/DD') between ?", "between", {"date_l1_generated"}),
        ("CLOUD_COVER <= ?", "<=", {"cloud_cover"}),
        ("EE_DISPLAY_ID like ?", "like", {"ee_display_id"}),
        ("coalesce(DATA_ANOMALY, 'null') = ?", "=", {"data_anomaly"}),
        ("image_quality", None, {"image_quality"}),
    ],
)
def test_the_sql_of_a_filter_shows_its_operator_and_column(sql: str, operator: str | None, columns: set[str]) -> None:
    known = dataset_filter("Label", sql, "1")
    assert (known.operator, known.columns) == (operator, columns)


# -- names ---------------------------------------------------------------------------------------------------


def test_a_filter_is_listed_under_the_name_that_items_have_it_by() -> None:
    produced = dataset_filter("Date Produced (Ex. YYYY/MM/DD)", "PRODUCED between ?", "1")
    elevation = dataset_filter("Sun Elevation", "SUN_ELEVATION_L1 between ?", "2")
    queryables = entry_of("doq_99", produced, elevation).queryables
    assert "m2m:date_produced" in list(queryables)
    assert queryables["m2m:date_produced_ex_yyyy_mm_dd"].others == ("m2m:date_produced",)
    assert queryables["m2m:date_produced_yyyy_mm_dd"].others == ("m2m:date_produced",)
    assert queryables["m2m:sun_elevation"].others == ("m2m:sun_elevation_l1",)


@pytest.mark.parametrize("label", ["Site Name (Like %)", "Site Name (Ex. Dome C)", "Site Name (Text)"])
def test_a_filter_whose_label_has_a_remark_finds_the_field_without_it(label: str) -> None:
    entry = entry_of("calval_reference_sites", dataset_filter(label, "SITE like ?", "1"))
    name = next(name for name in entry.queryables if name.startswith("m2m:site_name"))
    residual = step_of(entry, f"\"{name}\" = 'Dome C'").residual
    assert residual is not None
    assert residual.matches({"type": "Feature", "properties": {"m2m:site_name": "Dome C"}})


def test_the_tile_of_the_grid_is_a_queryable() -> None:
    assert ard().queryables["grid:code"].kind == "string"


# -- Analysis Ready Data -------------------------------------------------------------------------------------

REGION, HORIZONTAL, VERTICAL, _TILE, PRODUCED, SNOW, FILL, SPACECRAFT, SENSOR = (known.id for known in ARD_FILTERS)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("\"m2m:tile_grid_region\" = 'AK'", value(REGION, "AK")),
        ('"m2m:tile_grid_horizontal" = 3', between(HORIZONTAL, 3, 3)),
        ("\"m2m:tile_grid_vertical\" >= '008'", between(VERTICAL, 8, 999)),
        ("\"m2m:tile_production_date\" >= '2021-04-30'", between(PRODUCED, "2021/04/30", "9999/12/31")),
        ("\"m2m:tile_production_date\" = DATE('2021-04-30')", between(PRODUCED, "2021/04/30", "2021/04/30")),
        ("platform = 'landsat-7'", value(SPACECRAFT, "LANDSAT_7")),
        ("A_CONTAINS(instruments, ('etm+'))", value(SENSOR, "ETM%", "like")),
        ('"m2m:snow_ice" <= 10', between(SNOW, 0, 10)),
        ('"m2m:fill" <= 90', value(FILL, "90")),
    ],
)
def test_a_filter_on_tiles_is_pushed_down(text: str, sent: Json) -> None:
    assert step_of(ard(), text).filter.payload() == {"metadataFilter": sent}


def test_a_tile_has_what_its_filters_compare() -> None:
    identifier = "LE07_AK_006008_20090905_20210430_02"
    raw = {"entityId": identifier, "displayId": identifier, "metadata": []}
    properties = Translator(ard()).core(read_scene(raw))["properties"]
    named = ("region", "horizontal", "vertical", "production_date")
    assert [properties.get(f"m2m:tile_{name}", properties.get(f"m2m:tile_grid_{name}")) for name in named] == [
        "AK",
        "006",
        "008",
        "2021-04-30",
    ]


def test_steps_between_those_of_m2m_are_tested_on_items() -> None:
    assert step_of(ard(), '"m2m:fill" <= 20').filter.is_open
    assert step_of(ard(), '"m2m:fill" < 90').filter.is_open
