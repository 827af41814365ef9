"""Each metadata field of a scene is in its Item, unless the mapping lists it; its type goes by its label."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from m2m_sandbox.archive.datasets import archive_of
from m2m_sandbox.archive.fact_sheets import sheets
from stac_bridge.catalog import Entry, field_name
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.m2m.models.scenes import Scene, fold, read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.mapping.converters import CONVERTERS, NOT_ASSESSED, number
from stac_bridge.mapping.field_types import is_number
from stac_bridge.translate import Translator
from stac_bridge.translate.properties.fields import _without_notation as without_notation
from tests.support import RECORDINGS, SHARED, examples, needs_shared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAPPINGS = load_mappings()
EMPTY = ("", "unknown", "n/a", "null")
FAMILIES = [*MAPPINGS.by_dataset, "event303", "hdds_baseline", "napp", "landsat_ba_tile_c2", "landsat_8_c1"]
FAMILIES += ["aerial_usarc", "aerial_combin_w", "mss_film", "orbview3", "noaa_cdr", "ecostress_eco2cld"]


@cache
def translator(alias: str) -> Translator:
    raw = {"datasetAlias": alias, "datasetId": "5e83d14f2fc39685", "acquisitionStart": "1960-01-01"}
    return Translator(Entry(Dataset.model_validate(raw), MAPPINGS.for_dataset(alias)))


def scene_with(fields: dict[str, Any], **members: Any) -> Scene:
    """Return a scene with these metadata fields."""
    day = str(fields.get("Acquisition Date") or "2014-10-29")[:10].replace("/", "-")
    raw = {
        "entityId": "LC80470272020339LGN00",
        "displayId": "D1",
        "temporalCoverage": {"startDate": f"{day} 00:00:00-05", "endDate": f"{day} 00:00:00-05"},
        "metadata": [{"fieldName": label, "value": value} for label, value in fields.items()],
    }
    return read_scene(raw | members)


def recorded_scenes(folder: Path) -> Iterator[tuple[str, Scene]]:
    """Yield the dataset and each scene with metadata of the recordings and samples in ``folder``."""
    for path in sorted(folder.glob("recorded/partial/ee-csv-export__*.json")):
        for row in orjson.loads(path.read_bytes())["rows"]:
            yield path.name.split("__")[1], scene_with({label: v for label, v in row.items() if isinstance(v, str)})
    for path in sorted([*folder.glob("recorded/scene-*.json"), *folder.glob("doc_samples/scene-*__response_*.json")]):
        data = orjson.loads(path.read_bytes())["data"]
        alias = path.name.split("__")[1] if path.parent.name == "recorded" else "gls_all"
        for raw in data.get("results") or ([data] if "metadata" in data else []) if isinstance(data, dict) else []:
            yield alias, read_scene(raw)


def sandbox_scenes() -> Iterator[tuple[str, Scene]]:
    for alias in sheets():
        archive = archive_of(alias)
        for index in range(0, len(archive), len(archive) // 7 or 1) if archive else ():
            yield alias, read_scene(archive.scene(index, full=True))


def lost_labels(alias: str, scene: Scene) -> set[str]:
    """Return the labels of the scene's fields that make no difference to its Item."""
    item, mapping = translator(alias), MAPPINGS.for_dataset(alias)
    whole = item.core(scene)["properties"]
    dropped = {without_notation(fold(label)) for label in mapping.drop}
    lost = set()
    for label, value in scene.fields.items():
        if value is None or str(value).strip().casefold() in EMPTY or without_notation(label) in dropped:
            continue
        fields = {name: other for name, other in scene.fields.items() if name != label}
        if item.core(replace(scene, fields=fields))["properties"] == whole and not is_held(alias, label, value, whole):
            lost.add(label)
    return lost


def is_held(alias: str, label: str, value: Any, properties: dict[str, Any]) -> bool:
    """Whether a property holds the value; without the field it would have the same one from elsewhere."""
    for name, row in MAPPINGS.for_dataset(alias).properties.items():
        for link in row.chain:
            if link.field is None or fold(link.field) != label:
                continue
            if link.convert in ("percent", "assessed") and number(value) == NOT_ASSESSED:
                return True  # M2M's word for no value
            if name in properties:
                converted = CONVERTERS[link.convert](value)
                if properties[name] == (link.values.get(str(converted)) if link.values else converted):
                    return True
    return False


@pytest.mark.slow
def test_no_field_of_a_recorded_scene_is_lost() -> None:
    scenes = [*recorded_scenes(RECORDINGS), *sandbox_scenes()]
    assert len({alias for alias, _scene in scenes}) > 15
    assert {(alias, label) for alias, scene in scenes for label in lost_labels(alias, scene)} == set()


@pytest.mark.slow
@needs_shared
def test_no_field_of_a_scene_that_does_not_ship_is_lost() -> None:
    scenes = [*recorded_scenes(SHARED / "m2m")]
    assert {(alias, label) for alias, scene in scenes for label in lost_labels(alias, scene)} == set()


LABELS = sorted(
    {label for _alias, scene in [*recorded_scenes(RECORDINGS), *sandbox_scenes()] for label in scene.fields}
    | {"Cloud Cover", "Camera", "Down Load Available", "Segment Count", "Operations Number", "Image Angle"}
)
VALUES = st.one_of(
    st.sampled_from(
        ["9035", "9034A", "00089", "5", "-1", "10% to 19% Cloud Cover", "2022/07/07", "Unknown", "OFFNADIR"]
    ),
    st.sampled_from(["KH-7 High Resolution Surveillance", "Aft", "None", "1e5", "-7.5", "2020:217:13:48:06.77"]),
    st.sampled_from(["2014-10-29 05:46:37", "2014-10-31 05:46:37", [1, 2], {"a": 1}, [], {}, True, False]),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=8),
)


@pytest.mark.slow
@given(st.sampled_from(FAMILIES), st.dictionaries(st.sampled_from(LABELS), VALUES, max_size=6))
@settings(max_examples=examples(300))
def test_no_field_of_any_dataset_is_lost_whatever_its_value(alias: str, fields: dict[str, Any]) -> None:
    assert lost_labels(alias, scene_with(fields)) == set()


@pytest.mark.slow
@given(st.sampled_from(FAMILIES), st.dictionaries(st.sampled_from(LABELS), VALUES, max_size=12))
@settings(max_examples=examples(300))
def test_the_type_of_a_field_goes_by_its_label(alias: str, fields: dict[str, Any]) -> None:
    rows = MAPPINGS.for_dataset(alias).properties
    for name, value in translator(alias).core(scene_with(fields))["properties"].items():
        if name.startswith("m2m:") and name not in rows:
            assert isinstance(value, int | float if is_number(name) else str), name
            assert not isinstance(value, bool)


def test_a_property_has_one_type_in_all_collections() -> None:
    types: dict[str, set[str]] = defaultdict(set)
    for alias, scene in [*recorded_scenes(RECORDINGS), *sandbox_scenes()]:
        for name, value in translator(alias).core(scene)["properties"].items():
            if value is not None:
                types[name].add("number" if isinstance(value, int | float) else type(value).__name__)
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("alias", "fields", "names"),
    [
        # One of the rows that read the field has its value, the other has not.
        ("declassii", {"Camera Type": "KH-7 High Resolution Surveillance"}, {"m2m:camera_type"}),
        ("corona2", {"Camera Type": "a new camera"}, {"m2m:camera_type"}),
        # The table has no such value, and the fallback has one.
        ("landsat_ot_c2_l2", {"Nadir/Off Nadir": "OFFNADIR", "Roll Angle": "9.5"}, {"m2m:nadir_off_nadir"}),
        # A fallback that was not needed.
        ("landsat_ot_c2_l2", {"Nadir/Off Nadir": "NADIR", "Roll Angle": "-0.001"}, {"m2m:roll_angle"}),
        ("landsat_ot_c2_l1", {"Sun Elevation L0RA": "30", "Sun Elevation L1": "31"}, {"m2m:sun_elevation_l1"}),
        # The property cannot hold the sign.
        ("eo1_hyp_pub", {"Look Angle": "-7.5"}, {"m2m:look_angle"}),
        # The start without the stop is no span; times outside the day of search are moved into it.
        ("eo1_hyp_pub", {"Scene Start Time": "2014:302:07:58:59.273"}, {"m2m:scene_start_time"}),
        ("noaa_cdr", {"Start Time": "2014-10-31 01:00:00", "Stop Time": "2014-10-31 02:00:00"}, {"m2m:start_time"}),
    ],
)
def test_a_field_that_a_row_did_not_use_is_a_property(alias: str, fields: dict[str, Any], names: set[str]) -> None:
    assert names <= translator(alias).core(scene_with(fields))["properties"].keys()


def test_fields_whose_labels_differ_in_blanks_only_are_two_properties() -> None:
    properties = translator("noaa_cdr").core(scene_with({"Photo  ID": "A1", "Photo ID": "B2", " photo id": "A1"}))
    assert properties["properties"]["m2m:photo_id"] == "A1"
    assert properties["properties"]["m2m:photo_id_2"] == "B2"
    assert "m2m:photo_id_3" not in properties["properties"]


@pytest.mark.parametrize("mission", ["9034A", "9035", "1021-1", 4036])
def test_digits_in_a_field_of_names_are_text(mission: object) -> None:
    assert translator("corona2").core(scene_with({"Mission": mission}))["properties"]["m2m:mission"] == str(mission)


@pytest.mark.parametrize("label", ["Mission", "Frame", "Roll", "Orbit Path", "Target WRS Row", "Operations Number"])
def test_path_row_mission_frame_and_roll_are_text(label: str) -> None:
    properties = translator("some_dataset").core(scene_with({label: 42}))["properties"]
    assert properties[field_name(label)] == "42"


def test_a_value_that_is_no_number_is_text_beside_the_numbers_of_its_field() -> None:
    read = translator("some_dataset").core(scene_with({"Sun Zenith": "not measured"}))["properties"]
    assert read["m2m:sun_zenith_text"] == "not measured"
    assert "m2m:sun_zenith" not in read


@pytest.mark.parametrize(
    ("alias", "field", "slot", "text"),
    [
        ("aerial_usarc", None, 5, "5"),
        ("aerial_combin_w", None, 9, "9"),
        ("aerial_combin", "3", None, "3"),
        ("mss_film", "3", 3, "3"),
        ("eo1_hyp_pub", "10% to 19% Cloud Cover", 10, "10% to 19% Cloud Cover"),
        ("eo1_ali_priv", "Not Assessed", -1, "Not Assessed"),
        ("a_dataset_of_next_year", None, "44.79", "44.79"),
        ("rbv_film", None, -1, None),
    ],
)
def test_a_cloud_class_is_text_and_no_percentage(alias: str, field: Any, slot: Any, text: str | None) -> None:
    properties = translator(alias).core(scene_with({"Cloud Cover": field}, cloudCover=slot))["properties"]
    assert "eo:cloud_cover" not in properties
    assert properties.get("m2m:cloud_cover") == text


@pytest.mark.parametrize(
    ("alias", "cloud_cover"),
    [("landsat_8_c1", 44.79), ("event303", 44.79), ("sentinel_2a", 44.79), ("orbview3", 44.79), ("noaa_cdr", None)],
)
def test_cloud_cover_is_a_percentage_if_the_datas_dictionary_defines_it_so(
    alias: str, cloud_cover: float | None
) -> None:
    properties = translator(alias).core(scene_with({}, cloudCover="44.79"))["properties"]
    assert properties.get("eo:cloud_cover") == cloud_cover
    assert ("m2m:cloud_cover" in properties) == (cloud_cover is None)


@pytest.mark.parametrize(
    ("alias", "fields"),
    [
        ("corona2", {"Mission": "1203", "Camera Type": "Panoramic"}),
        ("declassii", {"Mission": "9034A", "Camera Type": "Index Camera"}),
        ("declassiii", {"Camera": "Hexagon"}),
    ],
)
def test_a_text_that_a_property_has_is_no_second_property(alias: str, fields: dict[str, Any]) -> None:
    properties = translator(alias).core(scene_with(fields))["properties"]
    assert {label: properties[field_name(label)] for label in fields} == fields
    assert [name for name in properties if name.endswith("_2")] == []


@pytest.mark.parametrize("word", ["N/A", "Unknown", "unknown", "", " ", None])
def test_a_word_for_no_value_is_no_value(word: str | None) -> None:
    fields = {"Platform": word, "Mission": word, "Sensor": word, "Cloud Cover": word}
    names = {
        name for alias in ("event303", "corona2") for name in translator(alias).core(scene_with(fields))["properties"]
    }
    assert names & {"platform", "m2m:mission", "m2m:sensor", "eo:cloud_cover", "m2m:cloud_cover"} == set()


@pytest.mark.parametrize(
    ("written", "platform"),
    [("WorldView-2", "worldview-2"), ("LANDSAT_8", "landsat-8"), ("Landsat 8", "landsat-8"), ("SPOT 5", "spot-5")],
)
def test_a_platform_of_an_event_is_written_as_in_other_collections(written: str, platform: str) -> None:
    assert translator("event303").core(scene_with({"Platform": written}))["properties"]["platform"] == platform


@pytest.mark.parametrize("label", ["Acquisition Date (YYYY/MM/DD)", "m2m:date_ex_yyyy_mm_dd", "Day (MM/DD/YYYY)"])
def test_a_label_with_the_format_of_a_date_is_no_measure_in_millimeters(label: str) -> None:
    assert not is_number(label)


@pytest.mark.parametrize("alias", FAMILIES)
def test_a_row_of_a_field_has_the_type_that_the_field_has_in_collections_without_the_row(alias: str) -> None:
    numbers = {"number", "integer"}
    rows = {name: row for name, row in translator(alias).entry.queryables.items() if name.startswith("m2m:")}
    named = {name for name, queryable in rows.items() if (queryable.kind in numbers) != is_number(name)}
    assert named - {"m2m:month"} == set()
