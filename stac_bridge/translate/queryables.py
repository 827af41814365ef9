"""Describes queryables and sortables as JSON Schema: names, titles, types, and known values.

The schemas have no ``$ref`` to other documents, because browsers would fetch them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from stac_bridge.catalog.entry import listed_values
from stac_bridge.m2m.models.datasets import DatasetFilter
from stac_bridge.mapping import FilterRow, Queryable
from stac_bridge.mapping.titles import in_usual_order

FindFilter = Callable[[FilterRow], DatasetFilter | None]

SCHEMA = "application/schema+json"
"""The media type of JSON Schema."""

QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
SORTABLES = "http://www.opengis.net/def/rel/ogc/1.0/sortables"

Schema = dict[str, Any]

_TYPES: dict[str, Schema] = {
    "string": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "array": {"type": "array", "items": {"type": "string"}},
    "geometry": {"format": "geometry-any"},
}
"""By ``Queryable.kind``."""


def queryables_document(
    address: str, title: str, description: str, properties: Mapping[str, Schema], *, is_open: bool
) -> Schema:
    """Return the JSON Schema served at ``address``. If not ``is_open``, filters can use only these properties."""
    return {
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$id": address,
        "type": "object",
        "title": title,
        "description": description,
        "properties": dict(properties),
        "additionalProperties": is_open,
    }


def property_schemas(queryables: Mapping[str, Queryable], find_filter: FindFilter | None = None) -> dict[str, Schema]:
    """Return the schema of each queryable; ``find_filter`` returns the dataset filter of a row, for its value list."""
    find = find_filter or _find_nothing
    return in_usual_order({name: _property_schema(queryable, find) for name, queryable in queryables.items()})


def _find_nothing(_row: FilterRow) -> None:
    return None


def merge_schemas(collections: Iterable[Mapping[str, Schema]]) -> dict[str, Schema]:
    """Merge the property schemas of several Collections; a property of several accepts the values of each."""
    merged: dict[str, Schema] = {}
    for properties in collections:
        for name, schema in properties.items():
            merged[name] = _union(merged[name], schema) if name in merged else schema
    return in_usual_order(merged)


def _property_schema(queryable: Queryable, find_filter: FindFilter) -> Schema:
    schema: Schema = {"title": queryable.title, **_TYPES[queryable.kind]}
    if queryable.description:
        schema["description"] = queryable.description
    dataset_filter = find_filter(queryable.filter) if queryable.filter else None
    if queryable.is_unchecked and dataset_filter:
        return {**schema, **_filter_only(dataset_filter)}
    values = queryable.values or tuple(listed_values(queryable, dataset_filter) or ())
    if values and queryable.kind == "array":
        schema["items"] = {"type": "string", "enum": sorted({element for value in values for element in value})}
    elif values:
        schema["enum"] = list(dict.fromkeys(values))
    if queryable.range:
        low, high = queryable.range
        schema |= {"minimum": low} if high is None else {"minimum": low, "maximum": high}
    return schema


def _filter_only(dataset_filter: DatasetFilter) -> Schema:
    """Describe a filter whose values Items may not have, or may spell otherwise."""
    values = {key: str(text) for key, text in (dataset_filter.value_list or {}).items() if key and text is not None}
    operator = "<=" if dataset_filter.operator == "<=" else "= (or IN)"
    return {
        "description": (
            f"M2M compares this with its own list of values, by {operator} with one of x-values (a key or its text); "
            "Items are not checked. Any other condition is checked on the Items' own field of this name, and is "
            "unknown if they have none."
        ),
        "x-filter-only": True,
        "x-values": values,
    }


def _union(first: Schema, second: Schema) -> Schema:
    """Return a schema that accepts what either accepts.

    Types and values are joined and ranges widened; any other keyword is kept only if both schemas agree on it.
    """
    merged = {keyword: value for keyword, value in first.items() if keyword in second and second[keyword] == value}
    for keyword, join in _JOINS.items():
        if keyword in first and keyword in second:
            merged[keyword] = join(first[keyword], second[keyword])
    return {"title": first["title"], **merged}


def _join_types(first: str | list[str], second: str | list[str]) -> str | list[str]:
    """Join two values of ``type``: a name, or a list of several. "number" includes "integer"."""
    types = {name for value in (first, second) for name in ([value] if isinstance(value, str) else value)}
    if "number" in types:
        types.discard("integer")
    return types.pop() if len(types) == 1 else sorted(types)


_JOINS: dict[str, Callable[[Any, Any], Any]] = {
    "type": _join_types,
    "enum": lambda first, second: list(dict.fromkeys([*first, *second])),
    "minimum": min,
    "maximum": max,
}
"""By JSON Schema keyword: how to join two values into one that accepts what either accepts."""
