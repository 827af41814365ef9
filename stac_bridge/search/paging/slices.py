"""An exact sort of more than fits one fetch: M2M can filter by day and by percent of cloud, and both have an order.

Slices along such an axis partition the hits, and the order of slices is the order of what is sorted by; so walking
them in turn, and sorting inside each, gives the whole order at any depth, with bounded memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from stac_bridge.m2m.filters import CloudRange, DayRange, SceneFilter
from stac_bridge.mapping import TIME_PROPERTIES
from stac_bridge.mapping.converters import day_start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stac_bridge.catalog.catalog import Entry
    from stac_bridge.search.params.sortby import SortKey
    from stac_bridge.search.plan import Step

__all__ = ["MOST", "PARTS", "Axis", "Stand", "axis_of", "next_width"]

MOST = 2000
"""Scenes that a slice may have: with their metadata they take about 130 MB for a moment."""

PARTS = 5
"""Fetches into which a slice that cannot be narrowed is split."""

AIM = 1.5
"""Pages that a slice is aimed to hold, so that one is filled and the next scene is seen."""

_EARLIEST = date(1850, 1, 1)


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a sorted walk goes on: in the slice of ``width`` from ``position``, behind the key ``after``.

    ``matched`` is the number of all Items, where it is known.
    """

    position: int
    width: int
    after: tuple[Any, ...] | None = None
    matched: int | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """Whole positions from ``low`` to ``high``: days (as date ordinals) or percents of cloud."""

    kind: Literal["day", "cloud"]
    name: str
    descending: bool
    low: int
    high: int

    @property
    def begin(self) -> int:
        """The position where the walk begins."""
        return self.high if self.descending else self.low

    @property
    def length(self) -> int:
        """How many positions there are."""
        return self.high - self.low + 1

    def span(self, position: int, width: int) -> range:
        """The positions of the slice that begins at one."""
        if self.descending:
            return range(max(self.low, position - width + 1), position + 1)
        return range(position, min(self.high, position + width - 1) + 1)

    def beyond(self, span: range) -> int | None:
        """Where the next slice begins; None after the last."""
        following = span[0] - 1 if self.descending else span[-1] + 1
        return following if self.low <= following <= self.high else None

    def position(self, value: Any) -> int | None:
        """Where a value lies, as an Order's key has it; None where it is not known. The outermost take all beyond."""
        if value is None:
            return None
        found = date.fromisoformat(value[:10]).toordinal() if self.kind == "day" else math.floor(value)
        return min(self.high, max(self.low, found))

    def slot(self, span: range) -> SceneFilter:
        """What M2M is asked for a slice, a little more than is in it: percents share their ends, days may be spanned.

        The days before the first and after the last belong to them, should a dataset's own dates be wrong.
        """
        first, last = span[0], span[-1]
        if self.kind == "cloud":
            return SceneFilter(cloud=CloudRange(min=first, max=min(100, last + 1), include_unknown=False))
        edge = 0 if self.name == "datetime" else 1  # a scene may start or end on the day beside its own
        start = date.min if first == self.low else date.fromordinal(max(1, first - edge))
        end = date.max if last == self.high else date.fromordinal(last + edge)
        return SceneFilter(acquisition=DayRange(start=start, end=end))


def axis_of(key: SortKey, steps: Sequence[Step], today: date) -> Axis | None:
    """The axis of what is sorted by first; None where M2M cannot slice by it."""
    entries = [step.entry for step in steps]
    if key.name in TIME_PROPERTIES:
        if not all(entry.can_filter_by("time") for entry in entries):
            return None
        low, high = _days(steps, today)
        return Axis("day", key.name, key.descending, low, high)
    if key.name == "eo:cloud_cover" and all(_slices_by_cloud(entry) for entry in entries):
        return Axis("cloud", key.name, key.descending, 0, 100)
    return None


def _slices_by_cloud(entry: Entry) -> bool:
    row = entry.mapping.properties.get("eo:cloud_cover")
    named = row is not None and row.filter is not None and bool(row.filter.cloud_cover)
    return named and entry.can_filter_by("cloud")


def _days(steps: Sequence[Step], today: date) -> tuple[int, int]:
    """From the first to the last day that any of the datasets can have a matching scene on."""
    lows, highs = [], []
    for step in steps:
        dataset, asked = step.entry.dataset, step.filter.acquisition
        begin = max(_EARLIEST, _day(dataset.acquisition_start) or _EARLIEST)
        end = max(begin, _day(dataset.acquisition_end) or today)
        if asked is not None:
            begin, end = max(begin, min(asked.start, end)), min(end, max(asked.end, begin))
        lows.append(begin)
        highs.append(end)
    return min(lows).toordinal(), max(highs).toordinal()


def _day(said: str | None) -> date | None:
    day = day_start(said)
    return date.fromisoformat(day[:10]) if day else None


def next_width(width: int, hits: int, wanted: float) -> int:
    """Positions that hold ``wanted`` hits, if they lie as densely as in the slice just seen; fourfold at most."""
    most = 4 * width
    return max(1, min(most, math.ceil(width * wanted / hits))) if hits else most
