"""When satellites pass which places, as arithmetic: every pass has a number, and none is stored.

A satellite is over a place again after 16 days, always at the same time of day. So what is taken on a day follows from
the day's place in the cycle and from which satellites fly: there are a few hundred *kinds* of days, each with its list
of passes, and a day needs no more than its kind. The newest pass has number 0.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from m2m_sandbox.archive.hashing import mixed

__all__ = ["EPOCH_DAY", "Hits", "Mission", "Timetable"]

EPOCH_DAY = date(2013, 1, 1)
"""Days are counted since."""

_CYCLE, _CYCLES = 16, 4
_PLAN = _CYCLE * _CYCLES
_MICROSECONDS = 86_400_000_000

Ints = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Mission:
    """A satellite's service: from ``first`` up to and without ``end``, ``offset`` days after Landsat 8 in the cycle.

    ``of_four`` tells in how many of four cycles a place is taken: older missions had no room to take all.
    """

    satellite: int
    first: date
    end: date
    offset: int
    of_four: int = 4


class Timetable:
    """The passes of some missions over some places.

    ``passes`` are moments, in days since EPOCH_DAY, at which Landsat 8 is over each place. ``places`` and
    ``satellites`` tell of each *entry*, which is a pass on a kind of day; ``days`` are all days, the newest first.
    """

    def __init__(self, passes: NDArray[np.float64], missions: Sequence[Mission]) -> None:
        self._whole = np.floor(passes).astype(np.int64)
        self.microseconds = np.minimum(np.rint((passes - self._whole) * _MICROSECONDS), _MICROSECONDS - 1).astype(int)
        first, end = min(one.first for one in missions), max(one.end for one in missions)
        self.days = np.arange((end - EPOCH_DAY).days - 1, (first - EPOCH_DAY).days - 1, -1)
        flying = sum((self._flies(one).astype(int) << bit for bit, one in enumerate(missions)), np.zeros(1, int))
        kinds, self._kinds = np.unique(flying * _PLAN + self.days % _PLAN, return_inverse=True)
        lists = [self._taken(int(kind), missions) for kind in kinds]
        self.places = np.concatenate([places for places, _ in lists]).astype(np.uint16)
        self.satellites = np.concatenate([satellites for _, satellites in lists]).astype(np.uint8)
        self.bounds = np.concatenate([[0], np.cumsum([len(places) for places, _ in lists])])
        self.firsts = np.concatenate([[0], np.cumsum(np.diff(self.bounds)[self._kinds])])
        self._numbers: list[int] = self.firsts.tolist()  # quicker for one number at a time

    def _flies(self, mission: Mission) -> Flags:
        first, end = ((day - EPOCH_DAY).days for day in (mission.first, mission.end))
        return (self.days >= first) & (self.days < end)

    def _taken(self, kind: int, missions: Sequence[Mission]) -> tuple[Ints, Ints]:
        """Places and satellites of a kind of day, the latest pass first."""
        flying, day = divmod(kind, _PLAN)
        found = [(self._places(one, day), one.satellite) for bit, one in enumerate(missions) if flying >> bit & 1]
        places = np.concatenate([np.zeros(0, np.int64), *(places for places, _ in found)])
        satellites = np.concatenate([np.zeros(0, np.int64), *(np.full(len(places), one) for places, one in found)])
        order = np.argsort(-self.microseconds[places], kind="stable")
        return places[order], satellites[order]

    def _places(self, mission: Mission, day: int) -> Ints:
        """What one satellite takes: the places that it passes, as far as their turn has come."""
        age = (day - mission.offset - self._whole) % _PLAN
        turn = (age // _CYCLE + mixed(np.arange(len(age)), mission.satellite).astype(np.int64)) % _CYCLES
        return np.flatnonzero((age % _CYCLE == 0) & (turn < mission.of_four))

    def __len__(self) -> int:
        return int(self.firsts[-1])

    def index_of(self, day: int) -> int:
        """Where a day stands among ``days``: at their ends, if it is later or earlier than all."""
        return min(max(int(self.days[0]) - day, 0), len(self.days))

    def first_of(self, day: int) -> int:
        """The number of the first pass of a day or of the next earlier one."""
        return int(self.firsts[self.index_of(day)])

    def at(self, number: int) -> tuple[int, int, int]:
        """Place, satellite and day of one pass."""
        index = bisect_right(self._numbers, number) - 1
        entry = int(self.bounds[self._kinds[index]]) + number - self._numbers[index]
        return int(self.places[entry]), int(self.satellites[entry]), int(self.days[index])

    def on(self, day: int) -> tuple[int, NDArray[np.uint16]]:
        """The number of a day's first pass, and the places of its passes in their order."""
        index = self.index_of(day)
        if index == len(self.days) or self.days[index] != day:
            return 0, self.places[:0]
        kind = self._kinds[index]
        return int(self.firsts[index]), self.places[self.bounds[kind] : self.bounds[kind + 1]]

    def entries(self, numbers: NDArray[Any]) -> tuple[Ints, Ints]:
        """Of each number, the index of its day among ``days``, and its entry."""
        index = np.searchsorted(self.firsts, numbers, side="right") - 1
        return index, self.bounds[self._kinds[index]] + numbers - self.firsts[index]

    def hits(self, days: Flags | slice, entries: Flags | None = None) -> Hits:
        """The passes of some of the days, and of those only the entries that are wanted."""
        picked = np.arange(len(self.places)) if entries is None else np.flatnonzero(entries)
        return Hits(self, np.arange(len(self.days))[days], picked.astype(np.int32))

    def kinds_of(self, indices: Ints) -> Ints:
        """The kinds of days, by their indices among ``days``."""
        return np.asarray(self._kinds[indices])


class Hits(Sequence[int]):
    """Numbers of passes, rising, that are counted at once and worked out only where they are looked at."""

    def __init__(self, table: Timetable, days: Ints, picked: Ints) -> None:
        self._table, self._days, self._picked = table, days, picked
        self._starts = np.searchsorted(picked, table.bounds)
        counts = np.diff(self._starts)[table.kinds_of(days)]
        self._ends = np.cumsum(counts)
        self._begins = self._ends - counts

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getitem__(self, at: Any) -> Any:
        """A number, or for a slice an array of them."""
        if not isinstance(at, slice):
            rank = range(len(self))[at]
            return int(self._between(rank, rank + 1)[0])
        start, stop, step = at.indices(len(self))
        return self._between(start, stop)[::step] if step > 0 else self._between(0, len(self))[at]

    def __iter__(self) -> Iterator[int]:
        return iter(self[:].tolist())

    def _between(self, start: int, stop: int) -> Ints:
        """The numbers of these ranks."""
        if start >= stop:
            return np.zeros(0, np.int32)
        low, high = np.searchsorted(self._ends, [start, stop - 1], side="right")
        held = slice(low, high + 1)
        begins, ends = np.maximum(self._begins[held], start), np.minimum(self._ends[held], stop)
        days, kinds = self._days[held], self._table.kinds_of(self._days[held])
        # from a rank to its place among the picked entries, and from an entry to its number, is one shift a day
        ranks = np.arange(start, stop, dtype=np.int32)
        ranks += np.repeat((self._starts[kinds] - self._begins[held]).astype(np.int32), ends - begins)
        numbers = self._picked[ranks]
        numbers += np.repeat((self._table.firsts[days] - self._table.bounds[kinds]).astype(np.int32), ends - begins)
        return numbers
