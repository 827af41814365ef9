"""Reads acquisition times of scenes, as exactly as M2M has them, and the temporal extent of datasets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any, NamedTuple

from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.m2m.models.scenes import Scene, fold
from stac_bridge.mapping.converters import day_end, day_start, iso
from stac_bridge.translate.properties.row_readers import Read, row_reader

_MIN_TIME, _MAX_TIME = "1850-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
"""An Item's bounds if nothing is known: unlike a Collection's interval, they cannot be open."""


def temporal_interval(dataset: Dataset) -> tuple[str | None, str | None]:
    """Return the earliest plausible start in M2M's record of a dataset, and its end (RFC 3339); None: open.

    M2M has two starts and two ends, of which each can be missing or wrong [REFERENCE §4]; the wider ones are taken,
    and an end before the start is ignored. The span of a Collection is narrower: see ``extent.py``.
    """
    coverage = dataset.temporal_coverage or (None, None)
    starts = [start for start in map(day_start, (dataset.acquisition_start, coverage[0])) if start]
    ends = [end for end in map(day_end, (dataset.acquisition_end, coverage[1])) if end]
    start, end = min(starts, default=None), max(ends) if dataset.acquisition_end and ends else None
    return start, end if end and (start is None or end >= start) else None


class _Source(NamedTuple):
    """A pair of rows that can have an Item's start and end."""

    read_start: Read
    read_end: Read
    is_exact: bool
    needs_check: bool
    labels: frozenset[str]
    """The folded labels of the fields it reads."""


def times_reader(entry: Entry) -> Callable[[Scene], tuple[dict[str, Any], frozenset[str]]]:
    """Return a function from a scene to its times, and to the folded labels of the fields whose values they hold.

    Times are datetime, start_datetime and end_datetime. Start and end always come from the same source of the
    mapping: the first that has both. A scene without any times has those of its dataset.
    """
    item, nothing = entry.mapping.item, frozenset[str]()
    default, has_middle = _dataset_bounds(entry.dataset), item.datetime == "middle"
    is_searched_by_day = entry.can_filter_by("time")
    sources = []
    for start_row, end_row in zip(item.start_datetime.chain, item.end_datetime.chain, strict=True):
        is_exact = start_row.convert == "instant"
        # M2M's own days need no check. If the Item has a middle, the middle is kept within the day, not the span.
        is_day = (start_row.scene, end_row.scene) == ("startDate", "endDate")
        needs_check = is_searched_by_day and not is_day and not (is_exact and has_middle)
        labels = frozenset(fold(row.field) for row in (start_row, end_row) if row.field)
        sources.append(_Source(row_reader(start_row), row_reader(end_row), is_exact, needs_check, labels))

    def read(scene: Scene) -> tuple[dict[str, Any], frozenset[str]]:
        for source in sources:
            values = start, end = source.read_start(scene), source.read_end(scene)
            if source.needs_check:
                start, end = _clamp_to_days(start, end, scene)
            if start and end and start <= end:
                middle = _middle(start, end, scene.start_date) if source.is_exact and has_middle else None
                labels = source.labels if (start, end) == values else nothing
                return {"datetime": middle, "start_datetime": start, "end_datetime": end}, labels
        return dict(default), nothing

    return read


def _clamp_to_days(start: str | None, end: str | None, scene: Scene) -> tuple[str | None, str | None]:
    """Move two times into the days by which M2M searches the scene: else a search could miss it."""
    first, last = day_start(scene.start_date), day_end(scene.end_date)
    return start and max(start, first or start), end and min(end, last or end)


def _dataset_bounds(dataset: Dataset) -> dict[str, Any]:
    start, end = temporal_interval(dataset)
    if end is None:
        updated = day_end(dataset.date_updated)
        end = updated if updated and (start is None or updated >= start) else _MAX_TIME
    return {"datetime": None, "start_datetime": start or _MIN_TIME, "end_datetime": end}


def _middle(start: str, end: str, acquired: str | None) -> str:
    """Return the middle of two instants, kept inside the day of acquisition.

    M2M's day is the UTC day of the scene center time. The middle can differ from that time by 0.9 s, and must not
    cross midnight, because a search by whole days would then miss the scene.
    """
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    middle = first + (last - first) / 2
    day = day_start(acquired)
    if day and not iso(middle).startswith(day[:10]):
        midnight = datetime.fromisoformat(day)
        middle = midnight if middle < midnight else datetime.combine(midnight, time.max, UTC)
    return iso(middle)
