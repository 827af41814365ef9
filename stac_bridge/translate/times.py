"""When a scene was acquired, as exactly as M2M tells; and when a dataset's were."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from stac_bridge.mapping.converters import day_end, day_start, iso
from stac_bridge.translate.row_readers import reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.catalog import Entry
    from stac_bridge.m2m.models.scenes import Dataset, Scene

__all__ = ["interval", "times_reader"]

_FIRST, _LAST = "1850-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
"""Bounds of what is not known: an Item needs some, and a Collection may stay open."""


def interval(dataset: Dataset) -> tuple[str | None, str | None]:
    """From the earliest sane start that M2M tells of a dataset to its end; open where it tells none."""
    told = dataset.temporal_coverage or (None, None)
    starts = [start for start in map(day_start, (dataset.acquisition_start, told[0])) if start]
    start, end = min(starts, default=None), day_end(dataset.acquisition_end)
    return start, end if end and (start is None or end >= start) else None


def times_reader(entry: Entry) -> Callable[[Scene], dict[str, Any]]:
    """A function from the scene to its datetime, start_datetime and end_datetime.

    Start and end come both from the same source of the mapping, the first that tells both, never mixed.
    A scene without any day was acquired some time within its dataset's own bounds.
    """
    item = entry.mapping.item
    bounds, has_middle = _bounds(entry.dataset), item.datetime == "middle"
    searched_by_day = entry.can_filter_by("time")
    pairs = []
    for start_row, end_row in zip(item.start_datetime.chain, item.end_datetime.chain, strict=True):
        is_exact = start_row.convert == "instant"
        # M2M's own days need no check, and of a span with a middle it is the middle that is kept within the day
        is_own = (start_row.scene, end_row.scene) == ("startDate", "endDate")
        may_leave = searched_by_day and not is_own and not (is_exact and has_middle)
        pairs.append((reader(start_row), reader(end_row), is_exact, may_leave))

    def read(scene: Scene) -> dict[str, Any]:
        for start_of, end_of, is_exact, may_leave in pairs:
            start, end = start_of(scene), end_of(scene)
            if may_leave:
                start, end = _within_days(start, end, scene)
            if start and end and start <= end:
                middle = _middle(start, end, scene.start_date) if is_exact and has_middle else None
                return {"datetime": middle, "start_datetime": start, "end_datetime": end}
        return dict(bounds)

    return read


def _within_days(start: str | None, end: str | None, scene: Scene) -> tuple[str | None, str | None]:
    """Two times, kept inside the days that M2M searches the scene by, so that no search loses it."""
    first, last = day_start(scene.start_date), day_end(scene.end_date)
    return start and max(start, first or start), end and min(end, last or end)


def _bounds(dataset: Dataset) -> dict[str, Any]:
    start, end = interval(dataset)
    if end is None:
        updated = day_end(dataset.date_updated)
        end = updated if updated and (start is None or updated >= start) else _LAST
    return {"datetime": None, "start_datetime": start or _FIRST, "end_datetime": end}


def _middle(start: str, end: str, acquired: str | None) -> str:
    """The middle of two instants, kept inside the day of acquisition.

    M2M's day is the UTC day of the scene's centre time; the middle may miss that time by 0.9 s, and must not
    slip over midnight, because searches by whole days would then lose the scene.
    """
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    middle = first + (last - first) / 2
    day = day_start(acquired)
    if day and not iso(middle).startswith(day[:10]):
        midnight = datetime.fromisoformat(day)
        middle = midnight if middle < midnight else datetime.combine(midnight, time.max, UTC)
    return iso(middle)
