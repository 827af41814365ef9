"""Which values a property can have: what its mapping's tables, converters and M2M's own lists allow.

A condition that no possible value meets needs no request.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase, translate
from functools import lru_cache, reduce
from glob import escape
from operator import or_
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

MAX_LIKE = 64
"""Characters of a LIKE pattern that is compared with a property's values or their form; values are shorter.

Longer ones count as possible, because a filter may have a thousand of them."""


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
            texts = (known for known in values if isinstance(known, str))
            return len(value) > MAX_LIKE or any(map(like_matcher(value), texts))
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


@lru_cache(maxsize=1024)
def like_matcher(like: str) -> Callable[[str], object]:
    r"""Return a function that returns whether a text matches a CQL2 pattern, in time that grows with its length only.

    >>> bool(like_matcher("L%_8")("LC08")), bool(like_matcher("\\%")("x"))
    (True, False)
    """
    parts = re.findall(r"\\.|.", like, re.DOTALL)
    glob = "".join({"%": "*", "_": "?"}.get(part) or escape(part[-1]) for part in parts)
    return re.compile(translate(glob)).match


def may_match(like: str, pattern: str) -> bool:
    r"""Return whether a text can match both a CQL2 pattern and a form.

    >>> may_match("LC08%", "LC0?_L2S?_*"), may_match("%L1TP%", "LC0?_L2S?_20"), may_match("0_7", "[0-9][0-9][0-9]")
    (True, False, True)
    >>> may_match("a%", "[0-9][0-9][0-9]"), may_match("\\%", "%"), may_match("\\%", "a")
    (False, True, False)
    """
    if len(like) > MAX_LIKE:
        return True
    elements = _elements_of_like(like)
    reached = elements.skipped(1)
    for element in _elements_of_form(pattern):
        reached = elements.after(reached, element)
    return bool(reached >> elements.count & 1)


@dataclass(frozen=True, slots=True)
class _LikeElements:
    """The elements of a CQL2 pattern, all of which are compared at once with an element of a form.

    The positions between elements that a match can have reached are the bits of an integer, 1 for the first.
    """

    count: int
    percents: int
    """The positions before a percent sign."""
    wildcards: int
    """The positions before a percent sign or an underscore."""
    characters: dict[str, int]
    """The positions before each character."""

    def skipped(self, reached: int) -> int:
        """Return the positions with those that are reached by an empty match of a percent sign."""
        return reached | (reached & self.percents) << 1

    def after(self, reached: int, form: str) -> int:
        """Return the positions that are reached after an element of a form."""
        if form == "*":  # matches any elements
            return -(reached & -reached) & (1 << self.count + 1) - 1
        alike = reached & self._alike(form)
        return self.skipped(alike & self.percents | (alike & ~self.percents) << 1)

    def _alike(self, form: str) -> int:
        """The positions before elements that can match the same character as an element of a form."""
        if form == "?":
            return (1 << self.count) - 1
        if len(form) in (1, 3):  # a set of a single character is how ``escape`` writes a wildcard
            return self.wildcards | self.characters.get(form[len(form) // 2], 0)
        return reduce(or_, (at for known, at in self.characters.items() if fnmatchcase(known, form)), self.wildcards)


@lru_cache(maxsize=1024)
def _elements_of_like(like: str) -> _LikeElements:
    # percent signs beside each other match what one of them matches
    elements = re.findall(r"%+|\\.|.", like, re.DOTALL)
    percents = underscores = 0
    characters: dict[str, int] = {}
    for position, element in enumerate(elements):
        at = 1 << position
        if element[0] == "%":
            percents |= at
        elif element == "_":
            underscores |= at
        else:
            characters[element[-1]] = characters.get(element[-1], 0) | at
    return _LikeElements(len(elements), percents, percents | underscores, characters)


@lru_cache(maxsize=4096)
def _elements_of_form(pattern: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\[[^\]]+\]|.", pattern, re.DOTALL))
