"""What can be asked about Items, as JSON Schema: names, titles, types, and the values that there can be.

Nothing refers to a schema elsewhere, because browsers would fetch it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stac_bridge.m2m.models.scenes import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stac_bridge.m2m.models.datasets import DatasetFilter
    from stac_bridge.mapping import Queryable

__all__ = ["QUERYABLES", "SCHEMA", "SORTABLES", "described", "properties_of", "shared"]

SCHEMA = "application/schema+json"
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
    "any": {},
}


def described(address: str, title: str, description: str, properties: Mapping[str, Schema], *, is_open: bool) -> Schema:
    """The page at ``address``: no other name than those of ``properties`` is taken, unless it ``is_open``."""
    return {
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$id": address,
        "type": "object",
        "title": title,
        "description": description,
        "properties": dict(properties),
        "additionalProperties": is_open,
    }


def properties_of(named: Mapping[str, Queryable], offered: Mapping[str, DatasetFilter]) -> dict[str, Schema]:
    """The schema of each queryable; ``offered`` are the dataset's filters by folded label, which list values."""
    return {name: _property(one, offered) for name, one in named.items()}


def shared(several: Iterable[Mapping[str, Schema]]) -> dict[str, Schema]:
    """What can be asked of any of several collections; where they differ, what holds for each of them."""
    found: dict[str, Schema] = {}
    for properties in several:
        for name, schema in properties.items():
            found[name] = _either(found[name], schema) if name in found else schema
    return found


def _property(queryable: Queryable, offered: Mapping[str, DatasetFilter]) -> Schema:
    schema: Schema = {"title": queryable.title, **_TYPES[queryable.kind]}
    values = queryable.values or _listed(queryable, offered)
    if values and queryable.kind == "array":
        schema["items"] = {"type": "string", "enum": sorted({one for value in values for one in value})}
    elif values:
        schema["enum"] = list(dict.fromkeys(values))
    if queryable.range:
        low, high = queryable.range
        schema |= {"minimum": low} if high is None else {"minimum": low, "maximum": high}
    return schema


def _listed(queryable: Queryable, offered: Mapping[str, DatasetFilter]) -> tuple[str, ...] | None:
    """The keys of M2M's list of values, where Items have them as they stand there."""
    row = queryable.row
    if row is None or row.filter is None or row.filter.equals is None or row.values or row.convert != "text":
        return None
    found = offered.get(fold(row.filter.equals))
    keys = tuple(key for key in found.value_list or () if key) if found else ()
    return keys if len(keys) > 1 else None  # a lone value is a box to tick, and Items have others


def _either(one: Schema, other: Schema) -> Schema:
    """A schema that accepts what either accepts: types and values joined, ranges widened, else only what both share."""
    joined = {keyword: value for keyword, value in one.items() if keyword in other and other[keyword] == value}
    for keyword, join in _JOINS.items():
        if keyword in one and keyword in other:
            joined[keyword] = join(one[keyword], other[keyword])
    return {"title": one["title"], **joined}


def _joined_types(one: str | list[str], other: str | list[str]) -> str | list[str]:
    """JSON Schema writes several types as a list. Every integer is a number."""
    types = {name for type_ in (one, other) for name in ([type_] if isinstance(type_, str) else type_)}
    if "number" in types:
        types.discard("integer")
    return types.pop() if len(types) == 1 else sorted(types)


_JOINS: dict[str, Callable[[Any, Any], Any]] = {
    "type": _joined_types,
    "enum": lambda one, other: list(dict.fromkeys([*one, *other])),
    "minimum": min,
    "maximum": max,
}
"""How two values of a JSON Schema keyword become one that holds for both."""
