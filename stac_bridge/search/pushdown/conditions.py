"""One condition on one property → the M2M filter that its row names, widened if M2M's exact semantics are unknown."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from stac_bridge.catalog.entry import Entry
from stac_bridge.m2m.filters import Between, CloudRange, MetadataFilter, Or, SceneFilter, Value
from stac_bridge.m2m.models.datasets import DatasetFilter
from stac_bridge.m2m.models.scenes import fold
from stac_bridge.mapping import FilterRow, Queryable, Row
from stac_bridge.search.pushdown.domains import COMPARISONS, LISTS, can_hold, compare, may_match


@dataclass(frozen=True, slots=True)
class Compiled:
    """A scene filter, and whether its hits are exactly the matching Items (``exact``) or may be too many."""

    filter: SceneFilter
    exact: bool

    def __and__(self, other: Compiled) -> Compiled:
        # of two places, the scene filter can carry only one
        both_places = self.filter.spatial is not None and other.filter.spatial is not None
        return Compiled(self.filter & other.filter, self.exact and other.exact and not both_places)


UNKNOWN = Compiled(SceneFilter(), exact=False)
"""A condition that cannot be pushed down: all scenes are requested and checked."""

EVERYTHING = Compiled(SceneFilter(), exact=True)
"""A condition that holds for every Item."""

NOTHING = Compiled(SceneFilter.nothing(), exact=True)
"""A condition that holds for no Item."""

_MAX_NUMBER = 2**31
"""Larger numbers are not pushed down: no field of M2M has any, and JSON numbers are limited to 64 bits."""

_NUMBER_PRESERVING = frozenset({"number", "integer", "elevation", "size", "percent"})
"""Converters whose numbers equal those of M2M's field."""

_DAYS = frozenset({"day", "part-5-day"})
"""Converters that return a day."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FIRST_DAY, _LAST_DAY = "1850-01-01", "9999-12-31"
"""The bounds of a range of days that is open on one side, because M2M accepts only closed ranges."""


def any_of(parts: Sequence[Compiled]) -> Compiled:
    """Join conditions, at least one, by or."""
    possible = [part for part in parts if not part.filter.is_empty] or list(parts[:1])
    if len(possible) == 1:
        return possible[0]
    filters = [part.filter for part in possible]
    return Compiled(SceneFilter.any_of(filters), _is_union(filters) and all(part.exact for part in possible))


def _is_union(filters: Sequence[SceneFilter]) -> bool:
    """Whether ``any_of`` filters is their exact union: they differ at most in their metadata filters."""
    first = filters[0]
    if all(part == first for part in filters):
        return True
    bare = first.model_copy(update={"metadata": None})
    return all(part.metadata is not None and part.model_copy(update={"metadata": None}) == bare for part in filters)


def push_condition(queryable: Queryable, op: str, value: Any, entry: Entry) -> Compiled:
    """Return the scene filter of a condition on a mapped property or on the id."""
    if queryable.name == "id":
        return _ids(op, value, entry)
    filter_row, row = queryable.filter, queryable.row
    if not can_hold(queryable, op, value, entry):
        return NOTHING
    if filter_row is None:
        return UNKNOWN
    if filter_row.cloud_cover:
        return _cloud(op, value)
    if filter_row.months:
        return _months(op, value)
    dataset_filter = entry.dataset_filter(filter_row)
    if dataset_filter is None:
        return UNKNOWN
    if filter_row.keys == "unchecked":
        return _unchecked(filter_row, op, value, dataset_filter)
    return _checked(row, filter_row, op, value, dataset_filter) if row else UNKNOWN


def _checked(row: Row, filter_row: FilterRow, op: str, value: Any, dataset_filter: DatasetFilter) -> Compiled:
    """A condition on a property whose values correspond to those that M2M compares."""
    if not isinstance(filter_row.keys, str):
        return _by_table(row, filter_row.keys, op, value, dataset_filter)
    # with ``otherwise``, a property may have its value from another field than the one that M2M compares
    if row.otherwise is not None and not filter_row.agrees:
        return UNKNOWN
    if filter_row.keys == "text":
        return _by_text(op, value, dataset_filter)
    if (dataset_filter.operator == "between") != (filter_row.between is not None):
        return UNKNOWN
    if filter_row.equals:
        return _equal(row, op, value, dataset_filter)
    if filter_row.between:
        return _between(row, op, value, dataset_filter)
    return _text(op, value, dataset_filter) if row.values is None else UNKNOWN


def _metadata(tree: MetadataFilter, *, exact: bool) -> Compiled:
    return Compiled(SceneFilter(metadata=tree), exact)


# -- ids and text --------------------------------------------------------------------------------------------


def id_filter(entry: Entry) -> DatasetFilter | None:
    """Return the dataset filter that finds a scene by its Item's id; None if the dataset offers none."""
    row = entry.mapping.item.id.filter
    return entry.dataset_filter(row) if row else None


def _ids(op: str, value: Any, entry: Entry) -> Compiled:
    """Ids that no scene of the dataset can have are not requested."""
    dataset_filter = id_filter(entry)
    if dataset_filter is None:
        return UNKNOWN
    if op == "like" and not like_fits(str(value), entry):
        return NOTHING
    if op not in ("in", "="):
        return _text(op, value, dataset_filter)
    ids = [identifier for identifier in (value if isinstance(value, list) else [value]) if id_fits(identifier, entry)]
    if not ids:
        return NOTHING
    # M2M's text filters may treat an underscore as a wildcard, so there may be too many hits.
    values = tuple(
        Value(filter_id=dataset_filter.id, value=identifier, operand="=") for identifier in dict.fromkeys(ids)
    )
    return _metadata(values[0] if len(values) == 1 else Or(children=values), exact=False)


def id_fits(identifier: str, entry: Entry) -> bool:
    """Return whether an id has the form of the dataset's ids, as far as its mapping describes it."""
    patterns = entry.mapping.item.patterns
    return not patterns or any(fnmatchcase(identifier, pattern) for pattern in patterns)


def like_fits(like: str, entry: Entry) -> bool:
    """Return whether ids of the dataset can match a CQL2 pattern, as far as its mapping describes them."""
    return any(may_match(like, pattern) for pattern in entry.mapping.item.patterns or "*")


def _text(op: str, value: Any, dataset_filter: DatasetFilter) -> Compiled:
    """Never exact, because M2M ignores the case of text."""
    if op == "=":
        return _metadata(Value(filter_id=dataset_filter.id, value=str(value), operand="="), exact=False)
    if op == "like":
        return _metadata(Value(filter_id=dataset_filter.id, value=_m2m_like(str(value)), operand="like"), exact=False)
    return UNKNOWN


def _m2m_like(like: str) -> str:
    """A CQL2 pattern with ``%`` for everything but plain characters: how M2M escapes them is unknown."""
    return re.sub(r"%+", "%", re.sub(r"\\.|_", "%", like))


# -- values --------------------------------------------------------------------------------------------------


def _equal(row: Row, op: str, value: Any, dataset_filter: DatasetFilter) -> Compiled:
    """By the keys of the filter's valueList, never by its labels."""
    value_list = dataset_filter.value_list or {}
    if row.values is not None and (op in COMPARISONS or op in LISTS):
        keys = [key for key, mapped in row.values.items() if compare(op, mapped, value)]
    elif row.values is None and op == "=":
        keys = [str(value)]
    else:
        return UNKNOWN
    if not all(key in value_list for key in keys):
        return UNKNOWN
    return _any_key(keys, dataset_filter, exact=True)


def _by_table(row: Row, keys: dict[str, Any], op: str, value: Any, dataset_filter: DatasetFilter) -> Compiled:
    """By the keys whose values, by a table of the mapping, satisfy the condition.

    Never exact: what M2M compares and the field that the value was read from may differ for single scenes. A condition
    that also holds for a value that the table lacks cannot be pushed down.
    """
    if op not in COMPARISONS and op not in LISTS:
        return UNKNOWN
    chosen = [key for key, mapped in keys.items() if compare(op, mapped, value)]
    is_complete = all(link.values is not None and _are_in(link.values, keys) for link in row.chain)
    if not is_complete and not (op == "=" and chosen):
        return UNKNOWN
    value_list = dataset_filter.value_list
    if value_list is not None and not all("%" in key or key in value_list for key in chosen):
        return UNKNOWN
    return _any_key(chosen, dataset_filter, exact=False)


def _are_in(values: dict[str, Any], keys: dict[str, Any]) -> bool:
    """Whether each value of a row's table is the value of a key."""
    known = list(keys.values())
    return all(value in known for value in values.values())


def _by_text(op: str, value: Any, dataset_filter: DatasetFilter) -> Compiled:
    """By the key whose text in the valueList is the value. The case of texts varies between datasets."""
    wanted = fold(str(value))
    keys = [key for key, text in (dataset_filter.value_list or {}).items() if key and fold(str(text)) == wanted]
    return _any_key(keys, dataset_filter, exact=False) if op == "=" and keys else UNKNOWN


def _unchecked(filter_row: FilterRow, op: str, value: Any, dataset_filter: DatasetFilter) -> Compiled:
    """By M2M alone: exact by definition, if the value is a key of the valueList, or the text of one, or a bound.

    Any other condition is UNKNOWN, so that it is tested on Items, which may have a field of this name.
    """
    if dataset_filter.operator == "between":
        low, high = filter_row.bounds or (None, None)
        first, last = {"=": (value, value), "<=": (low, value), ">=": (value, high)}.get(op, (None, None))
        if not (isinstance(first, int | float) and isinstance(last, int | float)):
            return UNKNOWN
        between = Between(filter_id=dataset_filter.id, first_value=first, second_value=last)
        return _metadata(between, exact=True) if first <= last else NOTHING
    wanted, operators = fold(_as_key(value)), {"=": "=", "like": "=", "<=": "<="}
    if op != operators.get(dataset_filter.operator or ""):
        return UNKNOWN
    keys = [
        key for key, text in (dataset_filter.value_list or {}).items() if key and wanted in (fold(key), fold(str(text)))
    ]
    return _any_key(keys, dataset_filter, exact=True) if keys else UNKNOWN


def _as_key(value: Any) -> str:
    """A literal as the text of a key: 90.0 is the key 90."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _any_key(keys: list[str], dataset_filter: DatasetFilter, *, exact: bool) -> Compiled:
    """The scenes with one of these keys, of which those with ``%`` are patterns."""
    values = tuple(Value(filter_id=dataset_filter.id, value=key, operand="like" if "%" in key else "=") for key in keys)
    if not values:
        return NOTHING
    return _metadata(values[0] if len(values) == 1 else Or(children=values), exact=exact)


def _between(row: Row, op: str, value: Any, dataset_filter: DatasetFilter) -> Compiled:
    """Whole numbers exactly; decimals widened by one, because how M2M compares them is unknown.

    M2M compares the raw field, so a converter that changes the order of values (a wrapped azimuth, an absolute angle,
    the month of a date) makes a range of Items that is no range for M2M.
    """
    if row.convert in _DAYS:
        return _between_days(op, value, dataset_filter)
    if row.convert not in _NUMBER_PRESERVING and not row.convert.startswith("digits-"):
        return UNKNOWN
    low, high = (row.filter.bounds if row.filter else None) or (None, None)
    is_whole = row.convert.startswith("digits-") or row.convert == "integer"
    if row.convert.startswith("digits-"):
        width = int(row.convert.removeprefix("digits-"))
        if not (isinstance(value, str) and value.isdecimal() and len(value) == width):
            return UNKNOWN
        value, low, high = int(value), 0, 10**width - 1
    is_comparable = isinstance(value, int | float) and abs(value) < _MAX_NUMBER
    bounds = _whole_bounds(op, value, low, high) if is_comparable else None
    if bounds is None:
        return UNKNOWN
    first, last = bounds if is_whole else (math.floor(bounds[0]) - 1, math.ceil(bounds[1]) + 1)
    if first > last:
        return NOTHING
    between = Between(filter_id=dataset_filter.id, first_value=first, second_value=last)
    return _metadata(between, exact=is_whole)


def _between_days(op: str, value: Any, dataset_filter: DatasetFilter) -> Compiled:
    """Days as M2M's filters have them (YYYY/MM/DD); never exact, because times of the day are not part of them."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return UNKNOWN
    bounds = {
        "=": (value, value),
        "<": (_FIRST_DAY, value),
        "<=": (_FIRST_DAY, value),
        ">": (value, _LAST_DAY),
        ">=": (value, _LAST_DAY),
    }.get(op)
    if bounds is None:
        return UNKNOWN
    first, last = (day.replace("-", "/") for day in bounds)
    return _metadata(Between(filter_id=dataset_filter.id, first_value=first, second_value=last), exact=False)


def _whole_bounds(op: str, value: float, low: float | None, high: float | None) -> tuple[Any, Any] | None:
    """The whole numbers between which a condition holds; None if one bound is unknown.

    ``low`` and ``high`` are the bounds of the field, if the mapping states them.
    """
    down, up = math.floor(value), math.ceil(value)
    bounds = {
        "=": (value, value) if down == up else (up, down),
        "<": (low, up - 1),
        "<=": (low, down),
        ">": (down + 1, high),
        ">=": (up, high),
    }.get(op)
    if bounds is None or None in bounds:
        return None
    return bounds


# -- cloud and months ----------------------------------------------------------------------------------------


def _cloud(op: str, value: Any) -> Compiled:
    """Widened by one percent on either side. A scene with unknown cloud cover has no value to compare."""
    if op == "isNotNull" or op == "<>":
        return Compiled(SceneFilter(cloud=CloudRange(include_unknown=False)), exact=op == "isNotNull")
    if op not in COMPARISONS or not isinstance(value, int | float):
        return UNKNOWN
    low = max(0, math.floor(value) - 1) if op in ("=", ">", ">=") else 0
    high = min(100, math.ceil(value) + 1) if op in ("=", "<", "<=") else 100
    if low > 100 or high < 0:
        return NOTHING
    is_any_value = (op == "<=" and value >= 100) or (op == ">=" and value <= 0)
    return Compiled(SceneFilter(cloud=CloudRange(min=low, max=high, include_unknown=False)), exact=is_any_value)


def _months(op: str, value: Any) -> Compiled:
    """Never exact, because it is unknown which month M2M assigns to a scene that spans two."""
    if op not in COMPARISONS or not isinstance(value, int | float):
        return UNKNOWN
    months = tuple(month for month in range(1, 13) if COMPARISONS[op](month, value))
    return Compiled(SceneFilter(months=months), exact=False) if months else NOTHING
