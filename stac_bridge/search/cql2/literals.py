"""Convert a filter's literals to the types of its properties: numbers, times, path and row with three digits.

A comparison of types that never compare is refused; the library would evaluate it to unknown and match nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from stac_bridge.errors import BadRequest
from stac_bridge.mapping import Queryable
from stac_bridge.mapping.converters import CONVERTERS, number
from stac_bridge.mapping.queryables import Kind
from stac_bridge.search.cql2.parser import COMPARISONS, SPATIAL, TEMPORAL, Cql2
from stac_bridge.search.params.suggest import unknown_name
from stac_bridge.search.params.times import instant_text, read_day, read_instant

QueryableByName = Mapping[str, Queryable]

_LITERAL_HINTS = {
    "string": 'write text in quotes, such as "028"',
    "number": "write a number, such as 20",
    "integer": "write a number, such as 20",
    "boolean": "write true or false",
}
"""By type, what to write instead of a literal that was refused."""

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NUMBERS = ("number", "integer")
_DAY_EDGES: dict[str, tuple[str, time]] = {
    "<": ("<", time.min),
    "<=": ("<=", time.max),
    ">": (">", time.max),
    ">=": (">=", time.min),
}
"""A day contains all of its instants: after a day is after its last one, up to a day is up to its last one."""


def type_literals(expression: Cql2, queryables: QueryableByName) -> Cql2:
    """Return the filter with typed literals.

    Raises BadRequest for a property that is not queryable, and for a comparison that can never be true.
    """
    op, args = expression["op"], expression["args"]
    if op in ("and", "or", "not"):
        return {"op": op, "args": [arg if isinstance(arg, bool) else type_literals(arg, queryables) for arg in args]}
    if op in COMPARISONS:
        return _comparison(op, args[0], args[1], queryables)
    if op in TEMPORAL:
        return {"op": op, "args": [_temporal_argument(arg, queryables) for arg in args]}
    if op in SPATIAL:
        return {"op": op, "args": [_argument(arg, "geometry", op, queryables) for arg in args]}
    if op == "like":
        return {"op": op, "args": [_argument(arg, "string", op, queryables) for arg in args]}
    if op.startswith("a_"):
        return {"op": op, "args": [_argument(arg, "array", op, queryables) for arg in args]}
    _kind(args[0], queryables)  # raises for an unknown property
    return expression


def _comparison(op: str, left: Any, right: Any, queryables: QueryableByName) -> Cql2:
    """A comparison with its property on the left, if it has one."""
    if _kind(left, queryables) is None and _kind(right, queryables) is not None:
        op, left, right = _FLIPPED.get(op, op), right, left
    kind, other = _kind(left, queryables), _kind(right, queryables)
    if kind is None:
        return {"op": op, "args": [left, right]}
    if other is not None:
        _check_comparable(op, left, right, queryables)
        return {"op": op, "args": [left, right]}
    if kind == "datetime":
        return _time_comparison(op, left, right)
    return {"op": op, "args": [left, _literal(right, kind, left, queryables)]}


def _check_comparable(op: str, left: Any, right: Any, queryables: QueryableByName) -> None:
    kinds = {"number" if kind in _NUMBERS else kind for kind in (_kind(left, queryables), _kind(right, queryables))}
    if len(kinds) > 1 or "geometry" in kinds:
        raise BadRequest(f"filter compares {_shown(left)} {op} {_shown(right)}, which are never equal nor ordered.")


def _time_comparison(op: str, left: Any, right: Any) -> Cql2:
    day = read_day(right["date"] if isinstance(right, dict) and "date" in right else right)
    if day is None:
        return {"op": op, "args": [left, {"timestamp": _instant(right)}]}
    if op in ("=", "<>"):
        edges = [_time_comparison(edge, left, {"date": day.isoformat()}) for edge in (">=", "<=")]
        within = {"op": "and", "args": edges}
        return within if op == "=" else {"op": "not", "args": [within]}
    op, edge_time = _DAY_EDGES[op]
    return {"op": op, "args": [left, {"timestamp": instant_text(datetime.combine(day, edge_time, UTC))}]}


def _instant(literal: Any) -> str:
    text = literal["timestamp"] if isinstance(literal, dict) and "timestamp" in literal else literal
    if not isinstance(text, str):
        raise BadRequest(f"filter compares a time with {text!r}; write TIMESTAMP('2020-12-04T19:02:11Z') or a DATE.")
    return instant_text(read_instant(text, "a time in filter"))


def _temporal_argument(argument: Any, queryables: QueryableByName) -> Any:
    """An argument of a temporal operator: a property, an instant, or an interval (a day becomes one)."""
    argument = _as_interval(argument)
    if isinstance(argument, dict) and "interval" in argument:
        start, end = argument["interval"]
        first, last = _interval_end(start, time.min, queryables), _interval_end(end, time.max, queryables)
        if isinstance(first, str) and isinstance(last, str) and ".." not in (first, last) and first > last:
            raise BadRequest(
                f"An interval in filter ends before it starts ({start} to {end}); put the earlier time first."
            )
        return {"interval": [first, last]}
    if _kind(argument, queryables) is not None:
        return _argument(argument, "datetime", "a temporal operator", queryables)
    text = argument.get("date") if isinstance(argument, dict) else argument
    if read_day(text) is not None:
        return {"interval": [_interval_end(text, time.min, queryables), _interval_end(text, time.max, queryables)]}
    return {"timestamp": _instant(argument)}


def _as_interval(argument: Any) -> Any:
    """An interval that is one text, ``start/end``, or a list of two, in CQL2's form; anything else as it is."""
    text = argument.get("timestamp", argument.get("date")) if isinstance(argument, dict) else argument
    ends = text.split("/") if isinstance(text, str) and "/" in text else argument
    if not isinstance(ends, list):
        return argument
    if len(ends) != 2:
        raise BadRequest(f"filter has the interval {_shown(argument)}; write INTERVAL('start', 'end').")
    return {"interval": [".." if end == "" else end for end in ends]}


def _interval_end(value: Any, edge: time, queryables: QueryableByName) -> Any:
    """The start or the end of an interval; ``edge`` is the time of day that completes a date."""
    if value == "..":
        return value
    if _kind(value, queryables) is not None:
        return _argument(value, "datetime", "an interval", queryables)
    day = read_day(value["date"] if isinstance(value, dict) and "date" in value else value)
    return _instant(value) if day is None else instant_text(datetime.combine(day, edge, UTC))


def _argument(value: Any, kind: Kind, op: str, queryables: QueryableByName) -> Any:
    """An argument of an operator that takes one kind only."""
    actual = _kind(value, queryables)
    if actual not in (None, kind):
        raise BadRequest(f"filter has {_shown(value)}, which is of kind {actual}, where {op} takes a {kind}.")
    if actual is None and kind == "string" and not (isinstance(value, str) or _is_folded(value)):
        raise BadRequest(f"filter has {value!r} where {op} takes text in single quotes.")
    if actual is None and kind == "geometry" and not (isinstance(value, dict) and "type" in value):
        raise BadRequest(f"filter has {value!r} where {op} takes a geometry such as BBOX(6, 46, 7, 47).")
    if actual is None and kind == "array" and not isinstance(value, list):
        return [value]
    return value


def _literal(value: Any, kind: Kind, left: Any, queryables: QueryableByName) -> Any:
    """The literal on the right of a comparison, in the type of the expression on its left."""
    if value is None:
        raise BadRequest(f"filter compares {_shown(left)} with null; write {_shown(left)} IS NULL.")
    if kind == "array":
        if isinstance(value, list):
            return value
        raise BadRequest(f"{_shown(left)} is a list; write A_CONTAINS({_shown(left)}, ({value!r})).")
    if kind == "string" and _is_folded(value):
        return value
    queryable = queryables.get(left["property"]) if "property" in left else None
    return type_scalar(value, queryable or Queryable(_shown(left), kind, _shown(left)))


def type_scalar(value: Any, queryable: Queryable) -> Any:
    """Convert a value to the property's type; text that reads as a number becomes one. Raises BadRequest."""
    convert = queryable.row.convert if queryable.row else ""
    match queryable.kind, value:
        case (("number" | "integer"), _) if (parsed := number(value)) is not None:
            return parsed
        case (("number" | "integer"), str()) if queryable.row is None and queryable.name.startswith("m2m:"):
            # It may be a key or its text of a filter, which is not known before the dataset's filters are requested.
            return value
        case "string", str() | int() | float() if convert.startswith("digits-"):
            return CONVERTERS[convert](value) or str(value)
        case "string", str():
            return value
        case "string", {"date": str(day)}:  # fields have days as text
            return day
        case "boolean", bool() | "true" | "false":
            return value in (True, "true")
    hint = _LITERAL_HINTS.get(queryable.kind, "compare it with a single value")
    raise BadRequest(f"{queryable.name} is of type {queryable.kind}: {hint}, not {value!r}.")


def _kind(expression: Any, queryables: QueryableByName) -> Kind | None:
    """The kind of a property or of a computed value; None for a literal."""
    match expression:
        case {"property": name}:
            return _queryable(str(name), queryables).kind
        case {"op": "casei" | "accenti", "args": [argument]}:
            return _text_kind(argument, queryables)
        case {"op": _, "args": args}:
            kinds = {_kind(arg, queryables) for arg in args} - {None}
            if kinds - set(_NUMBERS):
                raise BadRequest(f"filter computes with {_shown(args[0])}, which is no number.")
            return "number" if kinds else None
    return None


def _text_kind(argument: Any, queryables: QueryableByName) -> Kind | None:
    """The kind of the argument of CASEI or ACCENTI."""
    kind = _kind(argument, queryables)
    if kind not in (None, "string") or (kind is None and not (isinstance(argument, str) or _is_folded(argument))):
        raise BadRequest(f"filter has {_shown(argument)}, which is no text, in CASEI or ACCENTI.")
    return kind


def _queryable(name: str, queryables: QueryableByName) -> Queryable:
    queryable = queryables.get(name)
    if queryable is None:
        raise unknown_name(
            "The searched collections have no property", name, queryables, "/queryables lists those there are."
        )
    return queryable


def _is_folded(expression: Any) -> bool:
    """Whether it is CASEI or ACCENTI of a text."""
    return isinstance(expression, dict) and expression.get("op") in ("casei", "accenti")


def _shown(expression: Any) -> str:
    is_property = isinstance(expression, dict) and "property" in expression
    return str(expression["property"]) if is_property else repr(expression)
