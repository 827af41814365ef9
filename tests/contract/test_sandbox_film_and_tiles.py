"""Film and ARD tiles of the sandbox have the fields and filters that are known of M2M."""

from __future__ import annotations

import html
import re
from typing import Any

import orjson
import pytest

from m2m_sandbox.archive.datasets import filters_of
from m2m_sandbox.archive.landsat.ard import tiles
from m2m_sandbox.archive.small import small_archive
from tests.support import RECORDINGS, REFERENCE

Json = dict[str, Any]

PARTIAL = RECORDINGS / "recorded" / "partial"
EXPORTED: list[Json] = orjson.loads((PARTIAL / "ee-csv-export__declassii__1.json").read_bytes())["rows"]
FACTS: list[Json] = orjson.loads((PARTIAL / "filter-facts__declassii__1.json").read_bytes())["facts"]
FILM = "corona2", "declassii", "declassiii"
MISSPELLED = {"corona2": "NW Cormer Lat dec", "declassii": "Down Load Available", "declassiii": "Frame Number"}


def fields(name: str, number: int = 0) -> dict[str, Any]:
    metadata = small_archive(name).scene(number, full=True)["metadata"]
    return {field["fieldName"]: field["value"] for field in metadata}


def scenes_of(name: str, labels: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return [tuple(fields(name, number)[label] for label in labels) for number in range(len(small_archive(name)))]


def filters(name: str) -> dict[str, Json]:
    return {known["fieldLabel"]: known for known in filters_of(name)}


def matches(name: str, known: Json, value: str, operand: str = "=") -> list[int]:
    condition = {"filterType": "value", "filterId": known["id"], "value": value, "operand": operand}
    return [int(number) for number in small_archive(name).search({"metadataFilter": condition})]


def form(value: str | None) -> str | None:
    """A value with a 0 for each number, and without its sign or point of the compass."""
    if value is None:
        return None
    plain = re.sub(r"[NSEW]$", "", html.unescape(value)).removeprefix("-")
    return re.sub(r"\d+\.\d+", "0.0", re.sub(r"(?<![\d.])\d+(?![\d.])", "0", plain))


# -- fields --------------------------------------------------------------------------------------------------


def test_declassii_has_the_exported_fields_in_their_order() -> None:
    assert list(fields("declassii")) == list(EXPORTED[0])


@pytest.mark.parametrize(("name", "count"), [("corona2", 33), ("declassii", 34), ("declassiii", 33)])
def test_film_has_the_known_number_of_fields_with_their_misspellings(name: str, count: int) -> None:
    labels = fields(name)
    assert len(labels) == count
    assert MISSPELLED[name] in labels
    availability = "Download Available" if name == "declassiii" else "Down Load Available"
    assert labels.keys() & {"Download Available", "Down Load Available"} == {availability}


def test_values_of_declassii_are_written_as_in_the_export() -> None:
    """Corners are compared by their form, other fields by the values that are known."""
    forms = {label: {form(row[label]) for row in EXPORTED} for label in EXPORTED[0]}
    places = {form for label, known in forms.items() if re.search("Corner|Center", label) for form in known}
    whole = {"0", "0°0'0\""}
    numbers = range(0, len(small_archive("declassii")), 29)
    for values in (fields("declassii", number) for number in numbers):
        assert all(value is None or isinstance(value, str) for value in values.values())
        for label, value in values.items():
            if re.search("Corner|Center", label):
                assert form(value) in places | whole, label
        assert values["Display ID"] == values["Entity ID"]
        assert values["Down Load Available"] in ("1", None)
        assert re.fullmatch(r"\d{5}", values["Operations Number"])
    cameras = set(scenes_of("declassii", ("Camera Type", "Camera Resolution")))
    assert {(row["Camera Type"], row["Camera Resolution"]) for row in EXPORTED} < cameras
    assert {camera for camera, _ in cameras} <= set(re.findall(r"`(KH-[^`]+)`", REFERENCE.read_text("utf-8")))


@pytest.mark.parametrize("name", FILM)
def test_a_film_is_available_if_its_field_is_1(name: str) -> None:
    label = "Download Available" if name == "declassiii" else "Down Load Available"
    for number in range(len(small_archive(name))):
        available = small_archive(name).scene(number, full=False)["options"]["download"]
        assert fields(name, number)[label] == ("1" if available else None)


def test_missions_of_corona2_are_text_with_and_without_a_letter() -> None:
    missions = {mission for (mission,) in scenes_of("corona2", ("Mission",))}
    assert {"1117-2", "9034A", "9017"} <= missions
    assert "9009A" not in missions, "9009 was a mission of KH-1, and a trailing A is KH-5"


def test_tile_numbers_of_ard_have_three_digits() -> None:
    scene = tiles().scene(0, full=True)
    values = {field["fieldName"]: field["value"] for field in scene["metadata"]}
    _, region, tile, *_ = scene["displayId"].split("_")
    assert values["Tile Grid Region"] == region
    assert values["Tile Grid Horizontal"] + values["Tile Grid Vertical"] == tile


# -- filters -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fact", [fact for fact in FACTS if "id" in fact], ids=lambda fact: fact["fieldLabel"])
def test_a_film_filter_is_as_it_was_recorded(fact: Json) -> None:
    known = filters(fact["datasetAlias"])[fact["fieldLabel"]]
    assert (known["id"], known["fieldConfig"]["type"]) == (fact["id"], fact["type"])
    assert known["searchSql"] == f"{fact['column']} = ?"
    assert fact["valueList_known"].items() <= known["valueList"].items()
    assert set(fact.get("keys", ())) <= known["valueList"].keys()


def test_declassiii_spells_its_resolutions_as_recorded() -> None:
    (fact,) = (fact for fact in FACTS if fact["datasetAlias"] == "declassiii")
    assert set(fact["valueList_known_labels"]) <= set(filters("declassiii")[fact["fieldLabel"]]["valueList"].values())


@pytest.mark.parametrize(
    ("name", "label"),
    [
        *((name, "Download Available") for name in FILM),
        ("corona2", "Camera Type"),
        ("declassii", "Camera Type"),
        ("declassii", "Camera Resolution"),
        ("declassiii", "Camera Resolution"),
    ],
)
def test_a_film_filter_matches_by_its_keys_and_not_by_its_texts(name: str, label: str) -> None:
    known = filters(name)[label]
    keys = {key: text for key, text in known["valueList"].items() if key}
    by_key = {key: matches(name, known, key) for key in keys}
    assert all(by_key.values())
    assert sum(map(len, by_key.values())) == len(set().union(*by_key.values()))
    assert [matches(name, known, text) for text in keys.values() if text not in keys] == [[]] * len(keys)


def test_the_whole_labels_of_ard_filters_are_those_of_m2m() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    known = filters_of("landsat_ard_tile_c2")
    assert len(known) == 9
    assert [row["fieldLabel"] for row in known if f"{row['fieldLabel']} {row['id']}" not in text] == []
    operators = {row["fieldLabel"]: row["searchSql"].partition(" ")[2] for row in known}
    assert operators["Fill (No Data)"] == "<= ?"
    assert set(filters("landsat_ard_tile_c2")["Fill (No Data)"]["valueList"]) == {"", "90", "100"}
    for label in ("Tile Grid Region", "Tile Identifier", "Spacecraft Identifier", "Sensor Identifier"):
        assert operators[label] == "like ?"
