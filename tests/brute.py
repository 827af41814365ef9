"""Searching by looking at every Item: CQL2 evaluated by hand, three-valued, to hold the real search to.

It shares nothing with the search but the Items: no parsing, typing, compiling or library of it.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key
from typing import Any

import shapely
from shapely.geometry import shape

Truth = bool | None
Item = dict[str, Any]

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_DAY_END = timedelta(days=1, microseconds=-1)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPUTE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TIMES = ("datetime", "start_datetime", "end_datetime")


def matches(said: Any, item: Item) -> bool:
    """Whether an Item matches; what is unknown does not."""
    return truth(said, item) is True


def truth(said: Any, item: Item) -> Truth:
    """True, False, or None for unknown."""
    if isinstance(said, bool):
        return said
    op, args = said["op"].lower(), said["args"]
    if op in ("and", "or", "not"):
        return _joined(op, [truth(one, item) for one in args])
    if op == "between":
        low = truth({"op": ">=", "args": [args[0], args[1]]}, item)
        return _all([low, truth({"op": "<=", "args": [args[0], args[2]]}, item)])
    if op == "in":
        return truth({"op": "or", "args": [{"op": "=", "args": [args[0], one]} for one in args[1]]}, item)
    return _leaf(op, args, item)


def _joined(op: str, parts: list[Truth]) -> Truth:
    if op == "not":
        return _not(parts[0])
    return _all(parts) if op == "and" else _not(_all(_not(one) for one in parts))


def _leaf(op: str, args: list[Any], item: Item) -> Truth:
    if op == "isnull":
        return value(args[0], item) is None
    if op.startswith("t_"):
        return _temporal(op, *(_span(one, item) for one in args))
    if op.startswith("s_"):
        return _spatial(op, *(_place(one, item) for one in args))
    if op.startswith("a_"):
        return _array(op, value(args[0], item), value(args[1], item))
    if op == "like":
        return _like(value(args[0], item), value(args[1], item))
    return _compared(op, args, item)


def _all(every: Iterable[Truth]) -> Truth:
    found = list(every)
    return False if False in found else None if None in found else True


def _not(one: Truth) -> Truth:
    return None if one is None else not one


def _compared(op: str, args: list[Any], item: Item) -> Truth:
    left, right = args
    if _is_time(left) or _is_time(right):
        if not _is_property(left) and _is_property(right):
            op, left, right = _FLIPPED.get(op, op), right, left
        one, other = _span(left, item), _span(right, item)
        if one is None or other is None:
            return None
        return _compared_spans(op, one, other)
    one, other = value(left, item), value(right, item)
    return None if one is None or other is None else _COMPARE[op](one, other)


def _compared_spans(op: str, one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    """A day is all of its moments, and the span of an Item is true if any moment of it is."""
    equal = one[0] <= other[1] and one[1] >= other[0]
    return {
        "=": equal,
        "<>": not equal,
        "<": one[0] < other[0],
        "<=": one[0] <= other[1],
        ">": one[1] > other[1],
        ">=": one[1] >= other[0],
    }[op]


def _is_property(said: Any) -> bool:
    return isinstance(said, dict) and "property" in said


def _is_time(said: Any) -> bool:
    return isinstance(said, dict) and (said.get("property") in _TIMES or bool({"timestamp", "date"} & said.keys()))


def value(said: Any, item: Item) -> Any:
    """A property, what is computed, or a literal; None for null."""
    if isinstance(said, dict) and "property" in said:
        name = said["property"]
        return item.get(name) if name in ("id", "collection", "geometry") else item["properties"].get(name)
    if isinstance(said, dict) and "op" in said:
        parts = [value(one, item) for one in said["args"]]
        if None in parts:
            return None
        if said["op"] == "casei":
            return str(parts[0]).lower()
        if said["op"] == "accenti":
            return "".join(one for one in unicodedata.normalize("NFD", parts[0]) if not unicodedata.combining(one))
        return _COMPUTE[said["op"]](*parts)
    if isinstance(said, list):
        return [value(one, item) for one in said]
    return said


def _like(text: Any, pattern: Any) -> Truth:
    if text is None:
        return None
    parts = re.findall(r"\\.|%|_|[^\\%_]+", pattern)
    written = "".join(".*" if one == "%" else "." if one == "_" else re.escape(one.lstrip("\\")) for one in parts)
    return re.fullmatch(written, text, re.DOTALL) is not None


def _array(op: str, one: Any, other: Any) -> Truth:
    if one is None or other is None:
        return None
    mine, theirs = set(one), set(other)
    return {
        "a_equals": mine == theirs,
        "a_contains": mine >= theirs,
        "a_containedby": mine <= theirs,
        "a_overlaps": bool(mine & theirs),
    }[op]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _span(said: Any, item: Item) -> tuple[datetime, datetime] | None:
    """First and last moment."""
    if isinstance(said, dict) and "interval" in said:
        ends = [one if one == ".." else _span(one, item) for one in said["interval"]]
        if None in ends:
            return None
        return (_FIRST if ends[0] == ".." else ends[0][0], _LAST if ends[1] == ".." else ends[1][1])
    if said == {"property": "datetime"} and value(said, item) is None:
        return _span({"interval": [{"property": "start_datetime"}, {"property": "end_datetime"}]}, item)
    text = said.get("timestamp") or said.get("date") or value(said, item) if isinstance(said, dict) else said
    if text is None:
        return None
    if len(text) == 10:
        return instant(f"{text}T00:00:00Z"), instant(f"{text}T00:00:00Z") + _DAY_END
    return instant(text), instant(text)


def _temporal(op: str, one: tuple[datetime, datetime] | None, other: tuple[datetime, datetime] | None) -> Truth:
    if one is None or other is None:
        return None
    (a, b), (c, d) = one, other
    return {
        "t_after": a > d,
        "t_before": b < c,
        "t_contains": a < c and b > d,
        "t_disjoint": b < c or a > d,
        "t_during": a > c and b < d,
        "t_equals": a == c and b == d,
        "t_finishedby": a < c and b == d,
        "t_finishes": a > c and b == d,
        "t_intersects": a <= d and b >= c,
        "t_meets": b == c,
        "t_metby": a == d,
        "t_overlappedby": a > c and a < d and b > d,
        "t_overlaps": a < c and b > c and b < d,
        "t_startedby": a == c and b > d,
        "t_starts": a == c and b < d,
    }[op]


def _place(said: Any, item: Item) -> Any:
    if isinstance(said, dict) and "bbox" in said:
        west, south, east, north = said["bbox"]
        if west <= east:
            return shapely.box(west, south, east, north)
        return shapely.union_all([shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)])
    found = value(said, item)
    return None if found is None else shape(found)


def _spatial(op: str, one: Any, other: Any) -> Truth:
    if one is None or other is None:
        return None
    return bool(getattr(one, op.removeprefix("s_"))(other))


def in_order(items: list[Item], sortby: list[tuple[str, bool]]) -> list[Item]:
    """Sorted by (name, descending), what is unknown last, ties by id."""

    def key(item: Item) -> list[Any]:
        found = []
        for name, _descending in sortby:
            one = value({"property": name}, item)
            if one is None and name == "datetime":
                one = item["properties"].get("start_datetime")
            found.append(instant(one) if one is not None and name in _TIMES else one)
        return [*found, item["id"]]

    def compare(one: Item, other: Item) -> int:
        directions = [*(descending for _name, descending in sortby), False]
        for mine, theirs, descending in zip(key(one), key(other), directions, strict=True):
            if mine == theirs:
                continue
            if mine is None or theirs is None:
                return 1 if mine is None else -1
            return 1 if (mine > theirs) != descending else -1
        return 0

    return sorted(items, key=cmp_to_key(compare))
