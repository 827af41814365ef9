"""Conditions on times → whole UTC days, which is all that M2M knows of time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from stac_bridge.m2m.filters import DayRange, SceneFilter
from stac_bridge.search.params.times import Interval, read_instant
from stac_bridge.search.pushdown.conditions import UNKNOWN, Compiled

if TYPE_CHECKING:
    from stac_bridge.search.cql2.parser import Cql2

__all__ = ["asked_time", "compared_time", "temporal", "time_clause"]

_EDGE = timedelta(days=1)
"""A scene may begin before the midnight of the day that M2M files it under, or end after it."""

_SWAPPED = {"t_after": "t_before", "t_before": "t_after"}


def asked_time(asked: Interval) -> Cql2:
    """The ``datetime`` parameter as CQL2: an Item's datetime, or where that is null its span."""
    interval = {"interval": [asked.start_text, asked.end_text]}
    moment = {"property": "datetime"}
    span = {"interval": [{"property": "start_datetime"}, {"property": "end_datetime"}]}
    spanning = [{"op": "isNull", "args": [moment]}, {"op": "t_intersects", "args": [span, interval]}]
    return {
        "op": "or",
        "args": [{"op": "t_intersects", "args": [moment, interval]}, {"op": "and", "args": spanning}],
    }


def time_clause(said: Cql2) -> Compiled | None:
    """The scene filter of what ``asked_time`` makes, exact for whole days; None for any other filter.

    A scene that lacks its exact times spans its day, which the same days find.
    """
    if said["op"] != "or" or not isinstance(said["args"][0], dict) or said["args"][0]["op"] != "t_intersects":
        return None
    interval = said["args"][0]["args"][1]
    asked = _interval(interval) if isinstance(interval, dict) and "interval" in interval else None
    if asked is None or said != asked_time(asked):
        return None
    return Compiled(_days(*asked.days), exact=asked.is_whole_days)


def compared_time(name: str, op: str, instant: str) -> Compiled:
    """A comparison of one of an Item's times with an instant."""
    if op == "<>":
        return UNKNOWN
    day = read_instant(instant).date()
    first = day if op in ("=", ">", ">=") else None
    last = day if op in ("=", "<", "<=") else None
    return Compiled(_widened(name, first, last), exact=False)


def temporal(op: str, args: list[Any]) -> Compiled:
    """A temporal operator: but for after, before and disjoint, all of them ask that the two meet somewhere."""
    if op == "t_disjoint":
        return UNKNOWN
    asked, name = _interval(args[1]), _named(args[0])
    if asked is None or name is None:
        asked, name, op = _interval(args[0]), _named(args[1]), _SWAPPED.get(op, op)
    if asked is None or name is None:
        return UNKNOWN
    first, last = asked.days
    if op == "t_after":
        first, last = last, None
    elif op == "t_before":
        first, last = None, first
    return Compiled(_widened(name, first, last), exact=False)


def _named(said: Any) -> str | None:
    """The property that a temporal argument is about; a span counts as its start and end do."""
    if isinstance(said, dict) and "property" in said:
        return str(said["property"])
    span = {"interval": [{"property": "start_datetime"}, {"property": "end_datetime"}]}
    return "start_datetime" if said == span else None


def _interval(said: Any) -> Interval | None:
    """A literal instant or interval."""
    if not isinstance(said, dict):
        return None
    ends = said.get("interval") or [said.get("timestamp")] * 2
    if not all(isinstance(end, str) for end in ends):
        return None
    return Interval(*(None if end == ".." else read_instant(end) for end in ends))


def _widened(name: str, first: date | None, last: date | None) -> SceneFilter:
    """The datetime lies within the day that M2M files a scene under; start and end may lie beside it."""
    edge = timedelta() if name == "datetime" else _EDGE
    try:
        return _days(first and first - edge, last and last + edge)
    except OverflowError:
        return _days(first, last)


def _days(first: date | None, last: date | None) -> SceneFilter:
    return SceneFilter(acquisition=DayRange(start=first or date.min, end=last or date.max))
