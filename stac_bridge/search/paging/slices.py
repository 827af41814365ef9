"""Slices for an exact sort of more scenes than fit one request.

M2M can filter by day and by percent of cloud, and both are ordered. Slices along such an axis partition the hits, and
their order is the order of the sort; so reading them in turn, and sorting inside each, gives the whole order at any
depth with bounded memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from stac_bridge.catalog.entry import Entry
from stac_bridge.m2m.filters import CloudRange, DayRange, SceneFilter
from stac_bridge.mapping import TIME_PROPERTIES
from stac_bridge.mapping.converters import day_start
from stac_bridge.search.params.sortby import SortKey
from stac_bridge.search.plan import Step

MAX_FETCHES_PER_SLICE = 2
"""Requests into which a slice that cannot be narrowed is split: a page may check little more than 4,000 scenes."""

PAGES_PER_SLICE = 1.5
"""Pages that a slice should hold, so that it fills one and shows whether more follow."""

_EARLIEST = date(1850, 1, 1)


@dataclass(frozen=True, slots=True)
class SortCursor:
    """Where a sorted search continues: in the slice of ``width`` positions from ``position``, after the key ``after``.

    ``matched`` is the total number of Items, if it is known.
    """

    position: int
    width: int
    after: tuple[Any, ...] | None = None
    matched: int | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """The positions from ``low`` to ``high``, whole numbers: days (as date ordinals) or percents of cloud."""

    kind: Literal["day", "cloud"]
    name: str
    """The property that is sorted by."""
    descending: bool
    low: int
    high: int

    @property
    def start(self) -> int:
        """The first position in the order of the sort."""
        return self.high if self.descending else self.low

    @property
    def length(self) -> int:
        """The number of positions."""
        return self.high - self.low + 1

    def slice(self, position: int, width: int) -> range:
        """Return the positions of the slice that starts at ``position``, in ascending order."""
        if self.descending:
            return range(max(self.low, position - width + 1), position + 1)
        return range(position, min(self.high, position + width - 1) + 1)

    def next_position(self, positions: range) -> int | None:
        """Return where the slice after this one starts; None after the last."""
        following = positions[0] - 1 if self.descending else positions[-1] + 1
        return following if self.low <= following <= self.high else None

    def position(self, value: Any) -> int | None:
        """Return the position of a value from an Order's key; None if the value is unknown.

        A value outside of the axis belongs to the position at its end.
        """
        if value is None:
            return None
        position = date.fromisoformat(value[:10]).toordinal() if self.kind == "day" else math.floor(value)
        return min(self.high, max(self.low, position))

    def scene_filter(self, positions: range) -> SceneFilter:
        """Return the scene filter for a slice, slightly wider than it.

        Ranges of percents share their ends, and a scene may span two days. The first and the last slice include all
        days before and after, because the dates that a dataset reports may be wrong.
        """
        first, last = positions[0], positions[-1]
        if self.kind == "cloud":
            return SceneFilter(cloud=CloudRange(min=first, max=min(100, last + 1), include_unknown=False))
        margin = 0 if self.name == "datetime" else 1  # a scene may start or end on the day before or after
        start = date.min if first == self.low else date.fromordinal(max(1, first - margin))
        end = date.max if last == self.high else date.fromordinal(last + margin)
        return SceneFilter(acquisition=DayRange(start=start, end=end))


def sort_axis(key: SortKey, steps: Sequence[Step], today: date) -> Axis | None:
    """Return the axis of the first sort key; None if M2M cannot filter all datasets by it."""
    entries = [step.entry for step in steps]
    if key.name in TIME_PROPERTIES:
        if not all(entry.can_filter_by("time") for entry in entries):
            return None
        low, high = _days(steps, today)
        return Axis("day", key.name, key.descending, low, high)
    if key.name == "eo:cloud_cover" and all(_can_slice_by_cloud(entry) for entry in entries):
        return Axis("cloud", key.name, key.descending, 0, 100)
    return None


def _can_slice_by_cloud(entry: Entry) -> bool:
    row = entry.mapping.properties.get("eo:cloud_cover")
    is_m2m_cloud_cover = row is not None and row.filter is not None and bool(row.filter.cloud_cover)
    return is_m2m_cloud_cover and entry.can_filter_by("cloud")


def _days(steps: Sequence[Step], today: date) -> tuple[int, int]:
    """The first and the last day (ordinals) on which any of the datasets can have a matching scene."""
    lows, highs = [], []
    for step in steps:
        dataset, days = step.entry.dataset, step.filter.acquisition
        low = max(_EARLIEST, _day(dataset.acquisition_start) or _EARLIEST)
        high = max(low, _day(dataset.acquisition_end) or today)
        if days is not None:
            low, high = max(low, min(days.start, high)), min(high, max(days.end, low))
        lows.append(low)
        highs.append(high)
    return min(lows).toordinal(), max(highs).toordinal()


def _day(text: str | None) -> date | None:
    day = day_start(text)
    return date.fromisoformat(day[:10]) if day else None


def next_width(width: int, hits: int, wanted: float) -> int:
    """Return the width that holds ``wanted`` hits at the density of the slice just read; at most four times as wide."""
    maximum = 4 * width
    return max(1, min(maximum, math.ceil(width * wanted / hits))) if hits else maximum
