"""CQL2 as text or JSON → checked CQL2 JSON in one plain form, which compiling and trying on Items both take.

The library parses. It is guarded, because deep nesting ends its process, and corrected where it reads less than the
standard says: operators that it does not know, ``between`` and ``in`` over times, boxes across the antimeridian.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import cql2
import orjson

from stac_bridge.errors import BadRequest
from stac_bridge.search.params.geometry import read_bbox, read_geometry
from stac_bridge.search.params.limits import USUAL
from stac_bridge.search.params.suggest import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stac_bridge.search.params.limits import Limits

__all__ = ["COMPARISONS", "SPATIAL", "TEMPORAL", "Cql2", "all_of", "parts", "properties_of", "read_filter"]

Cql2 = dict[str, Any]

COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})
SPATIAL = frozenset(
    {
        "s_intersects",
        "s_equals",
        "s_disjoint",
        "s_touches",
        "s_within",
        "s_overlaps",
        "s_crosses",
        "s_contains",
    }
)
TEMPORAL = frozenset(
    {
        "t_after",
        "t_before",
        "t_contains",
        "t_disjoint",
        "t_during",
        "t_equals",
        "t_finishedby",
        "t_finishes",
        "t_intersects",
        "t_meets",
        "t_metby",
        "t_overlappedby",
        "t_overlaps",
        "t_startedby",
        "t_starts",
    }
)
_ARRAYS = frozenset({"a_equals", "a_contains", "a_containedby", "a_overlaps"})
_ARITHMETIC = frozenset({"+", "-", "*", "/", "^", "%", "div"})
_TEXTS = frozenset({"casei", "accenti"})
_PAIRS = COMPARISONS | SPATIAL | TEMPORAL | _ARRAYS | _ARITHMETIC | {"like", "in"}
_PREDICATES = (COMPARISONS | SPATIAL | TEMPORAL | _ARRAYS) | {"and", "or", "not", "like", "in", "between", "isnull"}

_ARITY: dict[str, tuple[int, int]] = {
    **dict.fromkeys(_PAIRS, (2, 2)),
    **dict.fromkeys(_TEXTS, (1, 1)),
    "and": (1, 10_000),
    "or": (1, 10_000),
    "not": (1, 1),
    "isnull": (1, 1),
    "between": (3, 3),
}
"""Operators, in small letters, and how many arguments each takes."""

_TRIES = 2**19
"""Characters of a text times two to the power of its parentheses' depth: at each level the parser tries what is
inside twice before it gives up, and others wait for it (0.3 s at this bound, hours at 64 levels)."""

_SIGNS = re.compile(r"(?:-\s*){64}")
"""Signs in a row, each of which is a level to the library: thousands of them end the process."""

_CRS84 = ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "https://www.opengis.net/def/crs/OGC/1.3/CRS84")
_EMPTY = re.compile(r"\b\w*(?:POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\s+(?:ZM?\s+|M\s+)?EMPTY\b", re.IGNORECASE)
"""The library has no words for a geometry without coordinates."""
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")


def read_filter(said: Any, lang: Any = None, crs: Any = None, limits: Limits = USUAL) -> Cql2:
    """A ``filter`` parameter, of either language. Raises BadRequest with what to change."""
    if crs is not None and crs not in _CRS84:
        raise BadRequest(f"filter-crs is {crs!r}; filters are in longitude and latitude only: {_CRS84[0]}.")
    if lang not in (None, "cql2-text", "cql2-json"):
        raise BadRequest(f"filter-lang is cql2-text or cql2-json, not {lang!r}.")
    if isinstance(said, str) and (lang == "cql2-json" or (lang is None and said.lstrip().startswith("{"))):
        said = _json(said)
    if isinstance(said, str):
        parsed = _parsed_text(said, limits)
    elif isinstance(said, dict | bool) and lang != "cql2-text":
        parsed = _parsed_json(said, limits)
    else:
        raise BadRequest('filter is CQL2 text such as "eo:cloud_cover" < 10, or with filter-lang=cql2-json an object.')
    limits.check(parsed, "filter")
    return _checked_predicate(parsed)


def _json(said: str) -> Any:
    try:
        return orjson.loads(said)
    except orjson.JSONDecodeError as broken:
        raise BadRequest(f"filter cannot be read as JSON: {broken}.") from None


def _parsed_text(said: str, limits: Limits) -> Any:
    if len(said) > limits.text:
        raise BadRequest(
            f"filter has {len(said)} characters; {limits.text} are the most. Send a longer one as cql2-json."
        )
    _check_parentheses(said, limits)
    if _EMPTY.search(_QUOTED.sub("", said)):
        raise BadRequest("filter has an empty geometry; give it coordinates or leave it out.")
    return _parsed(cql2.parse_text, said, "CQL2 text")


def _parsed_json(said: Any, limits: Limits) -> Any:
    limits.check(said, "filter")
    try:
        written = orjson.dumps(said)
    except TypeError as broken:
        raise BadRequest(f"filter cannot be read as CQL2 JSON: {broken}.") from None
    if len(written) > limits.filter:
        raise BadRequest(f"filter has {len(written)} bytes; {limits.filter} are the most.")
    return _parsed(cql2.parse_json, written.decode(), "CQL2 JSON")


def _parsed(parse: Callable[[str], cql2.Expr], text: str, language: str) -> Any:
    try:
        return parse(text).to_json()
    except Exception as broken:  # noqa: BLE001 -- the library raises a bare Exception for a geometry without positions
        raise BadRequest(f"filter cannot be read as {language}: {_one_line(broken)}.") from None


def _check_parentheses(said: str, limits: Limits) -> None:
    """What the library would read for too long, or never. Raises BadRequest."""
    bare = _QUOTED.sub("", said)
    depth = _depth_of_text(bare)
    if depth > limits.depth or _SIGNS.search(bare):
        raise BadRequest(limits.too_deep("filter"))
    if len(said) << depth > _TRIES:
        raise BadRequest(
            f"filter has parentheses {depth} deep in {len(said)} characters, which takes too long to read as text; "
            "send it as cql2-json, or say the same with fewer parentheses."
        )


def _depth_of_text(bare: str) -> int:
    """How many parentheses are open at most."""
    deepest = level = 0
    for one in bare:
        level += (one == "(") - (one == ")")
        deepest = max(deepest, level)
    return deepest


def _one_line(broken: Exception) -> str:
    """The library points at the place over several lines."""
    lines = [line.strip(" |=") for line in str(broken).splitlines() if line.strip(" |^-=")]
    place = re.search(r"-->\s*\d+:(\d+)", str(broken))
    return (f"at character {place[1]}, " if place else "") + (lines[-1] if lines else "it is no expression")


# -- checking ------------------------------------------------------------------------------------------------


def _checked_predicate(said: Any) -> Cql2:
    """A condition in its plain form: what can only be true, false or unknown."""
    if isinstance(said, bool):
        return {"op": "and", "args": [said]}
    if not isinstance(said, dict) or str(said.get("op")).lower() not in _PREDICATES:
        if isinstance(said, dict) and "op" in said:
            _known(str(said["op"]))
        raise BadRequest(f'filter has {_shown(said)} where a condition belongs, such as "eo:cloud_cover" < 10.')
    return _plain_predicate(_known(str(said["op"])), said.get("args", []))


def _plain_predicate(name: str, args: list[Any]) -> Cql2:
    if name == "between" and len(args) == 2 and isinstance(args[1], list):
        args = [args[0], *args[1]]  # as drafts of the standard had it, and clients still have
    _counted(name, args)
    if name in ("and", "or", "not"):
        return {"op": name, "args": [one if isinstance(one, bool) else _checked_predicate(one) for one in args]}
    if name == "isnull":
        return {"op": "isNull", "args": [_checked_value(args[0])]}
    if name == "between":
        value, low, high = (_checked_value(one) for one in args)
        return all_of([{"op": ">=", "args": [value, low]}, {"op": "<=", "args": [value, high]}])
    if name == "in":
        return _in(_checked_value(args[0]), args[1])
    return {"op": name, "args": [_checked_value(one) for one in args]}


def _in(value: Any, listed: Any) -> Cql2:
    """As a chain of equals, but for ids: the library does not compare times in lists."""
    values = [_checked_value(one) for one in (listed if isinstance(listed, list) else [listed])]
    if value == {"property": "id"} and all(isinstance(one, str) for one in values):
        return {"op": "in", "args": [value, values]}
    return {"op": "or", "args": [{"op": "=", "args": [value, one]} for one in values]}


def _checked_value(said: Any) -> Any:
    match said:
        case {"op": op, "args": args}:
            name = _known(str(op))
            if name in _PREDICATES:
                raise BadRequest(f"filter has the condition {op} where a value belongs.")
            _counted(name, args)
            return {"op": name, "args": [_checked_value(one) for one in args]}
        case {"bbox": bbox}:
            return read_bbox(bbox)
        case {"type": _}:
            return read_geometry(said, "a geometry in filter")
        case {"interval": [start, end]}:
            return {"interval": [_checked_value(start), _checked_value(end)]}
        case {"property": str(name)}:
            return {"property": name.removeprefix("properties.")}
        case float() if not math.isfinite(said):
            raise BadRequest("filter has a number that is too large; numbers go up to 1.8e308.")
        case {"timestamp": _} | {"date": _} | str() | bool() | int() | float() | None:
            return said
        case list():
            return [_checked_value(one) for one in said]
    raise BadRequest(f"filter has {_shown(said)}, which is no value of CQL2.")


def _known(op: str) -> str:
    name = op.lower()
    if name not in _ARITY:
        raise unknown("filter has an operator or function that this server does not know:", op, sorted(_ARITY))
    return name


def _counted(name: str, args: Any) -> None:
    low, high = _ARITY[name]
    if not isinstance(args, list) or not low <= len(args) <= high:
        given = len(args) if isinstance(args, list) else 0
        raise BadRequest(f"filter gives {name} {given} arguments; it takes {low if low == high else f'{low} or more'}.")


def _shown(said: Any) -> str:
    shown = orjson.dumps(said, default=repr).decode()
    return shown if len(shown) <= 60 else shown[:57] + "..."


# -- looking inside ------------------------------------------------------------------------------------------


def all_of(clauses: list[Cql2]) -> Cql2:
    """Clauses joined by and."""
    return clauses[0] if len(clauses) == 1 else {"op": "and", "args": clauses}


def parts(said: Any) -> Iterator[Any]:
    """An expression and everything inside it."""
    yield said
    if isinstance(said, dict):
        inner = said.get("args") or said.get("interval") or ()
    else:
        inner = said if isinstance(said, list) else ()
    for one in inner:
        yield from parts(one)


def properties_of(said: Any) -> set[str]:
    """The names of the properties in an expression."""
    return {one["property"] for one in parts(said) if isinstance(one, dict) and "property" in one}
