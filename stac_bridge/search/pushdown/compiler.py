"""A typed CQL2 filter × a dataset's mapping → the narrowest scene filter that loses no scene.

A condition that M2M cannot express is UNKNOWN: all scenes, not exact. Nothing here may leave out a scene whose Item
matches. A mapping's ``slots`` are applied here, once for all kinds of conditions, so that no condition has to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Any

from stac_bridge.catalog.entry import Entry
from stac_bridge.m2m.filters import DayRange, SceneFilter, conjunction
from stac_bridge.mapping import TIME_PROPERTIES
from stac_bridge.mapping.model import Slot
from stac_bridge.search.cql2.parser import COMPARISONS, SPATIAL, TEMPORAL, Cql2, properties_of
from stac_bridge.search.cql2.residual import Residual
from stac_bridge.search.pushdown.conditions import EVERYTHING, NOTHING, UNKNOWN, Compiled, any_of, push_condition
from stac_bridge.search.pushdown.spatial import push_spatial
from stac_bridge.search.pushdown.times import push_temporal, push_time_comparison

_PART_OF_SLOT: dict[Slot, str] = {"time": "acquisition", "place": "spatial", "cloud": "cloud", "months": "months"}
"""The part of a scene filter that each slot of a mapping allows."""

_INVERSE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def compile_filter(expression: Cql2 | bool | None, entry: Entry) -> Compiled:
    """Return the scene filter of a CQL2 filter (JSON); None means all Items."""
    if expression is None or isinstance(expression, bool):
        return NOTHING if expression is False else EVERYTHING
    decided = _decide(expression, entry)
    if decided is not None:
        return EVERYTHING if decided else NOTHING
    op, args = expression["op"], expression["args"]
    match op:
        case "and":
            return _all_of([compile_filter(part, entry) for part in args], entry)
        case "or":
            return any_of([compile_filter(part, entry) for part in args])
        case "not":
            return _negation(args[0], entry)
        case _ if op in SPATIAL - {"s_disjoint"}:
            return _within_slots(push_spatial(args), entry)
        case _ if op in TEMPORAL:
            return _within_slots(push_temporal(op, args), entry)
        case _:
            return _within_slots(_leaf(op, args, entry), entry)


def unanswered(expression: Cql2 | bool, entry: Entry) -> Cql2 | bool:
    """Return what is left of a filter to test on the Items that M2M's hits become.

    A condition on values that M2M alone can compare is removed if M2M was sent it exactly and every hit must satisfy
    it. Otherwise (beside an ``or`` that cannot be pushed down, or in a ``not``) it stays, and is true, false or unknown
    by the field that the Item has under this name, if it has one.
    """
    if isinstance(expression, bool):
        return expression
    if expression["op"] == "and":
        left = [part for part in (unanswered(part, entry) for part in expression["args"]) if part is not True]
        return {"op": "and", "args": left} if left else True
    names = properties_of(expression)
    if not any((queryable := entry.queryables.get(name)) and queryable.is_unchecked for name in names):
        return expression
    compiled = compile_filter(expression, entry)
    is_metadata_only = compiled.filter.metadata is not None and compiled.filter == SceneFilter(
        metadata=compiled.filter.metadata
    )
    return True if compiled.exact and is_metadata_only else expression


def _negation(expression: Cql2 | bool, entry: Entry) -> Compiled:
    """The filter of a ``not``; of the conditions that ``negate`` cannot resolve, M2M can filter by isNull only."""
    inner = negate(expression)
    if isinstance(inner, bool) or inner["op"] != "not":
        return compile_filter(inner, entry)
    leaf = inner["args"][0]
    return _within_slots(_leaf("isNotNull", leaf["args"], entry), entry) if leaf["op"] == "isNull" else UNKNOWN


def _within_slots(compiled: Compiled, entry: Entry) -> Compiled:
    """Remove the parts that the dataset cannot be filtered by, before they are joined with other conditions.

    If they were removed later, two ranges of days that do not overlap would already have become NOTHING.
    """
    if compiled.filter == NOTHING.filter:
        return compiled
    removed: dict[str, None] = {
        part: None
        for slot, part in _PART_OF_SLOT.items()
        if getattr(compiled.filter, part) is not None and not entry.can_filter_by(slot)
    }
    return Compiled(compiled.filter.model_copy(update=removed), exact=False) if removed else compiled


def negate(expression: Cql2 | bool) -> Cql2 | bool:
    """Return the filter that holds if this one is false (not if it is unknown), with ``not`` moved inward if it can."""
    if isinstance(expression, bool):
        return not expression
    op, args = expression["op"], expression["args"]
    match op:
        case "and" | "or":
            return {"op": "or" if op == "and" else "and", "args": [negate(part) for part in args]}
        case "not":
            return args[0] if isinstance(args[0], bool) else dict(args[0])
        case _ if op in _INVERSE:
            return {"op": _INVERSE[op], "args": args}
        case _:
            return {"op": "not", "args": [expression]}


def _leaf(op: str, args: list[Any], entry: Entry) -> Compiled:
    """A condition that compares one property with a literal; M2M cannot evaluate anything computed."""
    name = args[0].get("property") if isinstance(args[0], dict) else None
    if name is None or (len(args) > 1 and isinstance(args[1], dict) and "timestamp" not in args[1]):
        return UNKNOWN
    if name in TIME_PROPERTIES:
        return push_time_comparison(name, op, args[1]["timestamp"]) if op in COMPARISONS else UNKNOWN
    queryable = entry.queryables.get(name)
    return push_condition(queryable, op, args[1] if len(args) > 1 else None, entry) if queryable else UNKNOWN


def _all_of(parts: Sequence[Compiled], entry: Entry) -> Compiled:
    """Join conditions by and. Their metadata filters are joined at once, because each join copies them."""
    metadata = conjunction(part.filter.metadata for part in parts)
    bare = (replace(part, filter=part.filter.model_copy(update={"metadata": None})) for part in parts)
    joined = reduce(partial(_both, entry), bare)
    return replace(joined, filter=joined.filter.model_copy(update={"metadata": metadata}))


def _both(entry: Entry, left: Compiled, right: Compiled) -> Compiled:
    """Join two conditions by and.

    Two ranges of days that do not overlap can still both hold for a scene that spans the gap between them; such scenes
    are found by the days of the gap.
    """
    joined = left & right
    days = joined.filter.acquisition
    is_empty = left.filter.is_empty or right.filter.is_empty
    if days is None or not days.is_empty or is_empty or entry.mapping.item.datetime == "middle":
        return joined
    gap = DayRange(start=days.end, end=days.start)
    return Compiled(joined.filter.model_copy(update={"acquisition": gap}), exact=False)


def _decide(expression: Cql2, entry: Entry) -> bool | None:
    """The result, if all properties in the expression are the same for every Item of the Collection; else None."""
    names, compared = properties_of(expression), _compared_names(expression)
    if not all(_is_constant(name, entry, is_compared=name in compared) for name in names):
        return None
    constants = {name: entry.queryables[name].values for name in names if name in entry.queryables}
    item = {
        "type": "Feature",
        "collection": entry.id,
        "geometry": None,
        "properties": {
            "m2m:dataset": entry.dataset.alias,
            **_constant_times(entry),
            **{name: values[0] for name, values in constants.items() if values},
        },
    }
    return Residual(expression, TIME_PROPERTIES).matches(item)


def _constant_times(entry: Entry) -> dict[str, str | None]:
    """The times of every Item, if the mapping defines one span for all of them."""
    span = entry.mapping.item.constant_span
    return {"datetime": None, "start_datetime": span[0], "end_datetime": span[1]} if span else {}


def _compared_names(expression: Any) -> set[str]:
    """The properties in an expression whose values are compared, not only tested for null."""
    if not isinstance(expression, dict) or "op" not in expression:
        return properties_of(expression)
    if expression["op"] == "isNull":
        return set()
    return {name for argument in expression["args"] for name in _compared_names(argument)}


def _is_constant(name: str, entry: Entry, *, is_compared: bool) -> bool:
    """Whether a property has the same value in every Item, or none at all.

    ``datetime`` is null in all Items of many datasets, but only a test for null sees that: any other operator compares
    the Item's span instead.
    """
    queryable = entry.queryables.get(name)
    if name in ("collection", "m2m:dataset"):
        return True
    if name == "datetime" and not is_compared:
        return entry.mapping.item.datetime is None
    if name in TIME_PROPERTIES:
        return entry.mapping.item.constant_span is not None
    if queryable is None:
        return True
    return queryable.row is not None and queryable.row.is_constant
