"""The ``query`` parameter → conditions, and once the types of the properties are known, CQL2.

Clients send numbers as text (pystac-client makes ``{"lt": "20"}`` of ``eo:cloud_cover<20``), so a value can only be
parsed when the type of its property is known, and that depends on the collections that are searched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from stac_bridge.errors import BadRequest
from stac_bridge.mapping import Queryable
from stac_bridge.search.cql2.literals import type_scalar
from stac_bridge.search.cql2.parser import Cql2, all_of, escape_like, read_filter
from stac_bridge.search.params.limits import DEFAULT_LIMITS, Limits
from stac_bridge.search.params.suggest import unknown_name
from stac_bridge.search.params.times import instant_text, read_instant

_COMPARISONS = {"eq": "=", "neq": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_PATTERNS = {"startsWith": "{}%", "endsWith": "%{}", "contains": "%{}%"}
_ARRAY_OPERATORS = {"eq": "a_equals", "contains": "a_contains", "in": "a_overlaps"}
OPERATORS = (*_COMPARISONS, *_PATTERNS, "in")

_UNLIMITED_SIZE = Limits(filter=2**40)
"""A query within its limits becomes a larger filter, which must not be refused for its size."""

_HINT = 'query is an object such as {"eo:cloud_cover": {"lt": 20}}'


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator applied to one property, with its value as the client sent it."""

    name: str
    operator: str
    value: Any


def read_query(value: Any, limits: Limits = DEFAULT_LIMITS) -> tuple[Condition, ...]:
    """Parse a ``query`` parameter, an object or its JSON text. Raises BadRequest."""
    query = _parse_json(value) if isinstance(value, str) else value
    limits.check(query, "query")
    size = len(orjson.dumps(query, default=repr))
    if size > limits.filter:
        raise BadRequest(f"query has {size} bytes; {limits.filter} are the maximum.")
    if not isinstance(query, Mapping):
        raise BadRequest(f"{_HINT}, not {value!r}.")
    return tuple(
        Condition(name.removeprefix("properties."), _check_operator(operator), operand)
        for name, operators in query.items()
        for operator, operand in _operators(name, operators)
    )


def _parse_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"{_HINT}; this is no JSON: {error}.") from None


def _operators(name: str, operators: Any) -> Iterable[tuple[str, Any]]:
    if not isinstance(operators, Mapping) or not operators:
        raise BadRequest(f'{_HINT}; {name} needs an operator: write {{"{name}": {{"eq": …}}}}.')
    return operators.items()


def _check_operator(operator: str) -> str:
    if operator not in OPERATORS:
        raise unknown_name("query has no operator", operator, OPERATORS)
    return operator


def query_filter(conditions: Iterable[Condition], queryables: Mapping[str, Queryable]) -> Cql2:
    """Return conditions, all of which must hold, as CQL2 JSON with typed values. Raises BadRequest."""
    clauses = [_clause(condition, _queryable(condition.name, queryables)) for condition in conditions]
    return read_filter(all_of(clauses), "cql2-json", limits=_UNLIMITED_SIZE)


def _queryable(name: str, queryables: Mapping[str, Queryable]) -> Queryable:
    queryable = queryables.get(name)
    if queryable is None:
        raise unknown_name(
            "The searched collections have no queryable", name, queryables, "/queryables lists those there are."
        )
    return queryable


def _clause(condition: Condition, queryable: Queryable) -> Cql2:
    name, operator, value = condition.name, condition.operator, condition.value
    subject = {"property": name}
    if queryable.kind == "geometry":
        raise BadRequest(f"query has no operator for {name}, which is a geometry; use intersects or bbox.")
    if queryable.kind == "array":
        return _array_clause(condition, subject)
    if operator in _PATTERNS:
        if queryable.kind != "string" or not isinstance(value, str):
            raise BadRequest(f"query applies {operator} to {name}, but only texts have it; use eq, lt or gt.")
        return {"op": "like", "args": [subject, _PATTERNS[operator].format(escape_like(value))]}
    if operator == "in":
        values = [_typed_value(element, condition, queryable) for element in _list_value(condition)]
        return {"op": "in", "args": [subject, values]}
    return {"op": _COMPARISONS[operator], "args": [subject, _typed_value(value, condition, queryable)]}


def _array_clause(condition: Condition, subject: Cql2) -> Cql2:
    """``contains`` requires one element, ``eq`` all of them, ``in`` any of several."""
    name, operator, value = condition.name, condition.operator, condition.value
    if operator not in _ARRAY_OPERATORS:
        raise BadRequest(f"query applies {operator} to {name}, which is a list; use {', '.join(_ARRAY_OPERATORS)}.")
    values = [value] if operator == "contains" else _list_value(condition)
    if not all(isinstance(element, str) for element in values):
        raise BadRequest(f"query compares {name}, a list of texts, with {value!r}; write texts.")
    return {"op": _ARRAY_OPERATORS[operator], "args": [subject, values]}


def _list_value(condition: Condition) -> list[Any]:
    name, operator, value = condition.name, condition.operator, condition.value
    if not isinstance(value, list) or not value:
        raise BadRequest(f"query compares {name} with {value!r}; {operator} takes a list with values.")
    return value


def _typed_value(value: Any, condition: Condition, queryable: Queryable) -> Any:
    """The value in the type of its property."""
    if queryable.kind != "datetime":
        return type_scalar(value, queryable)
    if not isinstance(value, str):
        raise BadRequest(f'{condition.name} is a time: write an instant such as "2020-12-04T19:02:11Z", not {value!r}.')
    return {"timestamp": instant_text(read_instant(value))}
