"""A filter's literals as its properties have them: numbers as numbers, times as times, path and row as three digits.

A comparison of things that never compare is refused, where the library would call it unknown and find nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from stac_bridge.errors import BadRequest
from stac_bridge.mapping import Queryable
from stac_bridge.mapping.converters import CONVERTERS, number
from stac_bridge.search.cql2.parser import COMPARISONS, SPATIAL, TEMPORAL, Cql2
from stac_bridge.search.params.suggest import unknown
from stac_bridge.search.params.times import instant_text, read_day, read_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stac_bridge.mapping.queryables import Kind

    Known = Mapping[str, Queryable]

__all__ = ["scalar", "typed"]

_HOW_TO_WRITE = {
    "string": 'write text in quotes, such as "028"',
    "number": "write a number, such as 20",
    "integer": "write a number, such as 20",
    "boolean": "write true or false",
    "any": "write text, a number, true, or false",
}
"""By type, what a refused comparison should have."""

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NUMBERS = ("number", "integer")
_OF_DAY: dict[str, tuple[str, time]] = {
    "<": ("<", time.min),
    "<=": ("<=", time.max),
    ">": (">", time.max),
    ">=": (">=", time.min),
}
"""A day is all of its moments: later than it is after its last, not later is up to its last."""


def typed(said: Cql2, known: Known) -> Cql2:
    """The same filter. Raises BadRequest for a property that is no queryable, and for what never compares."""
    op, args = said["op"], said["args"]
    if op in ("and", "or", "not"):
        return {"op": op, "args": [one if isinstance(one, bool) else typed(one, known) for one in args]}
    if op in COMPARISONS:
        return _compared(op, args[0], args[1], known)
    if op in TEMPORAL:
        return {"op": op, "args": [_moment(one, known) for one in args]}
    if op in SPATIAL:
        return {"op": op, "args": [_fitting(one, "geometry", op, known) for one in args]}
    if op == "like":
        return {"op": op, "args": [_fitting(one, "string", op, known) for one in args]}
    if op.startswith("a_"):
        return {"op": op, "args": [_fitting(one, "array", op, known) for one in args]}
    _kind(args[0], known)
    return said


def _compared(op: str, left: Any, right: Any, known: Known) -> Cql2:
    """With the property on the left wherever there is one."""
    if _kind(left, known) is None and _kind(right, known) is not None:
        op, left, right = _FLIPPED.get(op, op), right, left
    kind, other = _kind(left, known), _kind(right, known)
    if kind is None:
        return {"op": op, "args": [left, right]}
    if other is not None:
        _comparable(op, left, right, known)
        return {"op": op, "args": [left, right]}
    if kind == "datetime":
        return _compared_times(op, left, right)
    return {"op": op, "args": [left, _literal(right, kind, left, known)]}


def _comparable(op: str, left: Any, right: Any, known: Known) -> None:
    kinds = {"number" if one in _NUMBERS else one for one in (_kind(left, known), _kind(right, known))}
    if len(kinds) > 1 or "geometry" in kinds:
        raise BadRequest(f"filter compares {_named(left)} {op} {_named(right)}, which are never equal nor ordered.")


def _compared_times(op: str, left: Any, right: Any) -> Cql2:
    day = read_day(right["date"] if isinstance(right, dict) and "date" in right else right)
    if day is None:
        return {"op": op, "args": [left, {"timestamp": _instant(right)}]}
    if op in ("=", "<>"):
        within = {"op": "and", "args": [_compared_times(one, left, {"date": day.isoformat()}) for one in (">=", "<=")]}
        return within if op == "=" else {"op": "not", "args": [within]}
    name, edge = _OF_DAY[op]
    return {"op": name, "args": [left, {"timestamp": instant_text(datetime.combine(day, edge, UTC))}]}


def _instant(said: Any) -> str:
    text = said["timestamp"] if isinstance(said, dict) and "timestamp" in said else said
    if not isinstance(text, str):
        raise BadRequest(f"filter compares a time with {text!r}; write TIMESTAMP('2020-12-04T19:02:11Z') or a DATE.")
    return instant_text(read_instant(text, "a time in filter"))


def _moment(said: Any, known: Known) -> Any:
    """An argument of a temporal operator: a property, an instant, or an interval (a day is one)."""
    if isinstance(said, dict) and "interval" in said:
        start, end = said["interval"]
        return {"interval": [_edge(start, time.min, known), _edge(end, time.max, known)]}
    if _kind(said, known) is not None:
        return _fitting(said, "datetime", "a temporal operator", known)
    text = said.get("date") if isinstance(said, dict) else said
    if read_day(text) is not None:
        return {"interval": [_edge(text, time.min, known), _edge(text, time.max, known)]}
    return {"timestamp": _instant(said)}


def _edge(said: Any, edge: time, known: Known) -> Any:
    """The start or end of an interval."""
    if said == "..":
        return said
    if _kind(said, known) is not None:
        return _fitting(said, "datetime", "an interval", known)
    day = read_day(said["date"] if isinstance(said, dict) and "date" in said else said)
    return _instant(said) if day is None else instant_text(datetime.combine(day, edge, UTC))


def _fitting(said: Any, kind: Kind, op: str, known: Known) -> Any:
    """An argument of an operator that takes one kind only."""
    found = _kind(said, known)
    if found == "any":
        return said
    if found not in (None, kind):
        raise BadRequest(f"filter has {_named(said)}, which is of kind {found}, where {op} takes a {kind}.")
    if found is None and kind == "string" and not (isinstance(said, str) or _is_folded(said)):
        raise BadRequest(f"filter has {said!r} where {op} takes text in single quotes.")
    if found is None and kind == "geometry" and not (isinstance(said, dict) and "type" in said):
        raise BadRequest(f"filter has {said!r} where {op} takes a geometry such as BBOX(6, 46, 7, 47).")
    if found is None and kind == "array" and not isinstance(said, list):
        return [said]
    return said


def _literal(said: Any, kind: Kind, left: Any, known: Known) -> Any:
    """A literal as the property beside it has it."""
    if said is None:
        raise BadRequest(f"filter compares {_named(left)} with null; write {_named(left)} IS NULL.")
    if kind == "array":
        if isinstance(said, list):
            return said
        raise BadRequest(f"{_named(left)} is a list; write A_CONTAINS({_named(left)}, ({said!r})).")
    if kind in ("string", "any") and _is_folded(said):
        return said
    queryable = known.get(left["property"]) if "property" in left else None
    return scalar(said, queryable or Queryable(_named(left), kind, _named(left)))


def scalar(value: Any, queryable: Queryable) -> Any:
    """A value as Items have that property: text that reads as a number is one. Raises BadRequest."""
    convert = queryable.row.convert if queryable.row else ""
    match queryable.kind, value:
        case (("number" | "integer"), _) if (found := number(value)) is not None:
            return found
        case "string", str() | int() | float() if convert.startswith("digits-"):
            return CONVERTERS[convert](value) or str(value)
        case (("string" | "any"), str()):
            return value
        case "any", bool() | int() | float():
            return value
        case "boolean", bool() | "true" | "false":
            return value in (True, "true")
    hint = _HOW_TO_WRITE.get(queryable.kind, "compare it with a single value")
    raise BadRequest(f"{queryable.name} is of type {queryable.kind}: {hint}, not {value!r}.")


def _kind(said: Any, known: Known) -> Kind | None:
    """Of a property or of what is computed; None for a literal."""
    match said:
        case {"property": name}:
            return _known(str(name), known).kind
        case {"op": "casei" | "accenti", "args": [inner]}:
            return _text_inside(inner, known)
        case {"op": _, "args": args}:
            kinds = {_kind(one, known) for one in args} - {None}
            if kinds - set(_NUMBERS):
                raise BadRequest(f"filter computes with {_named(args[0])}, which is no number.")
            return "number" if kinds else None
    return None


def _text_inside(inner: Any, known: Known) -> Kind | None:
    kind = _kind(inner, known)
    if kind not in (None, "string") or (kind is None and not isinstance(inner, str)):
        raise BadRequest(f"filter has {_named(inner)}, which is no text, in CASEI or ACCENTI.")
    return kind


def _known(name: str, known: Known) -> Queryable:
    found = known.get(name)
    if found is None:
        raise unknown("The searched collections have no property", name, known, "/queryables lists those there are.")
    return found


def _is_folded(said: Any) -> bool:
    """Whether it is a text without its case or its accents."""
    return isinstance(said, dict) and said.get("op") in ("casei", "accenti")


def _named(said: Any) -> str:
    return str(said["property"]) if isinstance(said, dict) and "property" in said else repr(said)
