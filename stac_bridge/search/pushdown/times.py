"""Conditions on times → whole UTC days, the only unit in which M2M filters by time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from stac_bridge.m2m.filters import DayRange, SceneFilter
from stac_bridge.search.cql2.parser import Cql2
from stac_bridge.search.params.times import Interval, read_instant
from stac_bridge.search.pushdown.conditions import UNKNOWN, Compiled

_MARGIN = timedelta(days=1)
"""A scene may start before the day that M2M files it under, or end after it."""

_SWAPPED = {"t_after": "t_before", "t_before": "t_after"}


def datetime_filter(interval: Interval) -> Cql2:
    """Return the ``datetime`` parameter as CQL2, which tests an Item's datetime, or its span if that is null."""
    literal = {"interval": [interval.start_text, interval.end_text]}
    return {"op": "t_intersects", "args": [{"property": "datetime"}, literal]}


def push_time_comparison(name: str, op: str, instant: str) -> Compiled:
    """Return the scene filter of a comparison of one of an Item's times with an instant."""
    if op == "<>":
        return UNKNOWN
    day = read_instant(instant).date()
    first = day if op in ("=", ">", ">=") else None
    last = day if op in ("=", "<", "<=") else None
    return Compiled(_widened(name, first, last), exact=False)


def push_temporal(op: str, args: list[Any]) -> Compiled:
    """Return the scene filter of a temporal operator: all but after, before and disjoint imply an intersection.

    M2M has only the day of an Item without a datetime, and that day is the Item's span: so an intersection of datetime
    with whole days is exact.
    """
    if op == "t_disjoint":
        return UNKNOWN
    interval, name = _interval(args[1]), _property(args[0])
    if interval is None or name is None:
        interval, name, op = _interval(args[0]), _property(args[1]), _SWAPPED.get(op, op)
    if interval is None or name is None:
        return UNKNOWN
    first, last = interval.days
    if op == "t_after":
        first, last = last, None
    elif op == "t_before":
        first, last = None, first
    exact = op == "t_intersects" and name == "datetime" and interval.is_whole_days
    return Compiled(_widened(name, first, last), exact=exact)


def _property(argument: Any) -> str | None:
    """The property that a temporal argument is about; an Item's span is widened as its start and end are."""
    if isinstance(argument, dict) and "property" in argument:
        return str(argument["property"])
    span = {"interval": [{"property": "start_datetime"}, {"property": "end_datetime"}]}
    return "start_datetime" if argument == span else None


def _interval(argument: Any) -> Interval | None:
    """A literal instant or interval; None for anything else."""
    if not isinstance(argument, dict):
        return None
    ends = argument.get("interval") or [argument.get("timestamp")] * 2
    if not all(isinstance(end, str) for end in ends):
        return None
    return Interval(*(None if end == ".." else read_instant(end) for end in ends))


def _widened(name: str, first: date | None, last: date | None) -> SceneFilter:
    """The datetime, or the span of an Item without one, is within the days that M2M files a scene under.

    Of an Item with a datetime, start and end may be on the day beside it.
    """
    margin = timedelta() if name == "datetime" else _MARGIN
    try:
        return _days(first and first - margin, last and last + margin)
    except OverflowError:
        return _days(first, last)


def _days(first: date | None, last: date | None) -> SceneFilter:
    return SceneFilter(acquisition=DayRange(start=first or date.min, end=last or date.max))
