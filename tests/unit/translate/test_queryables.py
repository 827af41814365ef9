"""Merging the queryables of several collections into one JSON Schema."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.translate.queryables import merge_schemas

SCHEMAS = [
    {"title": "Property", "type": "string"},
    {"title": "Property", "type": "string", "enum": ["a", "b"]},
    {"title": "Property", "type": "string", "enum": ["b", "1"]},
    {"title": "Property", "type": "number"},
    {"title": "Property", "type": "number", "minimum": 0, "maximum": 100},
    {"title": "Property", "type": "number", "minimum": -90, "maximum": 90},
    {"title": "Property", "type": "integer"},
    {"title": "Property", "type": "boolean"},
    {"title": "Property", "type": "string", "format": "date-time"},
    {"title": "Property", "type": "array", "items": {"type": "string"}},
    {"title": "Property", "type": "array", "items": {"type": "string", "enum": ["oli"]}},
    {"title": "Property"},
]
VALUES = ["a", "b", "1", 1, 1.5, -20, 100, True, ["oli"], ["x"], "2024-07-01T00:00:00Z"]


def merged(*schemas: dict[str, Any]) -> dict[str, Any]:
    return merge_schemas({"property": schema} for schema in schemas)["property"]


def test_three_collections_with_different_types_have_all_three() -> None:
    for text, number, flag in permutations([SCHEMAS[0], SCHEMAS[3], SCHEMAS[7]]):
        assert merged(text, number, flag)["type"] == ["boolean", "number", "string"]


def test_an_integer_merged_with_a_number_is_a_number() -> None:
    assert merged(SCHEMAS[6], SCHEMAS[3])["type"] == "number"
    assert merged(SCHEMAS[6], SCHEMAS[0], SCHEMAS[3])["type"] == ["number", "string"]


def test_values_are_joined_and_ranges_widened() -> None:
    assert merged(SCHEMAS[1], SCHEMAS[2])["enum"] == ["a", "b", "1"]
    widest = merged(SCHEMAS[4], SCHEMAS[5])
    assert (widest["minimum"], widest["maximum"]) == (-90, 100)
    assert "minimum" not in merged(SCHEMAS[4], SCHEMAS[3])


def test_a_property_of_any_type_leaves_the_type_open() -> None:
    assert merged(SCHEMAS[0], SCHEMAS[11]) == {"title": "Property"}


@given(st.lists(st.sampled_from(SCHEMAS), min_size=1, max_size=5), st.sampled_from(VALUES))
def test_a_merged_schema_accepts_what_any_of_its_parts_accepts(schemas: list[dict[str, Any]], value: Any) -> None:
    whole = merged(*schemas)
    jsonschema.Draft201909Validator.check_schema(whole)
    if any(jsonschema.Draft201909Validator(schema).is_valid(value) for schema in schemas):
        assert jsonschema.Draft201909Validator(whole).is_valid(value)


@pytest.mark.parametrize("schemas", [SCHEMAS, SCHEMAS[::-1]])
def test_the_order_of_collections_does_not_change_the_types(schemas: list[dict[str, Any]]) -> None:
    assert merged(*schemas[:11]).get("type") == merged(*schemas[:11][::-1]).get("type")
