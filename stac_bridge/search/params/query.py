"""The ``query`` parameter → conditions, and once it is known what can be asked, CQL2.

Clients send numbers as text (pystac-client makes ``{"lt": "20"}`` of ``eo:cloud_cover<20``), so a value can only be
read when the type of its property is known, and that depends on the collections searched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from stac_bridge.errors import BadRequest
from stac_bridge.search.cql2.literals import scalar
from stac_bridge.search.cql2.parser import Cql2, all_of, read_filter
from stac_bridge.search.params.limits import USUAL, Limits
from stac_bridge.search.params.suggest import unknown
from stac_bridge.search.params.times import instant_text, read_instant

if TYPE_CHECKING:
    from stac_bridge.mapping import Queryable
    from stac_bridge.search.params.search import Search

__all__ = ["Condition", "as_filter", "read_query", "with_query"]

_COMPARES = {"eq": "=", "neq": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_PATTERNS = {"startsWith": "{}%", "endsWith": "%{}", "contains": "%{}%"}
_ARRAYS = {"eq": "a_equals", "contains": "a_contains", "in": "a_overlaps"}
OPERATORS = (*_COMPARES, *_PATTERNS, "in")

_READ = Limits(filter=2**40)
"""What was within its limits as a query is larger as a filter."""

_HINT = 'query is an object such as {"eo:cloud_cover": {"lt": 20}}'


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator applied to one property, its value as it was sent."""

    name: str
    operator: str
    value: Any


def read_query(said: Any, limits: Limits = USUAL) -> tuple[Condition, ...]:
    """A ``query`` parameter, as JSON or its text. Raises BadRequest."""
    asked = _json(said) if isinstance(said, str) else said
    limits.check(asked, "query")
    size = len(orjson.dumps(asked, default=repr))
    if size > limits.filter:
        raise BadRequest(f"query has {size} bytes; {limits.filter} are the most.")
    if not isinstance(asked, Mapping):
        raise BadRequest(f"{_HINT}, not {said!r}.")
    return tuple(
        Condition(name.removeprefix("properties."), _known(operator), value)
        for name, operators in asked.items()
        for operator, value in _operators(name, operators)
    )


def _json(said: str) -> Any:
    try:
        return orjson.loads(said)
    except orjson.JSONDecodeError as broken:
        raise BadRequest(f"{_HINT}; this is no JSON: {broken}.") from None


def _operators(name: str, operators: Any) -> Iterable[tuple[str, Any]]:
    if not isinstance(operators, Mapping) or not operators:
        raise BadRequest(f'{_HINT}; {name} needs an operator: write {{"{name}": {{"eq": …}}}}.')
    return operators.items()


def _known(operator: str) -> str:
    if operator not in OPERATORS:
        raise unknown("query has no operator", operator, OPERATORS)
    return operator


def with_query(search: Search, known: Mapping[str, Queryable]) -> Search:
    """The search with its query become part of its filter, read by what Items are known to have. Raises BadRequest."""
    if not search.query:
        return search
    clauses = [] if search.filter is None else [search.filter]
    return replace(search, filter=all_of([*clauses, as_filter(search.query, known)]), query=())


def as_filter(conditions: Iterable[Condition], known: Mapping[str, Queryable]) -> Cql2:
    """Conditions that must all hold, as CQL2 JSON. Raises BadRequest."""
    clauses = [_clause(condition, _queryable(condition.name, known)) for condition in conditions]
    return read_filter(all_of(clauses), "cql2-json", limits=_READ)


def _queryable(name: str, known: Mapping[str, Queryable]) -> Queryable:
    queryable = known.get(name)
    if queryable is None:
        raise unknown("The searched collections have no queryable", name, known, "/queryables lists those there are.")
    return queryable


def _clause(said: Condition, queryable: Queryable) -> Cql2:
    subject = {"property": said.name}
    if queryable.kind == "geometry":
        raise BadRequest(f"query has no operator for {said.name}, which is a geometry; use intersects or bbox.")
    if queryable.kind == "array":
        return _array_clause(said, subject)
    if said.operator in _PATTERNS:
        if queryable.kind not in ("string", "any") or not isinstance(said.value, str):
            raise BadRequest(f"query asks {said.operator} of {said.name}, but only texts have it; use eq, lt or gt.")
        return {"op": "like", "args": [subject, _PATTERNS[said.operator].format(_escaped(said.value))]}
    if said.operator == "in":
        values = [_typed(one, said, queryable) for one in _listed(said)]
        return {"op": "in", "args": [subject, values]}
    return {"op": _COMPARES[said.operator], "args": [subject, _typed(said.value, said, queryable)]}


def _array_clause(said: Condition, subject: Cql2) -> Cql2:
    """``contains`` asks for one element, ``eq`` for all of them, ``in`` for any of several."""
    if said.operator not in _ARRAYS:
        raise BadRequest(f"query asks {said.operator} of {said.name}, which is a list; use {', '.join(_ARRAYS)}.")
    values = [said.value] if said.operator == "contains" else _listed(said)
    if not all(isinstance(value, str) for value in values):
        raise BadRequest(f"query compares {said.name}, a list of texts, with {said.value!r}; write texts.")
    return {"op": _ARRAYS[said.operator], "args": [subject, values]}


def _listed(said: Condition) -> list[Any]:
    if not isinstance(said.value, list) or not said.value:
        raise BadRequest(f"query compares {said.name} with {said.value!r}; {said.operator} takes a list with values.")
    return said.value


def _typed(value: Any, condition: Condition, queryable: Queryable) -> Any:
    """The value in the type of its property."""
    if queryable.kind != "datetime":
        return scalar(value, queryable)
    if not isinstance(value, str):
        raise BadRequest(f'{condition.name} is a time: write an instant such as "2020-12-04T19:02:11Z", not {value!r}.')
    return {"timestamp": instant_text(read_instant(value))}


def _escaped(text: str) -> str:
    r"""Text as it stands, for a pattern.

    >>> _escaped("50%_off")
    '50\\%\\_off'
    """
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
