"""Merging the queryables of several collections into one JSON Schema."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.catalog import DatasetDetails
from stac_bridge.m2m.models.datasets import DatasetFilter
from stac_bridge.mapping import load_mappings, queryables_of
from stac_bridge.translate.queryables import merge_schemas, property_schemas
from tests.support import entry_of

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


def test_a_filter_that_only_m2m_can_compare_is_marked_and_lists_its_values() -> None:
    raw = {
        "id": "5e7c41f300000001",
        "fieldLabel": "Camera",
        "searchSql": "CAMERA = ?",
        "fieldConfig": {"type": "Select"},
        "valueList": {"": "All", "A": "Aft", "F": "Forward"},
    }
    entry = entry_of("corona2")
    entry = replace(entry, details=DatasetDetails((DatasetFilter.model_validate(raw),)))
    schema = property_schemas(entry.queryables, entry.dataset_filter)["m2m:camera"]
    assert schema["x-filter-only"] is True
    assert schema["x-values"] == {"A": "Aft", "F": "Forward"}
    assert "= (or IN)" in schema["description"]


def test_datetime_says_how_the_span_of_an_item_is_compared() -> None:
    schema = property_schemas(entry_of("corona2").queryables)["datetime"]
    assert "span from start_datetime to end_datetime" in schema["description"]


def test_a_property_lists_the_values_of_all_tables_of_its_row() -> None:
    queryables = queryables_of(load_mappings().for_dataset("declassii"))
    assert property_schemas(queryables)["platform"]["enum"] == ["kh-7", "kh-9"]
    assert set(property_schemas(queryables)["instruments"]["items"]["enum"]) == {
        "mapping camera",
        "surveillance camera",
    }


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


@pytest.mark.slow
@given(st.lists(st.sampled_from(SCHEMAS), min_size=1, max_size=5), st.sampled_from(VALUES))
def test_a_merged_schema_accepts_what_any_of_its_parts_accepts(schemas: list[dict[str, Any]], value: Any) -> None:
    whole = merged(*schemas)
    jsonschema.Draft201909Validator.check_schema(whole)
    if any(jsonschema.Draft201909Validator(schema).is_valid(value) for schema in schemas):
        assert jsonschema.Draft201909Validator(whole).is_valid(value)


@pytest.mark.parametrize("schemas", [SCHEMAS, SCHEMAS[::-1]])
def test_the_order_of_collections_does_not_change_the_types(schemas: list[dict[str, Any]]) -> None:
    assert merged(*schemas[:11]).get("type") == merged(*schemas[:11][::-1]).get("type")
