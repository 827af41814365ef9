"""Which parts are given, and which never."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.errors import BadRequest
from stac_bridge.search.params.fields import ALL_FIELDS, COLLECTION, ITEM, Fields, read_fields

PROPERTIES = {"datetime": "2020-01-01T00:00:00Z", "start_datetime": "s", "end_datetime": "e", "eo:cloud_cover": 3}
WHOLE: dict[str, Any] = {
    "type": "Feature",
    "stac_version": "1.1.0",
    "stac_extensions": ["x"],
    "id": "a",
    "collection": "c",
    "geometry": {"type": "Point", "coordinates": [1, 2]},
    "bbox": [1, 2, 1, 2],
    "properties": PROPERTIES,
    "links": [{"rel": "self", "href": "here"}],
    "assets": {"red": {"href": "r", "title": "Red"}, "mtl.xml": {"href": "x", "title": "Metadata"}},
}
TELLING = {"type", "stac_version", "id", "collection"}


def given_parts(said: Any) -> dict[str, Any]:
    return read_fields(said, ITEM).apply(WHOLE)


def test_what_is_included_comes_with_what_tells_one_item_from_another() -> None:
    for said in (
        "geometry",
        "+geometry",
        " geometry",
        {"include": ["geometry"]},
        {"include": ["geometry"], "exclude": []},
    ):
        assert set(given_parts(said)) == TELLING | {"geometry"}
    assert set(given_parts("id")) == TELLING


def test_what_is_excluded_alone_is_missing_from_the_whole() -> None:
    for said in ("-geometry", {"exclude": ["geometry"]}):
        assert given_parts(said) == {name: value for name, value in WHOLE.items() if name != "geometry"}


@pytest.mark.parametrize("said", ["", {}, {"include": [], "exclude": []}, {"include": None, "exclude": None}])
def test_fields_that_name_nothing_give_a_valid_item(said: Any) -> None:
    found = given_parts(said)
    assert set(found) == TELLING | {"geometry", "bbox", "links", "assets", "properties"}
    assert set(found["properties"]) == {"datetime", "start_datetime", "end_datetime"}


@pytest.mark.parametrize("include", [[], None])
def test_what_is_excluded_beside_an_empty_include_is_missing_from_the_default(include: Any) -> None:
    found = given_parts({"include": include, "exclude": ["geometry", "properties.datetime"]})
    assert set(found) == TELLING | {"bbox", "links", "assets", "properties"}
    assert set(found["properties"]) == {"start_datetime", "end_datetime"}


def test_the_longer_name_decides_and_of_equal_ones_the_included() -> None:
    assert given_parts("properties,-properties.datetime")["properties"] == {
        name: value for name, value in PROPERTIES.items() if name != "datetime"
    }
    assert given_parts("-properties,properties.datetime")["properties"] == {"datetime": PROPERTIES["datetime"]}
    assert given_parts("geometry,-geometry")["geometry"] == WHOLE["geometry"]


def test_a_property_may_be_named_without_saying_that_it_is_one() -> None:
    assert given_parts("eo:cloud_cover") == given_parts("properties.eo:cloud_cover")
    assert given_parts("eo:cloud_cover")["properties"] == {"eo:cloud_cover": 3}


def test_an_asset_may_be_named_though_its_key_has_a_dot() -> None:
    assert given_parts("assets.mtl.xml")["assets"] == {"mtl.xml": WHOLE["assets"]["mtl.xml"]}
    assert given_parts("assets.red.href")["assets"] == {"red": {"href": "r"}}
    assert set(given_parts("-assets.red")["assets"]) == {"mtl.xml"}


def test_a_part_that_is_not_there_is_no_error() -> None:
    assert set(given_parts("properties.nothing,assets.nothing")) == TELLING


def test_a_collection_has_no_properties_to_look_into() -> None:
    said = {"type": "Collection", "stac_version": "1.1.0", "id": "c", "title": "T", "keywords": ["k"], "links": []}
    assert read_fields("title", COLLECTION).apply(said) == {name: said[name] for name in list(said)[:4]}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (None, "leave it out for everything"),
        ([], "fields is names with commas"),
        ({"include": "id"}, "include is a list of names"),
        ({"exclude": [1]}, "exclude is a list of names"),
        ({"includes": ["id"]}, "did you mean 'include'?"),
    ],
)
def test_each_refusal_says_what_to_change(said: Any, told: str) -> None:
    with pytest.raises(BadRequest, match=told.replace("?", r"\?")):
        read_fields(said, ITEM)


def paths(said: dict[str, Any], above: str = "") -> set[str]:
    found = {f"{above}{name}" for name in said}
    for name, value in said.items():
        if isinstance(value, dict) and name != "geometry":
            found |= paths(value, f"{above}{name}.")
    return found


names = st.sampled_from(sorted(paths(WHOLE)))


@given(st.lists(names), st.lists(names), st.sampled_from([{}, {"include": None}]))
def test_what_need_not_be_made_is_never_given(include: list[str], exclude: list[str], empty: dict[str, None]) -> None:
    said = {"exclude": exclude, **({"include": include} if include else empty)}
    fields = read_fields(said, ITEM)
    found = paths(fields.apply(WHOLE))
    assert found <= paths(WHOLE)
    assert all(fields.wants(path) for path in found)
    assert found >= set(include)


def test_everything_is_the_item_itself() -> None:
    assert ALL_FIELDS.apply(WHOLE) is WHOLE
    assert Fields().wants("assets.red")
