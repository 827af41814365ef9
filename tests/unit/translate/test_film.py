"""Declassified film: the satellite follows from the mission, and no field is lost."""

from __future__ import annotations

from typing import Any

import pytest

from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator
from tests.recorded_m2m.recordings import PART, read


def properties_of(name: str, **fields: Any) -> dict[str, Any]:
    """The properties of a frame with these fields; underscores in their names are blanks in the labels."""
    dataset = Dataset.model_validate({"datasetAlias": name, "datasetId": "5e839ff7d71d4811"})
    metadata = [{"fieldName": label.replace("_", " "), "value": value} for label, value in fields.items()]
    scene = read_scene({"entityId": "a", "displayId": "a", "metadata": metadata})
    properties: dict[str, Any] = Translator(Entry(dataset, load_mappings().for_dataset(name))).core(scene)["properties"]
    return properties


@pytest.mark.parametrize(
    ("name", "mission", "platform"),
    [
        ("corona2", "9034A", "kh-5"),
        ("corona2", "9066A", "kh-5"),
        ("corona2", "8001", "kh-6"),
        ("corona2", "8003", "kh-6"),
        ("corona2", "9009", "kh-1"),
        ("corona2", "9013", "kh-2"),
        ("corona2", "9017", "kh-2"),
        ("corona2", "9019", "kh-2"),
        ("corona2", "9022", "kh-3"),
        ("corona2", "9023", "kh-3"),
        ("corona2", "9025", "kh-3"),
        ("corona2", "9028", "kh-3"),
        ("corona2", "9029", "kh-3"),
        ("corona2", "9031", "kh-4"),
        ("corona2", "9035", "kh-4"),
        ("corona2", 9062, "kh-4"),
        ("corona2", "1001-1", "kh-4a"),
        ("corona2", "1021-1", "kh-4a"),
        ("corona2", "1052-2", "kh-4a"),
        ("corona2", "1101-1", "kh-4b"),
        ("corona2", "1117-2", "kh-4b"),
        ("corona2", "9030", None),
        ("corona2", "9034-A", "kh-5"),
        ("corona2", "9062A", "kh-5"),
        ("corona2", "1021 -1", "kh-4a"),
        ("declassii", "4036", "kh-7"),
        ("declassii", "1203-5", "kh-9"),
        ("declassiii", "1219-4", "kh-9"),
    ],
)
def test_the_platform_follows_from_the_mission(name: str, mission: Any, platform: str | None) -> None:
    properties = properties_of(name, Mission=mission)
    assert properties.get("platform") == platform
    assert properties["m2m:mission"] == str(mission)


@pytest.mark.parametrize(
    ("name", "fields", "instruments"),
    [
        ("corona2", {"Camera_Type": "Aft"}, ["aft camera"]),
        ("corona2", {"Camera_Type": "Forward"}, ["forward camera"]),
        ("corona2", {"Camera_Type": "Vertical"}, ["vertical camera"]),
        ("corona2", {"Camera_Type": "Cartographic"}, ["cartographic camera"]),
        ("declassii", {"Camera_Type": "KH-7 High Resolution Surveillance"}, ["surveillance camera"]),
        ("declassii", {"Camera_Type": "KH-9 Lower Resolution Mapping"}, ["mapping camera"]),
        ("declassiii", {"Camera": "A"}, ["aft camera"]),
        ("declassiii", {"Camera": "F"}, ["forward camera"]),
        ("declassiii", {"Camera": "T"}, ["terrain mapping camera"]),
        # M2M varies the case of its words, and its filters have "Camera" after those of some fields [REFERENCE §15].
        ("corona2", {"Camera_Type": "AFT"}, ["aft camera"]),
        ("declassii", {"Camera_Type": "KH-7 High Resolution Surveillance Camera"}, ["surveillance camera"]),
        ("declassii", {"Camera_Type": "KH-9  LOWER RESOLUTION MAPPING CAMERA"}, ["mapping camera"]),
        ("declassiii", {"Camera": "Terrain Mapping Camera"}, ["terrain mapping camera"]),
    ],
)
def test_the_camera_is_an_instrument(name: str, fields: dict[str, str], instruments: list[str]) -> None:
    properties = properties_of(name, **fields)
    assert properties["instruments"] == instruments
    ((label, words),) = fields.items()
    assert properties[f"m2m:{label.lower()}"] == words


@pytest.mark.parametrize("name", ["corona2", "declassii", "declassiii"])
@pytest.mark.parametrize("label", ["Mission", "Camera_Type", "Camera", "Camera_Resolution", "Down_Load_Available"])
def test_a_value_that_no_table_knows_is_kept(name: str, label: str) -> None:
    properties = properties_of(name, **{label: "Never Seen Before"})
    assert "Never Seen Before" in [value for key, value in properties.items() if key.startswith("m2m:")]


@pytest.mark.parametrize("label", ["Down_Load_Available", "Download_Available"])
def test_film_that_can_be_downloaded_is_available_by_the_key_of_the_filter(label: str) -> None:
    assert properties_of("declassii", **{label: "1"})["m2m:download_available"] == "Y"
    assert "m2m:download_available" not in properties_of("declassii", **{label: ""})


def test_a_recorded_frame_of_kh_7_has_platform_instrument_and_availability() -> None:
    for raw in read(PART).scenes["declassii"]:
        dataset = Dataset.model_validate({"datasetAlias": "declassii", "datasetId": "5e839ff7d71d4811"})
        core = Translator(Entry(dataset, load_mappings().for_dataset("declassii"))).core(read_scene(raw))
        properties = core["properties"]
        assert properties["platform"] == "kh-7"
        assert properties["instruments"] == ["surveillance camera"]
        assert properties["m2m:download_available"] == "Y"
        assert properties["m2m:camera_resolution"] == "2 to 4 feet"


def test_a_platform_is_that_of_the_camera_which_m2m_filters_by_if_the_mission_disagrees() -> None:
    properties = properties_of("declassii", Mission="4026", Camera_Type="KH-9 Lower Resolution Mapping")
    assert (properties["platform"], properties["m2m:mission"]) == ("kh-9", "4026")
    assert properties_of("declassii", Mission="4026", Camera_Type="KH-8 Something")["platform"] == "kh-7"
