"""One condition on one property → the M2M filter that its row names, widened where M2M's own reading is not known."""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from stac_bridge.m2m.filters import Between, CloudRange, Or, SceneFilter, Value
from stac_bridge.m2m.models.scenes import fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.catalog.catalog import Entry
    from stac_bridge.m2m.filters import MetadataFilter
    from stac_bridge.m2m.models.datasets import DatasetFilter
    from stac_bridge.mapping import Queryable, Row

__all__ = ["EVERYTHING", "NOTHING", "UNKNOWN", "Compiled", "fits", "id_filter", "row_filter"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A scene filter, and whether M2M's hits are exactly the Items asked for (else a few too many)."""

    filter: SceneFilter
    exact: bool

    def __and__(self, other: Compiled) -> Compiled:
        both_places = self.filter.spatial is not None and other.filter.spatial is not None
        return Compiled(self.filter & other.filter, self.exact and other.exact and not both_places)

    def __or__(self, other: Compiled) -> Compiled:
        for one, rest in ((self, other), (other, self)):
            if one.filter.is_empty:
                return rest
        joined = self.filter | other.filter
        return Compiled(joined, self.exact and other.exact and _is_union(self.filter, other.filter))


UNKNOWN = Compiled(SceneFilter(), exact=False)
EVERYTHING = Compiled(SceneFilter(), exact=True)
NOTHING = Compiled(SceneFilter.nothing(), exact=True)

_MAX_NUMBER = 2**31
"""Larger numbers are not pushed down: no field of M2M comes near, and JSON ends at 64 bits."""

_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


_KEEPS_NUMBERS = frozenset({"number", "integer", "elevation", "size", "percent"})
"""Converters whose numbers are M2M's own."""


def _is_union(one: SceneFilter, other: SceneFilter) -> bool:
    """Whether ``|`` of two filters adds nothing: they are the same but, at most, for their metadata trees."""
    if one == other:
        return True
    bare = {"metadata": None}
    same = one.model_copy(update=bare) == other.model_copy(update=bare)
    return same and one.metadata is not None and other.metadata is not None


def row_filter(found: Queryable, op: str, value: Any, entry: Entry) -> Compiled:
    """The scene filter of a condition on a property that a mapping's row makes (or on the id)."""
    if found.name == "id":
        return _ids(op, value, entry)
    row = found.row
    if row is None or row.filter is None:
        return UNKNOWN
    if row.filter.cloud_cover:
        return _cloud(op, value)
    if row.filter.months:
        return _months(op, value)
    known = entry.filters.get(fold(row.filter.label or ""))
    if known is None or row.otherwise is not None:
        return UNKNOWN
    if row.filter.equals:
        return _equal(row, op, value, known)
    if row.filter.between:
        return _between(row, op, value, known)
    return _text(op, value, known)


def _metadata(tree: MetadataFilter, *, exact: bool) -> Compiled:
    return Compiled(SceneFilter(metadata=tree), exact)


# -- ids and text --------------------------------------------------------------------------------------------


def id_filter(entry: Entry) -> DatasetFilter | None:
    """The dataset's filter that finds a scene by the id its Items have; None where it offers none."""
    row = entry.mapping.item.id.filter
    return entry.filters.get(fold(row.label)) if row and row.label else None


def _ids(op: str, value: Any, entry: Entry) -> Compiled:
    """Ids that no scene of the dataset can have are not asked for."""
    known = id_filter(entry)
    if known is None:
        return UNKNOWN
    if op == "like" and not any(_may_be_like(str(value), pattern) for pattern in entry.mapping.item.patterns or "*"):
        return NOTHING
    if op not in ("in", "="):
        return _text(op, value, known)
    wanted = [one for one in (value if isinstance(value, list) else [value]) if fits(one, entry)]
    if not wanted:
        return NOTHING
    # Text filters may take an underscore for any character, so hits may be too many.
    values = tuple(Value(filter_id=known.id, value=one, operand="=") for one in dict.fromkeys(wanted))
    return _metadata(values[0] if len(values) == 1 else Or(children=values), exact=False)


def fits(identifier: str, entry: Entry) -> bool:
    """Whether an id may be one of the dataset's, as far as its mapping tells their form."""
    patterns = entry.mapping.item.patterns
    return not patterns or any(fnmatchcase(identifier, pattern) for pattern in patterns)


def _may_be_like(like: str, pattern: str) -> bool:
    """Whether an id of a dataset's form may be like CQL2's pattern, by how the two begin."""
    plain = re.match(r"(?:\\.|[^%_\\])*", like, re.DOTALL)
    begin = re.sub(r"\\(.)", r"\1", plain[0] if plain else "", flags=re.DOTALL)
    form = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    return begin.startswith(form) or form.startswith(begin)


def _text(op: str, value: Any, known: DatasetFilter) -> Compiled:
    """M2M compares text in capitals, so what is found may be too much."""
    if op == "=":
        return _metadata(Value(filter_id=known.id, value=str(value), operand="="), exact=False)
    if op == "like":
        return _metadata(Value(filter_id=known.id, value=_pattern(str(value)), operand="like"), exact=False)
    return UNKNOWN


def _pattern(like: str) -> str:
    """CQL2's pattern with ``%`` for whatever is not a plain character: M2M's own escapes are not known."""
    return re.sub(r"%+", "%", re.sub(r"\\.|_", "%", like))


# -- values --------------------------------------------------------------------------------------------------


def _equal(row: Row, op: str, value: Any, known: DatasetFilter) -> Compiled:
    """By the keys of the valueList, never by labels."""
    listed = known.value_list or {}
    if row.values is not None and op in _HOLDS:
        keys = [key for key, found in row.values.items() if _holds(op, found, value)]
    elif row.values is None and op == "=":
        keys = [str(value)]
    else:
        return UNKNOWN
    if not all(key in listed for key in keys):
        return UNKNOWN
    values = tuple(Value(filter_id=known.id, value=key) for key in keys)
    if not values:
        return NOTHING
    return _metadata(values[0] if len(values) == 1 else Or(children=values), exact=True)


def _holds(op: str, found: Any, value: Any) -> bool:
    try:
        return _HOLDS[op](found, value)
    except TypeError:
        return False


def _between(row: Row, op: str, value: Any, known: DatasetFilter) -> Compiled:
    """Whole numbers exactly; decimals widened by one, because how M2M compares them is not known.

    M2M compares the raw field, so a converter that moves values (a wrapped azimuth, an absolute angle, a month
    of a date) makes a range of Items that is no range for M2M.
    """
    if row.convert not in _KEEPS_NUMBERS and not row.convert.startswith("digits-"):
        return UNKNOWN
    low, high = (row.filter.bounds if row.filter else None) or (None, None)
    whole = row.convert.startswith("digits-") or row.convert == "integer"
    if row.convert.startswith("digits-"):
        width = int(row.convert.removeprefix("digits-"))
        if not (isinstance(value, str) and value.isdecimal() and len(value) == width):
            return UNKNOWN
        value, low, high = int(value), 0, 10**width - 1
    comparable = isinstance(value, int | float) and abs(value) < _MAX_NUMBER
    ends = _ends(op, value, low, high) if comparable else None
    if ends is None:
        return UNKNOWN
    first, last = ends if whole else (math.floor(ends[0]) - 1, math.ceil(ends[1]) + 1)
    if first > last:
        return NOTHING
    return _metadata(Between(filter_id=known.id, first_value=first, second_value=last), exact=whole)


def _ends(op: str, value: float, low: float | None, high: float | None) -> tuple[Any, Any] | None:
    """Whole numbers between which a condition holds; None where one end is not known."""
    down, up = math.floor(value), math.ceil(value)
    ends = {
        "=": (value, value) if down == up else (up, down),
        "<": (low, up - 1),
        "<=": (low, down),
        ">": (down + 1, high),
        ">=": (up, high),
    }.get(op)
    if ends is None or None in ends:
        return None
    return ends


# -- cloud and months ----------------------------------------------------------------------------------------


def _cloud(op: str, value: Any) -> Compiled:
    """One percent wide on either side. A scene whose cloud is not known has no value to compare."""
    if op == "isNotNull" or op == "<>":
        return Compiled(SceneFilter(cloud=CloudRange(include_unknown=False)), exact=op == "isNotNull")
    if op not in _HOLDS or not isinstance(value, int | float):
        return UNKNOWN
    low = max(0, math.floor(value) - 1) if op in ("=", ">", ">=") else 0
    high = min(100, math.ceil(value) + 1) if op in ("=", "<", "<=") else 100
    if low > 100 or high < 0:
        return NOTHING
    every = (op == "<=" and value >= 100) or (op == ">=" and value <= 0)
    return Compiled(SceneFilter(cloud=CloudRange(min=low, max=high, include_unknown=False)), exact=every)


def _months(op: str, value: Any) -> Compiled:
    """How M2M counts the month of a scene that spans two is not known, so hits are tried again."""
    if op not in _HOLDS or not isinstance(value, int | float):
        return UNKNOWN
    months = tuple(month for month in range(1, 13) if _HOLDS[op](month, value))
    return Compiled(SceneFilter(months=months), exact=False) if months else NOTHING
