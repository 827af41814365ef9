"""Which values a property can have: what its mapping's tables, converters and M2M's own lists allow.

A condition that no possible value meets needs no request.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import escape
from typing import Any

from stac_bridge.catalog.entry import Entry
from stac_bridge.mapping import Queryable, Row
from stac_bridge.mapping.queryables import EPSG_CODES, PATTERNS, RANGES, field_kind

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

LISTS: dict[str, Callable[[set[Any], set[Any]], bool]] = {
    "a_equals": operator.eq,
    "a_contains": operator.ge,
    "a_containedby": operator.le,
    "a_overlaps": lambda left, right: bool(left & right),
}
"""Comparisons of a property that is a list with a list of literals."""

_MAX_LIKE = 512
"""Characters of a LIKE pattern that is compared with the form of a property's values; longer ones count as possible."""


def compare(op: str, left: Any, right: Any) -> bool:
    """Return the result of a comparison; False if the two cannot be compared."""
    try:
        return LISTS[op](set(left), set(right)) if op in LISTS else COMPARISONS[op](left, right)
    except TypeError:
        return False


@dataclass(frozen=True, slots=True)
class Domain:
    """The values that one source of a property can have, as far as they are limited."""

    values: tuple[Any, ...] | None = None
    """All of them; None if they cannot be listed."""
    patterns: tuple[str, ...] = ()
    """The forms of its texts, with ``*``, ``?`` and ``[0-9]``; empty: any."""
    low: Any = None
    high: Any = None
    """The smallest and largest value; None: no limit."""
    is_whole: bool = False
    """Whether it has whole numbers only."""

    def can_hold(self, op: str, value: Any) -> bool:
        """Return whether one of the values may meet a condition."""
        if self.values is not None:
            return self._one_holds(op, value, self.values)
        if op == "like":
            return not self.patterns or any(may_match(value, pattern) for pattern in self.patterns)
        if op not in COMPARISONS or op == "<>":
            return True
        if op == "=" and isinstance(value, str) and self.patterns:
            return any(fnmatchcase(value, pattern) for pattern in self.patterns)
        if op == "=" and self.is_whole and isinstance(value, float) and not value.is_integer():
            return False
        return self._is_within(op, value["timestamp"] if isinstance(value, dict) else value)

    @staticmethod
    def _one_holds(op: str, value: Any, values: tuple[Any, ...]) -> bool:
        if op == "like":
            return any(isinstance(known, str) and may_match(value, escape(known)) for known in values)
        # the times of literals and of constants are not written alike
        if (op not in COMPARISONS and op not in LISTS) or isinstance(value, dict):
            return True
        return any(compare(op, known, value) for known in values)

    def _is_within(self, op: str, value: Any) -> bool:
        reaches_low = self.low is None or op in (">", ">=") or compare("<" if op == "<" else "<=", self.low, value)
        reaches_high = self.high is None or op in ("<", "<=") or compare(">" if op == ">" else ">=", self.high, value)
        return reaches_low and reaches_high


ANYTHING = Domain()


def domains(queryable: Queryable, entry: Entry) -> tuple[Domain, ...]:
    """Return the values that a property of an entry's Items can have, one domain for each of its sources."""
    row = queryable.row
    match queryable.name:
        case "collection":
            return (Domain(values=(entry.id,)),)
        case "m2m:dataset":
            return (Domain(values=(entry.dataset.alias,)),)
        case _ if row is None:
            return (_without_row(queryable, entry),)
    listed = entry.listed_values(queryable) if row.otherwise is None else None
    if listed:
        return (Domain(values=tuple(listed)),)
    return tuple(_of_link(link, entry) for link in row.chain)


def can_hold(queryable: Queryable, op: str, value: Any, entry: Entry) -> bool:
    """Return whether an Item of an entry may meet a condition."""
    if queryable.row is None and isinstance(value, str) and op == "=" and queryable.kind in ("number", "integer"):
        # It may be a value of M2M's list, or of a field of text that the property is called after in Items.
        # Which lists there are, only the dataset's details show.
        return (
            entry.details is None
            or queryable.filter is not None
            or any(field_kind(name) == "string" for name in queryable.others)
        )
    return any(domain.can_hold(op, value) for domain in domains(queryable, entry))


def _of_link(link: Row, entry: Entry) -> Domain:
    if link.is_constant:
        return Domain(values=(link.value,))
    if link.values is not None:
        return Domain(values=tuple(link.values.values()))
    if link.convert.startswith("part-") and link.convert in _PARTS and link.scene == "displayId":
        return Domain(patterns=_part_patterns(entry.mapping.item.patterns, _PARTS[link.convert]))
    low, high = RANGES.get(link.convert, (None, None))
    return Domain(patterns=PATTERNS.get(link.convert, ()), low=low, high=high, is_whole=link.convert == "integer")


def _without_row(queryable: Queryable, entry: Entry) -> Domain:
    """The domain of a property that the grid has."""
    tiles = entry.mapping.tiles
    match queryable.name:
        case "proj:code":
            return Domain(values=tuple(f"EPSG:{code}" for code in EPSG_CODES))
        case "proj:epsg":
            return Domain(values=EPSG_CODES)
        case "grid:code" if tiles:
            return Domain(patterns=(re.sub(r"\{[^{}]*\}", "*", tiles.code),))
    return ANYTHING


_PARTS = {"part-1": 1, "part-2": 2, "part-3": 3}


def _part_patterns(patterns: tuple[str, ...], position: int) -> tuple[str, ...]:
    """Return the forms of a part of the ids with these forms; empty if a part can be anything.

    >>> _part_patterns(("LC0?_L2S?_*", "LT08_L2S?_*"), 2), _part_patterns(("LC0?_*",), 2), _part_patterns((), 1)
    (('L2S?',), (), ())
    """
    parts = [pattern.split("_") for pattern in patterns]
    if any(len(split) < position or "*" in "".join(split[: position - 1]) for split in parts):
        return ()
    forms = dict.fromkeys(split[position - 1] for split in parts)
    return () if "*" in forms else tuple(forms)


def may_match(like: str, pattern: str) -> bool:
    r"""Return whether a text can match both a CQL2 pattern and a form.

    >>> may_match("LC08%", "LC0?_L2S?_*"), may_match("%L1TP%", "LC0?_L2S?_20"), may_match("0_7", "[0-9][0-9][0-9]")
    (True, False, True)
    >>> may_match("a%", "[0-9][0-9][0-9]"), may_match("\\%", "%"), may_match("\\%", "a")
    (False, True, False)
    """
    left, right = re.findall(r"\\.|.", like, re.DOTALL), re.findall(r"\[[^\]]+\]|.", pattern, re.DOTALL)
    if len(left) > _MAX_LIKE:
        return True
    seen: set[tuple[int, int]] = set()
    queue = [(0, 0)]
    while queue:
        state = at, to = queue.pop()
        if state in seen:
            continue
        seen.add(state)
        if state == (len(left), len(right)):
            return True
        if at < len(left) and left[at] == "%":
            queue.append((at + 1, to))
        if to < len(right) and right[to] == "*":
            queue.append((at, to + 1))
        if at < len(left) and to < len(right) and _share_character(left[at], right[to]):
            queue.append((at + (left[at] != "%"), to + (right[to] != "*")))
    return False


def _share_character(like: str, form: str) -> bool:
    """Whether one character can match both an element of a CQL2 pattern and one of a form."""
    return like in ("%", "_") or fnmatchcase(like[-1], form)
