"""When satellites pass over which places, as arithmetic: every pass has a number, and none is stored.

A satellite returns to a place after 16 days, always at the same time of day. The passes of a day therefore depend
only on the day's position in the cycle and on which satellites are flying: there are a few hundred *kinds* of days,
each with its list of passes, and for a day only its kind is stored. The newest pass has number 0.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from m2m_sandbox.archive.hashing import mix_bits

EPOCH_DAY = date(2013, 1, 1)
"""Day 0 of all day counts."""

_CYCLE_DAYS, _CYCLES_PER_PLAN = 16, 4
_PLAN_DAYS = _CYCLE_DAYS * _CYCLES_PER_PLAN
"""Which places a mission images repeats after four cycles."""

_MICROSECONDS = 86_400_000_000
"""Microseconds in a day."""

Ints = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Mission:
    """A satellite's service from ``first`` to ``end`` (exclusive); its cycle starts ``offset`` days after Landsat 8's.

    ``taken_cycles`` is in how many of four cycles a place is imaged: older missions could not store every pass.
    """

    satellite: int
    first: date
    end: date
    offset: int
    taken_cycles: int = 4


class Timetable:
    """The passes of some missions over some places.

    ``passes`` are times, in days since EPOCH_DAY, at which Landsat 8 is over each place. ``arrived`` are the places of
    the newest day. ``places`` and ``satellites`` describe each *entry*, which is a pass on a kind of day; ``days`` are
    all days, newest first.
    """

    def __init__(self, passes: NDArray[np.float64], missions: Sequence[Mission], arrived: Flags | None = None) -> None:
        self._whole = np.floor(passes).astype(np.int64)
        self.microseconds = np.minimum(np.rint((passes - self._whole) * _MICROSECONDS), _MICROSECONDS - 1).astype(int)
        first, end = min(mission.first for mission in missions), max(mission.end for mission in missions)
        self.days = np.arange((end - EPOCH_DAY).days - 1, (first - EPOCH_DAY).days - 1, -1)
        # The kind of a day: a bit for every mission that is flying, times 64, plus the day's position in the plan.
        flying = sum(
            (self._is_flying(mission).astype(int) << bit for bit, mission in enumerate(missions)), np.zeros(1, int)
        )
        if arrived is not None:
            flying[0] += 1 << len(missions)  # the newest day is of a kind of its own
        kinds, self._kinds = np.unique(flying * _PLAN_DAYS + self.days % _PLAN_DAYS, return_inverse=True)
        lists = [self._passes_of_kind(int(kind), missions, arrived) for kind in kinds]
        self.places = np.concatenate([places for places, _ in lists]).astype(np.uint16)
        self.satellites = np.concatenate([satellites for _, satellites in lists]).astype(np.uint8)
        self.bounds = np.concatenate([[0], np.cumsum([len(places) for places, _ in lists])])
        self.firsts = np.concatenate([[0], np.cumsum(np.diff(self.bounds)[self._kinds])])
        self._numbers: list[int] = self.firsts.tolist()  # a list is faster than an array for single lookups

    def _is_flying(self, mission: Mission) -> Flags:
        first, end = ((day - EPOCH_DAY).days for day in (mission.first, mission.end))
        return (self.days >= first) & (self.days < end)

    def _passes_of_kind(self, kind: int, missions: Sequence[Mission], arrived: Flags | None) -> tuple[Ints, Ints]:
        """Return places and satellites of a kind of day, latest pass first."""
        flying, day = divmod(kind, _PLAN_DAYS)
        lists = [
            (self._places_taken(mission, day), mission.satellite)
            for bit, mission in enumerate(missions)
            if flying >> bit & 1
        ]
        places = np.concatenate([np.zeros(0, np.int64), *(part for part, _ in lists)])
        satellites = np.concatenate([np.zeros(0, np.int64), *(np.full(len(part), number) for part, number in lists)])
        order = np.argsort(-self.microseconds[places], kind="stable")
        if arrived is not None and flying >> len(missions) & 1:
            order = order[arrived[places[order]]]
        return places[order], satellites[order]

    def _places_taken(self, mission: Mission, day: int) -> Ints:
        """Return the places that one satellite images: those it passes in a cycle when they are due."""
        age = (day - mission.offset - self._whole) % _PLAN_DAYS
        # Each place starts at another cycle, so that a mission images some places in every cycle.
        first_cycle = mix_bits(np.arange(len(age)), mission.satellite).astype(np.int64)
        turn = (age // _CYCLE_DAYS + first_cycle) % _CYCLES_PER_PLAN
        return np.flatnonzero((age % _CYCLE_DAYS == 0) & (turn < mission.taken_cycles))

    def __len__(self) -> int:
        return int(self.firsts[-1])

    def index_of(self, day: int) -> int:
        """Return the index of a day in ``days``, clamped to the ends for days outside the range."""
        return min(max(int(self.days[0]) - day, 0), len(self.days))

    def first_of(self, day: int) -> int:
        """Return the number of the first pass of a day or, if it has none, of the next earlier day."""
        return int(self.firsts[self.index_of(day)])

    def at(self, number: int) -> tuple[int, int, int]:
        """Return place, satellite and day of one pass."""
        index = bisect_right(self._numbers, number) - 1
        entry = int(self.bounds[self._kinds[index]]) + number - self._numbers[index]
        return int(self.places[entry]), int(self.satellites[entry]), int(self.days[index])

    def on(self, day: int) -> tuple[int, NDArray[np.uint16]]:
        """Return the number of a day's first pass, and the places of its passes in order."""
        index = self.index_of(day)
        if index == len(self.days) or self.days[index] != day:
            return 0, self.places[:0]
        kind = self._kinds[index]
        return int(self.firsts[index]), self.places[self.bounds[kind] : self.bounds[kind + 1]]

    def entries(self, numbers: NDArray[Any]) -> tuple[Ints, Ints]:
        """Return for each pass the index of its day in ``days``, and its entry."""
        index = np.searchsorted(self.firsts, numbers, side="right") - 1
        return index, self.bounds[self._kinds[index]] + numbers - self.firsts[index]

    def hits(self, days: Flags | slice, entries: Flags | None = None) -> Hits:
        """Return the passes on the selected days, restricted to the selected entries."""
        selected = np.arange(len(self.places)) if entries is None else np.flatnonzero(entries)
        return Hits(self, np.arange(len(self.days))[days], selected.astype(np.int32))

    def kinds_of(self, indices: Ints) -> Ints:
        """Return the kinds of days, given their indices in ``days``."""
        return np.asarray(self._kinds[indices])


class Hits(Sequence[int]):
    """Ascending pass numbers. The count is known at once; the numbers are computed when read."""

    def __init__(self, table: Timetable, days: Ints, selected: Ints) -> None:
        self._table, self._days, self._selected = table, days, selected
        self._starts = np.searchsorted(selected, table.bounds)
        counts = np.diff(self._starts)[table.kinds_of(days)]
        self._ends = np.cumsum(counts)
        self._begins = self._ends - counts

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getitem__(self, index: Any) -> Any:
        """Return one number, or an array of them for a slice."""
        if not isinstance(index, slice):
            rank = range(len(self))[index]
            return int(self._between(rank, rank + 1)[0])
        start, stop, step = index.indices(len(self))
        return self._between(start, stop)[::step] if step > 0 else self._between(0, len(self))[index]

    def __iter__(self) -> Iterator[int]:
        return iter(self[:].tolist())

    def _between(self, start: int, stop: int) -> Ints:
        """Return the numbers at ranks from ``start`` up to ``stop``."""
        if start >= stop:
            return np.zeros(0, np.int32)
        low, high = np.searchsorted(self._ends, [start, stop - 1], side="right")
        span = slice(low, high + 1)
        begins, ends = np.maximum(self._begins[span], start), np.minimum(self._ends[span], stop)
        days, kinds = self._days[span], self._table.kinds_of(self._days[span])
        # Within a day, rank → index among the selected entries, and entry → pass number, are constant offsets.
        ranks = np.arange(start, stop, dtype=np.int32)
        ranks += np.repeat((self._starts[kinds] - self._begins[span]).astype(np.int32), ends - begins)
        numbers = self._selected[ranks]
        numbers += np.repeat((self._table.firsts[days] - self._table.bounds[kinds]).astype(np.int32), ends - begins)
        return numbers
