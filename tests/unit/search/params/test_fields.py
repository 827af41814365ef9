"""Which parts of an object are returned."""

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
ALWAYS = {"type", "stac_version", "id", "collection"}


def parts_of(fields: Any) -> dict[str, Any]:
    return read_fields(fields, ITEM).apply(WHOLE)


def test_included_parts_come_with_those_that_identify_the_item() -> None:
    for fields in (
        "geometry",
        "+geometry",
        " geometry",
        {"include": ["geometry"]},
        {"include": ["geometry"], "exclude": []},
    ):
        assert set(parts_of(fields)) == ALWAYS | {"geometry"}
    assert set(parts_of("id")) == ALWAYS


def test_excluded_parts_are_missing_from_the_whole_item() -> None:
    fields = {"exclude": ["geometry"]}
    assert parts_of(fields) == {name: value for name, value in WHOLE.items() if name != "geometry"}


@pytest.mark.parametrize("empty", [[], None])
def test_parts_excluded_beside_an_empty_include_are_missing_from_the_default(empty: Any) -> None:
    item = parts_of({"include": empty, "exclude": ["geometry", "properties.datetime"]})
    assert set(item) == ALWAYS | {"bbox", "links", "assets", "properties"}
    assert set(item["properties"]) == {"start_datetime", "end_datetime"}
    assert parts_of("-geometry,-properties.datetime") == item


@pytest.mark.parametrize(
    "fields", ["", " , ", None, {}, {"include": [], "exclude": []}, {"include": None, "exclude": None}]
)
def test_fields_that_name_nothing_return_a_valid_item(fields: Any) -> None:
    item = parts_of(fields)
    assert set(item) == ALWAYS | {"geometry", "bbox", "links", "assets", "properties"}
    assert set(item["properties"]) == {"datetime", "start_datetime", "end_datetime"}


def test_the_longer_name_wins_and_of_equal_ones_the_included() -> None:
    assert parts_of("properties,-properties.datetime")["properties"] == {
        name: value for name, value in PROPERTIES.items() if name != "datetime"
    }
    assert parts_of("-properties,properties.datetime")["properties"] == {"datetime": PROPERTIES["datetime"]}
    assert parts_of("geometry,-geometry")["geometry"] == WHOLE["geometry"]


def test_a_property_may_be_named_without_its_prefix() -> None:
    assert parts_of("eo:cloud_cover") == parts_of("properties.eo:cloud_cover")
    assert parts_of("eo:cloud_cover")["properties"] == {"eo:cloud_cover": 3}


def test_an_asset_may_be_named_though_its_key_has_a_dot() -> None:
    assert parts_of("assets.mtl.xml")["assets"] == {"mtl.xml": WHOLE["assets"]["mtl.xml"]}
    assert parts_of("assets.red.href")["assets"] == {"red": {"href": "r"}}
    assert set(parts_of("-assets.red")["assets"]) == {"mtl.xml"}


def test_a_missing_part_is_no_error() -> None:
    assert set(parts_of("properties.nothing,assets.nothing")) == ALWAYS


def test_all_members_of_a_collection_are_top_level() -> None:
    document = {"type": "Collection", "stac_version": "1.1.0", "id": "c", "title": "T", "keywords": ["k"], "links": []}
    assert read_fields("title", COLLECTION).apply(document) == {name: document[name] for name in list(document)[:4]}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (True, "leave it out for everything"),
        ([], "fields is names with commas"),
        ({"include": "id"}, "include is a list of names"),
        ({"exclude": [1]}, "exclude is a list of names"),
        ({"includes": ["id"]}, "did you mean 'include'?"),
    ],
)
def test_each_error_says_what_to_change(fields: Any, message: str) -> None:
    with pytest.raises(BadRequest, match=message.replace("?", r"\?")):
        read_fields(fields, ITEM)


def paths(document: dict[str, Any], prefix: str = "") -> set[str]:
    result = {f"{prefix}{name}" for name in document}
    for name, value in document.items():
        if isinstance(value, dict) and name != "geometry":
            result |= paths(value, f"{prefix}{name}.")
    return result


names = st.sampled_from(sorted(paths(WHOLE)))


def as_text(include: list[str], exclude: list[str]) -> str:
    return ",".join([*include, *(f"-{name}" for name in exclude)])


@given(st.lists(names), st.lists(names), st.sampled_from([{"include": None}, {"include": []}]))
def test_text_and_json_select_the_same_parts(include: list[str], exclude: list[str], empty: dict[str, Any]) -> None:
    lists = {"exclude": exclude, **({"include": include} if include else empty)}
    assert parts_of(as_text(include, exclude)) == parts_of(lists)


@given(st.lists(names), st.lists(names), st.sampled_from([{}, {"include": None}]))
def test_unwanted_parts_are_never_returned(include: list[str], exclude: list[str], empty: dict[str, None]) -> None:
    fields = read_fields({"exclude": exclude, **({"include": include} if include else empty)}, ITEM)
    returned = paths(fields.apply(WHOLE))
    assert returned <= paths(WHOLE)
    assert all(fields.wants(path) for path in returned)
    assert returned >= set(include)


def test_all_fields_return_the_item_itself() -> None:
    assert ALL_FIELDS.apply(WHOLE) is WHOLE
    assert Fields().wants("assets.red")
