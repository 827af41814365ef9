"""An archive as large as the real one that is arithmetic: scenes are passes of a timetable, and none is stored."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from m2m_sandbox.api.scene_filter import Filter, Mask, cloud_mask, comparisons, date_range, metadata_mask, spatial_mask
from m2m_sandbox.archive.overpasses.timetable import EPOCH_DAY, Timetable
from m2m_sandbox.archive.search import UNKNOWN, Archive, Ints

if TYPE_CHECKING:
    from collections.abc import Sequence

    import shapely
    from numpy.typing import NDArray

    from m2m_sandbox.archive.overpasses.chance import Chance

__all__ = ["IDS", "Passes"]

IDS = {
    "Landsat Product Identifier L2": "displayId",
    "Landsat Product Identifier L1": "level1",
    "Landsat Scene Identifier": "entityId",
    "Tile Identifier": "displayId",
}
"""Labels of filters by which a scene is named → the field that ``find`` takes."""


class Passes(Archive):
    """``outlines`` tells which footprint of ``tree`` each place has, ``labels`` the metadata filters by their id."""

    fixed: frozenset[str]
    """Labels of the filters whose values the place and the satellite decide."""

    def __init__(self, table: Timetable, chance: Chance, labels: dict[str, str]) -> None:
        self.table, self.chance, self._labels = table, chance, labels

    @property
    @abstractmethod
    def tree(self) -> shapely.STRtree:
        """The footprints."""

    @property
    @abstractmethod
    def outlines(self) -> Ints:
        """Which of the footprints each place has."""

    @abstractmethod
    def fixed_column(self, label: str) -> NDArray[Any]:
        """What a filter compares with, for every entry of the timetable."""

    @abstractmethod
    def column(self, label: str, numbers: Ints) -> NDArray[Any]:
        """What any other filter compares with, for these passes."""

    @abstractmethod
    def hint(self, pattern: str, field: str) -> Mask | None:
        """The places that ids which begin like this can have; None where the pattern does not say."""

    def __len__(self) -> int:
        return len(self.table)

    def first_of(self, day: int) -> int:
        """The number of the first scene of a day (days since 2013-01-01) or of the next earlier one."""
        return self.table.first_of(day)

    def search(self, scene_filter: Filter) -> Sequence[int] | Ints:
        """What place, day and satellite decide is counted; only what chance decides is looked at pass by pass."""
        fixed, rest = self._parted(scene_filter.get("metadataFilter"))
        days, entries = self._days(scene_filter), self._entries(scene_filter, fixed, rest)
        cloud, ingest = scene_filter.get("cloudCoverFilter"), scene_filter.get("ingestFilter")
        if not (cloud or ingest or rest):
            return self.table.hits(days, entries)
        found = self._candidates(days, entries, rest)
        numbers = _among_clouds(found, self.chance.cloud(found), cloud) if cloud else _each(found)
        if ingest:
            numbers = numbers[self._ingested(numbers, ingest)]
        for one in rest:
            numbers = numbers[metadata_mask(one, self._column_of(numbers), len(numbers))]
        return numbers

    def _parted(self, metadata: Filter | None) -> tuple[list[Filter], list[Filter]]:
        """The parts of a metadataFilter that place and satellite decide, and the others."""
        conjuncts = _conjuncts(metadata) if metadata else []
        fixed = [one for one in conjuncts if self._is_fixed(one)]
        return fixed, [one for one in conjuncts if not self._is_fixed(one)]

    def _candidates(self, days: slice | Mask, entries: Mask | None, rest: list[Filter]) -> Ints | slice:
        """The passes that must be looked at: a run of numbers where whole days are wanted."""
        named = self._named({"filterType": "and", "childFilters": rest})
        if named is not None:
            return self._among(np.array(sorted(named), int), days, entries)
        if entries is None and isinstance(days, slice):
            return slice(int(self.table.firsts[days.start]), int(self.table.firsts[days.stop]))
        return np.asarray(self.table.hits(days, entries)[:])

    def _ingested(self, numbers: Ints, asked: Filter) -> Mask:
        """Metadata come in when the product is made, and do not change after."""
        first, last = date_range(asked)
        made = (self.chance.made(numbers) - np.datetime64(EPOCH_DAY, "D")).astype(int)
        after = np.ones(len(made), bool) if first is None else made >= first
        return after if last is None else after & (made <= last)

    def _column_of(self, numbers: Ints) -> Any:
        def column(filter_id: str) -> NDArray[Any] | None:
            label = self._labels.get(filter_id)
            if label is None:
                return None
            if label in self.fixed:
                return self.fixed_column(label)[self.table.entries(numbers)[1]]
            return self.column(label, numbers)

        return column

    def _fixed_column_of(self, filter_id: str) -> NDArray[Any] | None:
        label = self._labels.get(filter_id)
        return None if label is None else self.fixed_column(label)

    def _is_fixed(self, asked: Filter) -> bool:
        labels = (self._labels.get(str(leaf.get("filterId"))) for leaf in comparisons(asked))
        return all(label is None or label in self.fixed for label in labels)

    def _days(self, scene_filter: Filter) -> slice | Mask:
        first, last = date_range(scene_filter.get("acquisitionFilter"))
        begin = 0 if last is None else self.table.index_of(last)
        end = len(self.table.days) if first is None else self.table.index_of(first - 1)
        run = slice(begin, max(begin, end))
        months = scene_filter.get("seasonalFilter")
        if not months:
            return run
        wanted = np.zeros(len(self.table.days), bool)
        days = np.datetime64(EPOCH_DAY, "D") + self.table.days[run]
        wanted[run] = np.isin(days.astype("datetime64[M]").astype(int) % 12 + 1, months)
        return wanted

    def _entries(self, scene_filter: Filter, fixed: list[Filter], rest: list[Filter]) -> Mask | None:
        """Which entries are wanted, or can be; None for all."""
        spatial = scene_filter.get("spatialFilter")
        found = [metadata_mask(one, self._fixed_column_of, len(self.table.places)) for one in fixed]
        hints = (self.hint(str(one.get("value")), self._field(one)) for one in rest if self._is_named(one))
        found += [places[self.table.places] for places in hints if places is not None]
        if spatial:
            found.append(spatial_mask(self.tree, spatial)[self.outlines][self.table.places])
        return np.logical_and.reduce(found) if found else None

    def _is_named(self, asked: Filter) -> bool:
        """Whether a filter asks for an id, or for the beginning of one."""
        return asked.get("filterType") == "value" and self._labels.get(str(asked.get("filterId"))) in IDS

    def _field(self, asked: Filter) -> str:
        return IDS[self._labels[str(asked["filterId"])]]

    def _among(self, numbers: Ints, days: slice | Mask, entries: Mask | None) -> Ints:
        """Those that fall on the days and entries that are wanted."""
        wanted = np.zeros(len(self.table.days), bool)
        wanted[days] = True
        index, entry = self.table.entries(numbers)
        return numbers[wanted[index] if entries is None else wanted[index] & entries[entry]]

    def _named(self, asked: Filter) -> set[int] | None:
        """The scenes to which whole ids narrow a filter, which saves making the id of every scene; None if not."""
        if asked.get("filterType") in ("and", "or"):
            found = [self._named(child) for child in asked.get("childFilters") or ()]
            named = [one for one in found if one is not None]
            if asked["filterType"] == "and":
                return set.intersection(*named) if named else None
            return set.union(*named) if named and len(named) == len(found) else None
        value = str(asked.get("value")).upper()
        if not self._is_named(asked) or "%" in value:
            return None
        number = self.find(value, self._field(asked))
        if number is None and asked.get("operand") == "like":
            return None  # there may be other wildcards in it
        return set() if number is None else {number}


def _conjuncts(asked: Filter) -> list[Filter]:
    """The parts of a filter that must all hold."""
    if asked.get("filterType") == "and" and asked.get("childFilters"):
        return [part for child in asked["childFilters"] for part in _conjuncts(child)]
    return [asked]


def _each(found: Ints | slice) -> Ints:
    return np.arange(found.start, found.stop, dtype=np.int32) if isinstance(found, slice) else found


def _among_clouds(found: Ints | slice, cloud: NDArray[np.uint16], asked: Filter) -> Ints:
    """Those whose clouds are wanted; the numbers of a run need not be written down for it."""
    wanted = cloud_mask(cloud, asked, UNKNOWN)
    return np.flatnonzero(wanted) + found.start if isinstance(found, slice) else found[wanted]
