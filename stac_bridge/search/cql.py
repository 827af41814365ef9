"""CQL2 as text or JSON → CQL2 JSON. The library parses; it is guarded, because deep nesting ends its process."""

from __future__ import annotations

from typing import Any

import cql2
import orjson

from stac_bridge.errors import BadRequest

__all__ = ["Cql2", "all_of", "properties_of", "read_filter"]

Cql2 = dict[str, Any]

MAX_LENGTH = 8192
MAX_DEPTH = 64


def read_filter(said: Any, lang: Any = None, crs: Any = None) -> Cql2:
    """A ``filter`` parameter, of either language. Raises BadRequest with what to change."""
    if crs is not None and not str(crs).endswith("/OGC/1.3/CRS84"):
        raise BadRequest(f"filter-crs is {crs!r}; filters are in longitude and latitude only (CRS84).")
    if lang not in (None, "cql2-text", "cql2-json"):
        raise BadRequest(f"filter-lang is cql2-text or cql2-json, not {lang!r}.")
    written = said if isinstance(said, str) else orjson.dumps(said).decode()
    if len(written) > MAX_LENGTH or written.count("(") + written.count("{") > 4 * MAX_DEPTH:
        raise BadRequest(f"filter is longer than {MAX_LENGTH} characters or nested deeper than {MAX_DEPTH} levels.")
    is_json = lang == "cql2-json" or written.lstrip().startswith("{")
    try:
        parsed = (cql2.parse_json if is_json else cql2.parse_text)(written).to_json()
    except cql2.ParseError as broken:
        raise BadRequest(f"filter cannot be read: {str(broken).splitlines()[-1]}.") from None
    if not isinstance(parsed, dict) or "op" not in parsed:
        raise BadRequest('filter is a condition, such as "eo:cloud_cover" < 10.')
    return parsed


def all_of(clauses: list[Cql2]) -> Cql2:
    """Clauses joined by and."""
    return clauses[0] if len(clauses) == 1 else {"op": "and", "args": clauses}


def properties_of(said: Any) -> set[str]:
    """The names of the properties in an expression."""
    if isinstance(said, dict):
        named = {said["property"]} if isinstance(said.get("property"), str) else set()
        return named.union(*(properties_of(one) for one in said.values()))
    return set().union(*(properties_of(one) for one in said)) if isinstance(said, list) else set()
