"""A typed CQL2 filter and what a dataset's mapping says → the narrowest scene filter that loses no scene.

What M2M cannot say is UNKNOWN: everything, and not exact. Nothing here may leave out a scene whose Item matches.
A mapping's ``slots`` bind here, once for every kind of condition, so that no condition has to think of them.
"""

from __future__ import annotations

from functools import partial, reduce
from typing import TYPE_CHECKING, Any

from stac_bridge.m2m.filters import DayRange
from stac_bridge.mapping import TIME_PROPERTIES
from stac_bridge.search.cql2.parser import COMPARISONS, SPATIAL, TEMPORAL, properties_of
from stac_bridge.search.cql2.residual import Residual
from stac_bridge.search.pushdown.conditions import EVERYTHING, NOTHING, UNKNOWN, Compiled, id_filter, row_filter
from stac_bridge.search.pushdown.places import place_filter
from stac_bridge.search.pushdown.times import compared_time, temporal, time_clause

if TYPE_CHECKING:
    from stac_bridge.catalog.catalog import Entry
    from stac_bridge.mapping.model import Slot
    from stac_bridge.search.cql2.parser import Cql2

__all__ = ["Compiled", "compile_filter", "id_filter", "negated"]

_PART_OF: dict[Slot, str] = {"time": "acquisition", "place": "spatial", "cloud": "cloud", "months": "months"}
"""The part of a scene filter that each slot of a mapping stands for."""

_INVERSE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def compile_filter(said: Cql2 | bool | None, entry: Entry) -> Compiled:
    """The scene filter of a CQL2 filter (JSON); None asks for everything."""
    if said is None or isinstance(said, bool):
        return NOTHING if said is False else EVERYTHING
    decided = _decided(said, entry)
    if decided is not None:
        return EVERYTHING if decided else NOTHING
    args = said["args"]
    if clause := time_clause(said):
        return _bound(clause, entry)
    match said["op"]:
        case "and":
            return reduce(partial(_both, entry), (compile_filter(part, entry) for part in args))
        case "or":
            return reduce(Compiled.__or__, (compile_filter(part, entry) for part in args))
        case "not":
            inner = negated(args[0])
            if isinstance(inner, bool) or inner["op"] != "not":
                return compile_filter(inner, entry)
            leaf = inner["args"][0]
            return _bound(_leaf("isNotNull", leaf["args"], entry), entry) if leaf["op"] == "isNull" else UNKNOWN
        case op if op in SPATIAL - {"s_disjoint"}:
            return _bound(place_filter(args), entry)
        case op if op in TEMPORAL:
            return _bound(temporal(op, args), entry)
        case _:
            return _bound(_leaf(said["op"], args, entry), entry)


def _bound(compiled: Compiled, entry: Entry) -> Compiled:
    """Remove the parts that the dataset cannot be filtered by, before they are joined with other conditions.

    Removed later, two ranges of days that do not meet would already have become NOTHING.
    """
    if compiled.filter == NOTHING.filter:
        return compiled
    removed: dict[str, None] = {
        part: None
        for slot, part in _PART_OF.items()
        if getattr(compiled.filter, part) is not None and not entry.can_filter_by(slot)
    }
    return Compiled(compiled.filter.model_copy(update=removed), exact=False) if removed else compiled


def negated(said: Cql2 | bool) -> Cql2 | bool:
    """What holds where a filter is false (and not where it is unknown), with ``not`` pushed inward where it can be."""
    if isinstance(said, bool):
        return not said
    op, args = said["op"], said["args"]
    match op:
        case "and" | "or":
            return {"op": "or" if op == "and" else "and", "args": [negated(part) for part in args]}
        case "not":
            return args[0] if isinstance(args[0], bool) else dict(args[0])
        case _ if op in _INVERSE:
            return {"op": _INVERSE[op], "args": args}
        case _:
            return {"op": "not", "args": [said]}


def _leaf(op: str, args: list[Any], entry: Entry) -> Compiled:
    """A condition on one property; anything computed is beyond M2M."""
    name = args[0].get("property") if isinstance(args[0], dict) else None
    if name is None or (len(args) > 1 and isinstance(args[1], dict) and "timestamp" not in args[1]):
        return UNKNOWN
    if name in TIME_PROPERTIES:
        return compared_time(name, op, args[1]["timestamp"]) if op in COMPARISONS else UNKNOWN
    found = entry.queryables.get(name)
    return row_filter(found, op, args[1] if len(args) > 1 else None, entry) if found else UNKNOWN


def _both(entry: Entry, one: Compiled, other: Compiled) -> Compiled:
    """Both. Days that do not meet are asked for as the gap between them where a scene may span it."""
    joined = one & other
    days = joined.filter.acquisition
    nobody = one.filter.is_empty or other.filter.is_empty
    if days is None or not days.is_empty or nobody or entry.mapping.item.datetime == "middle":
        return joined
    gap = DayRange(start=days.end, end=days.start)
    return Compiled(joined.filter.model_copy(update={"acquisition": gap}), exact=False)


def _decided(said: Cql2, entry: Entry) -> bool | None:
    """The answer, where all that a filter names is the same for every Item of the Collection."""
    names = properties_of(said)
    if not all(_is_settled(name, entry) for name in names):
        return None
    properties = {name: entry.queryables[name].values for name in names if name in entry.queryables}
    item = {
        "type": "Feature",
        "collection": entry.id,
        "geometry": None,
        "properties": {
            "m2m:dataset": entry.dataset.alias,
            **_constant_times(entry),
            **{name: values[0] for name, values in properties.items() if values},
        },
    }
    return Residual(said, TIME_PROPERTIES).keeps(item)


def _constant_times(entry: Entry) -> dict[str, str | None]:
    """The times of every Item, where a mapping gives all of them the same span."""
    span = entry.mapping.item.constant_span
    return {"datetime": None, "start_datetime": span[0], "end_datetime": span[1]} if span else {}


def _is_settled(name: str, entry: Entry) -> bool:
    """Whether every Item has the same value, or none at all."""
    found = entry.queryables.get(name)
    if name in ("collection", "m2m:dataset"):
        return True
    if name == "datetime":
        return entry.mapping.item.datetime is None
    if name in TIME_PROPERTIES:
        return entry.mapping.item.constant_span is not None
    if found is None:
        return True
    return found.row is not None and found.row.is_constant
