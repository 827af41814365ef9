"""CQL2 as text or JSON → checked CQL2 JSON in one plain form, used both for pushing down and for testing Items.

The ``cql2`` library parses. It is guarded, because deep nesting crashes the process, and corrected where it
understands less than the standard: operators that it does not know, ``between`` and ``in`` over times, boxes across
the antimeridian.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

import cql2
import orjson

from stac_bridge.errors import BadRequest
from stac_bridge.search.params.geometry import read_bbox, read_geometry
from stac_bridge.search.params.limits import DEFAULT_LIMITS, Limits
from stac_bridge.search.params.suggest import unknown_name

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
_ARITHMETIC: dict[str, Callable[[float, float], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "%": math.fmod,
    "div": lambda left, right: float(math.trunc(left / right)),
}
_TEXTS = frozenset({"casei", "accenti"})
_PAIRS = COMPARISONS | SPATIAL | TEMPORAL | _ARRAYS | frozenset(_ARITHMETIC) | {"like", "in"}
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
"""The minimum and maximum number of arguments of each operator, by its name in lower case."""

_OTHER_NAMES = {
    **dict.fromkeys(("eq", "==", "equals", "equalto", "is"), "="),
    **dict.fromkeys(("ne", "neq", "notequalto"), "<>"),
    **dict.fromkeys(("lt", "lessthan", "before"), "<"),
    **dict.fromkeys(("le", "lte", "lessthanorequalto"), "<="),
    **dict.fromkeys(("gt", "greaterthan", "after"), ">"),
    **dict.fromkeys(("ge", "gte", "greaterthanorequalto"), ">="),
    **dict.fromkeys(("&&", "&", "all"), "and"),
    **dict.fromkeys(("||", "|", "any"), "or"),
    "!": "not",
    **dict.fromkeys(("ilike", "startswith", "endswith", "contains"), "like"),
    "bbox": "s_intersects",
    "within": "s_within",
    "disjoint": "s_disjoint",
    **dict.fromkeys(("t_anyinteracts", "tintersects"), "t_intersects"),
    **dict.fromkeys(("null", "is null"), "isNull"),
}
"""Operators of the query extension, of earlier CQL and of programming languages, and CQL2's for the same.

The library knows some more, such as ``!=`` and ``anyinteracts``, and translates them.
"""

_MAX_PARSE_STEPS = 2**18
"""Limit for the length of a text times 2 ** (depth of its parentheses): at each level the parser reads what is inside
twice before it stops, and keeps the interpreter locked (0.1 s at this limit, hours at 64 levels)."""

_SIGN_CHAIN = re.compile(r"(?:-\s*){64}")
"""Signs in a row: the library nests one level for each, and thousands of them crash the process."""

_CRS84 = ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "https://www.opengis.net/def/crs/OGC/1.3/CRS84")
_OBJECTS = frozenset({"op", "property", "timestamp", "date", "interval", "bbox", "function"})
"""Members by which CQL2's objects are recognized; geometries are recognized by their type."""

_MEMBERS: dict[str, type] = {"op": str, "property": str, "bbox": list}

_EMPTY_GEOMETRY = re.compile(
    r"\b\w*(?:POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\s+(?:ZM?\s+|M\s+)?EMPTY\b", re.IGNORECASE
)
"""The library cannot parse a geometry without coordinates, and its error does not say so."""
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")


def read_filter(value: Any, lang: Any = None, crs: Any = None, limits: Limits = DEFAULT_LIMITS) -> Cql2:
    """Parse a ``filter`` parameter in either encoding. Raises BadRequest with what to change.

    In the result, operators are in lower case (except ``isNull``), ``between`` and ``in`` (except for ids) are
    comparisons, and a bbox is a geometry.
    """
    if crs is not None and crs not in _CRS84:
        raise BadRequest(f"filter-crs is {crs!r}; filters are in longitude and latitude only: {_CRS84[0]}.")
    if lang not in (None, "cql2-text", "cql2-json"):
        raise BadRequest(f"filter-lang is cql2-text or cql2-json, not {lang!r}.")
    if isinstance(value, str) and (lang == "cql2-json" or (lang is None and value.lstrip().startswith("{"))):
        value = _load_json(value)
    if isinstance(value, str):
        parsed = _parse_text(value, limits)
    elif isinstance(value, dict | bool) and lang != "cql2-text":
        parsed = _parse_json(value, limits)
    else:
        raise BadRequest('filter is CQL2 text such as "eo:cloud_cover" < 10, or with filter-lang=cql2-json an object.')
    limits.check(parsed, "filter")
    if (count := count_terms(parsed)) > limits.conditions:
        raise BadRequest(
            f"filter has {count} conditions and list elements to test on each Item; {limits.conditions} are the "
            "maximum. Values of one property count once if IN or OR joins them; send the others in several searches."
        )
    return _predicate(parsed)


def _load_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"filter cannot be read as JSON: {error}.") from None


def _parse_text(text: str, limits: Limits) -> Any:
    if len(text) > limits.text:
        raise BadRequest(
            f"filter has {len(text)} characters; {limits.text} are the maximum. Send a longer one as cql2-json."
        )
    _check_nesting(text, limits)
    if _EMPTY_GEOMETRY.search(_QUOTED.sub("", text)):
        raise BadRequest("filter has an empty geometry; add coordinates or leave it out.")
    return _parse(cql2.parse_text, text, "CQL2 text")


def _parse_json(value: Any, limits: Limits) -> Any:
    limits.check(value, "filter")
    try:
        content = orjson.dumps(value)
    except TypeError as error:
        raise BadRequest(f"filter cannot be read as CQL2 JSON: {error}.") from None
    if len(content) > limits.filter:
        raise BadRequest(f"filter has {len(content)} bytes; {limits.filter} are the maximum.")
    try:
        return _parse(cql2.parse_json, content.decode(), "CQL2 JSON")
    except BadRequest:
        _check_literals(value)  # the library does not say which part it cannot read
        raise


def _check_literals(value: Any) -> None:
    """Raises BadRequest for a geometry, an operation or another object that is not one, anywhere in a filter."""
    queue = [value]
    while queue:
        part = queue.pop()
        if isinstance(part, dict) and "type" in part:
            read_geometry(part, "a geometry in filter")
        elif isinstance(part, dict) and not isinstance(part.get("interval", []), list):
            raise BadRequest(
                f"filter has the interval {_shown(part['interval'])}; "
                'write {"interval": [start, end]}, or the text "start/end" alone.'
            )
        elif isinstance(part, dict) and "op" in part and not isinstance(part.get("args"), list):
            raise BadRequest(f'filter has {_shown(part)}; write {{"op": …, "args": […]}}, with a list of arguments.')
        elif isinstance(part, dict) and (
            part.keys().isdisjoint(_OBJECTS)
            or not all(isinstance(part.get(name, kind()), kind) for name, kind in _MEMBERS.items())
        ):
            raise BadRequest(f"filter has {_shown(part)}, which is no value of CQL2.")
        else:
            queue += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()


def _parse(parse: Callable[[str], cql2.Expr], text: str, language: str) -> Any:
    try:
        return parse(text).to_json()
    except Exception as error:  # noqa: BLE001 -- the library raises a bare Exception for a geometry without positions
        raise BadRequest(f"filter cannot be read as {language}: {_one_line(error)}.") from None


def _check_nesting(text: str, limits: Limits) -> None:
    """Refuse text that would crash the library or take it too long. Raises BadRequest."""
    unquoted = _QUOTED.sub("", text)
    depth = _depth_of_text(unquoted)
    if depth > limits.depth or _SIGN_CHAIN.search(unquoted):
        raise BadRequest(limits.too_deep("filter"))
    if len(text) << depth > _MAX_PARSE_STEPS:
        raise BadRequest(
            f"filter has parentheses {depth} deep in {len(text)} characters, which takes too long to read as text; "
            "send it as cql2-json, or rewrite it with fewer parentheses."
        )


def _depth_of_text(unquoted: str) -> int:
    """The maximum number of parentheses that are open at the same time."""
    deepest = level = 0
    for char in unquoted:
        level += (char == "(") - (char == ")")
        deepest = max(deepest, level)
    return deepest


def _one_line(error: Exception) -> str:
    """The library's message on one line: it draws the text and points at the position over several lines."""
    lines = [line.strip(" |=") for line in str(error).splitlines() if line.strip(" |^-=")]
    position = re.search(r"-->\s*\d+:(\d+)", str(error))
    return (f"at character {position[1]}, " if position else "") + (lines[-1] if lines else "it is no expression")


# -- checking ------------------------------------------------------------------------------------------------


def _predicate(value: Any) -> Cql2:
    """Return a condition, which is true, false or unknown, in its plain form."""
    if isinstance(value, bool):
        return {"op": "and", "args": [value]}
    if not isinstance(value, dict) or str(value.get("op")).lower() not in _PREDICATES:
        if isinstance(value, dict) and "op" in value:
            _operator(str(value["op"]))
        raise BadRequest(f'filter has {_shown(value)} where a condition belongs, such as "eo:cloud_cover" < 10.')
    return _plain_predicate(_operator(str(value["op"])), value.get("args", []))


def _plain_predicate(name: str, args: list[Any]) -> Cql2:
    if name == "between" and len(args) == 2 and isinstance(args[1], list):
        args = [args[0], *args[1]]  # as in drafts of the standard, which some clients still send
    _check_arity(name, args)
    if name in ("and", "or", "not"):
        return {"op": name, "args": [arg if isinstance(arg, bool) else _predicate(arg) for arg in args]}
    if name == "isnull":
        return {"op": "isNull", "args": [_value(args[0])]}
    if name == "between":
        value, low, high = (_value(arg) for arg in args)
        return all_of([{"op": ">=", "args": [value, low]}, {"op": "<=", "args": [value, high]}])
    if name == "in":
        return _in(_value(args[0]), args[1])
    return {"op": name, "args": [_value(arg) for arg in args]}


def _in(value: Any, elements: Any) -> Cql2:
    """Equal comparisons joined by or, except for ids: the library does not compare times in lists."""
    values = [_value(element) for element in (elements if isinstance(elements, list) else [elements])]
    if value == {"property": "id"} and all(isinstance(element, str) for element in values):
        return {"op": "in", "args": [value, values]}
    return {"op": "or", "args": [{"op": "=", "args": [value, element]} for element in values]}


def _value(value: Any) -> Any:
    """Return an expression that is not a condition in its plain form."""
    match value:
        case {"op": op, "args": args}:
            return _operation(str(op), args)
        case {"bbox": bbox}:
            return read_bbox(bbox)
        case {"type": _}:
            return read_geometry(value, "a geometry in filter")
        case {"interval": list(ends)}:
            return _interval(ends)
        case {"property": str(name)}:
            return {"property": name.removeprefix("properties.")}
        case float() if not math.isfinite(value):
            raise BadRequest("filter has a number that is too large; numbers go up to 1.8e308.")
        case {"timestamp": _} | {"date": _} | str() | bool() | int() | float() | None:
            return value
        case list():
            return [_value(element) for element in value]
    raise BadRequest(f"filter has {_shown(value)}, which is no value of CQL2.")


def _operation(op: str, args: list[Any]) -> Any:
    """A value that is computed or folded."""
    name = _operator(op)
    if name in _PREDICATES:
        raise BadRequest(f"filter has the condition {op} where a value belongs.")
    _check_arity(name, args)
    values = [_value(arg) for arg in args]
    if name in _ARITHMETIC and all(isinstance(part, float) for part in values):
        return _computed(name, *values)
    return {"op": name, "args": values}


def _computed(name: str, left: float, right: float) -> float:
    """The result of arithmetic on numbers alone, which is a literal like any other."""
    try:
        result = _ARITHMETIC[name](left, right)
    except (ArithmeticError, ValueError):
        result = math.nan
    if not isinstance(result, float) or not math.isfinite(result):  # the root of a negative number is complex
        raise BadRequest(f"filter has {left:g} {name} {right:g}, which is no number.")
    return result


def _interval(ends: list[Any]) -> Any:
    """An interval of two ends, or the text of one."""
    if len(ends) == 1 and isinstance(ends[0], str):
        return ends[0]
    if len(ends) != 2:
        raise BadRequest(f"filter has an interval of {len(ends)} times; write INTERVAL('start', 'end').")
    return {"interval": [_value(end) for end in ends]}


def _operator(op: str) -> str:
    name = op.lower()
    if name in _OTHER_NAMES:
        raise BadRequest(
            f"filter has the operator {op!r}, which CQL2 does not have; did you mean {_OTHER_NAMES[name]!r}?"
        )
    if name not in _ARITY:
        raise unknown_name("filter has an operator or function that this server does not know:", op, sorted(_ARITY))
    return name


def _check_arity(name: str, args: Any) -> None:
    low, high = _ARITY[name]
    if not isinstance(args, list) or not low <= len(args) <= high:
        count = len(args) if isinstance(args, list) else 0
        raise BadRequest(
            f"filter has {name} with {count} arguments; it takes {low if low == high else f'{low} or more'}."
        )


def _shown(value: Any) -> str:
    shown = orjson.dumps(value, default=repr).decode()
    return shown if len(shown) <= 60 else shown[:57] + "..."


# -- building and inspecting ---------------------------------------------------------------------------------


def all_of(clauses: list[Cql2]) -> Cql2:
    """Join clauses by and."""
    return clauses[0] if len(clauses) == 1 else {"op": "and", "args": clauses}


def escape_like(text: str) -> str:
    r"""Escape text for a LIKE pattern, which then matches this text only.

    >>> escape_like("50%_off")
    '50\\%\\_off'
    """
    return "".join(f"\\{char}" if char in "%_\\" else char for char in text)


def subexpressions(expression: Any) -> Iterator[Any]:
    """Yield an expression and everything inside it."""
    yield expression
    if isinstance(expression, dict):
        children = expression.get("args") or expression.get("interval") or ()
    else:
        children = expression if isinstance(expression, list) else ()
    for child in children:
        yield from subexpressions(child)


def properties_of(expression: Any) -> set[str]:
    """Return the names of the properties in an expression."""
    return {part["property"] for part in subexpressions(expression) if isinstance(part, dict) and "property" in part}


def equal_literal(expression: Any) -> tuple[str, Any] | None:
    """Return the property and the value of an equal comparison with a literal; None for anything else."""
    match expression:
        case {"op": "=", "args": [{"property": str(name)}, (str() | bool() | int() | float()) as value]}:
            return name, value
        case {"op": "=", "args": [{"property": str(name)}, {"timestamp": str()} as value]}:
            return name, value
    return None


def count_terms(expression: Any) -> int:
    """Return the number of operators and of list elements, each of which is tested on each Item.

    The values that an ``or`` or ``in`` compares one property with, and the places that it compares the Item's with by
    one operator, count as one, because they are tested together.

    >>> equal = [{"op": "=", "args": [{"property": "id"}, name]} for name in "abc"]
    >>> count_terms({"op": "or", "args": equal}), count_terms({"op": "and", "args": equal})
    (2, 4)
    """
    if isinstance(expression, list):
        return sum(1 if not isinstance(part, dict | list) else count_terms(part) for part in expression)
    if not isinstance(expression, dict) or "args" not in expression:
        return 0
    op, args = str(expression["op"]).lower(), expression["args"]
    if op == "in":
        return 1
    if op != "or":
        return 1 + sum(count_terms(part) for part in args)
    compared = [(equal_literal(part) or ("",))[0] or _place_operator(part) for part in args]
    rest = [part for part, name in zip(args, compared, strict=True) if not name]
    return 1 + len({name for name in compared if name}) + count_terms(rest)


def _place_operator(expression: Any) -> str:
    """The name of a spatial operator; empty for anything else."""
    name = str(expression.get("op")).lower() if isinstance(expression, dict) else ""
    return name if name in SPATIAL else ""
