"""An archive as large as the real one that is pure arithmetic: scenes are passes of a timetable, and none is stored."""

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

IDS = {
    "Landsat Product Identifier L2": "displayId",
    "Landsat Product Identifier L1": "level1",
    "Landsat Scene Identifier": "entityId",
    "Tile Identifier": "displayId",
}
"""Labels of the filters on ids → the field that ``find`` takes."""


class Passes(Archive):
    """Scenes that are passes of a timetable. ``labels`` are the labels of the metadata filters by filter id."""

    fixed_labels: frozenset[str]
    """Labels of the filters whose values depend only on place and satellite."""

    def __init__(self, table: Timetable, chance: Chance, labels: dict[str, str]) -> None:
        self.table, self.chance, self._labels = table, chance, labels

    @property
    @abstractmethod
    def tree(self) -> shapely.STRtree:
        """Index of the footprints."""

    @property
    @abstractmethod
    def footprint_of_place(self) -> Ints:
        """Index of each place's footprint in ``tree``."""

    @abstractmethod
    def fixed_column(self, label: str) -> NDArray[Any]:
        """Return the values that a filter on a fixed label compares with, for every entry of the timetable."""

    @abstractmethod
    def column(self, label: str, numbers: Ints) -> NDArray[Any]:
        """Return the values that any other filter compares with, for these passes."""

    @abstractmethod
    def places_of_pattern(self, pattern: str, field: str) -> Mask | None:
        """Return the places whose ids can match a pattern, or None if the pattern does not determine them."""

    def __len__(self) -> int:
        return len(self.table)

    def first_of(self, day: int) -> int:
        """Return the number of the first scene of a day (days since 2013-01-01) or of the next earlier day."""
        return self.table.first_of(day)

    def search(self, scene_filter: Filter) -> Sequence[int] | Ints:
        """Find passes. Place, day and satellite are counted; only random properties are checked pass by pass."""
        fixed, remaining = self._split_filter(scene_filter.get("metadataFilter"))
        days, entries = self._days(scene_filter), self._entries(scene_filter, fixed, remaining)
        cloud_filter, ingest_filter = scene_filter.get("cloudCoverFilter"), scene_filter.get("ingestFilter")
        if not (cloud_filter or ingest_filter or remaining):
            return self.table.hits(days, entries)
        candidates = self._candidates(days, entries, remaining)
        numbers = (
            _restrict_to_clouds(candidates, self.chance.cloud(candidates), cloud_filter)
            if cloud_filter
            else _as_array(candidates)
        )
        if ingest_filter:
            numbers = numbers[self._in_ingest_range(numbers, ingest_filter)]
        for condition in remaining:
            numbers = numbers[metadata_mask(condition, self._column_of(numbers), len(numbers))]
        return numbers

    def _split_filter(self, metadata_filter: Filter | None) -> tuple[list[Filter], list[Filter]]:
        """Split a metadataFilter into conditions on fixed labels and all others."""
        conjuncts = _conjuncts(metadata_filter) if metadata_filter else []
        fixed = [condition for condition in conjuncts if self._is_fixed(condition)]
        return fixed, [condition for condition in conjuncts if not self._is_fixed(condition)]

    def _candidates(self, days: slice | Mask, entries: Mask | None, remaining: list[Filter]) -> Ints | slice:
        """Return the passes to check one by one: a range of numbers if whole days are selected."""
        numbers = self._numbers_by_id({"filterType": "and", "childFilters": remaining})
        if numbers is not None:
            return self._restrict(np.array(sorted(numbers), int), days, entries)
        if entries is None and isinstance(days, slice):
            return slice(int(self.table.firsts[days.start]), int(self.table.firsts[days.stop]))
        return np.asarray(self.table.hits(days, entries)[:])

    def _in_ingest_range(self, numbers: Ints, ingest_filter: Filter) -> Mask:
        """Select by ingest date, which is the processing date: the sandbox never updates metadata later."""
        first, last = date_range(ingest_filter)
        made = (self.chance.processing_dates(numbers) - np.datetime64(EPOCH_DAY, "D")).astype(int)
        flags = np.ones(len(made), bool) if first is None else made >= first
        return flags if last is None else flags & (made <= last)

    def _column_of(self, numbers: Ints) -> Any:
        def column(filter_id: str) -> NDArray[Any] | None:
            label = self._labels.get(filter_id)
            if label is None:
                return None
            if label in self.fixed_labels:
                return self.fixed_column(label)[self.table.entries(numbers)[1]]
            return self.column(label, numbers)

        return column

    def _fixed_column_of(self, filter_id: str) -> NDArray[Any] | None:
        label = self._labels.get(filter_id)
        return None if label is None else self.fixed_column(label)

    def _is_fixed(self, condition: Filter) -> bool:
        labels = (self._labels.get(str(leaf.get("filterId"))) for leaf in comparisons(condition))
        return all(label is None or label in self.fixed_labels for label in labels)

    def _days(self, scene_filter: Filter) -> slice | Mask:
        first, last = date_range(scene_filter.get("acquisitionFilter"))
        begin = 0 if last is None else self.table.index_of(last)
        end = len(self.table.days) if first is None else self.table.index_of(first - 1)
        span = slice(begin, max(begin, end))
        months = scene_filter.get("seasonalFilter")
        if not months:
            return span
        flags = np.zeros(len(self.table.days), bool)
        days = np.datetime64(EPOCH_DAY, "D") + self.table.days[span]
        flags[span] = np.isin(days.astype("datetime64[M]").astype(int) % 12 + 1, months)
        return flags

    def _entries(self, scene_filter: Filter, fixed: list[Filter], remaining: list[Filter]) -> Mask | None:
        """Return the entries that match, or may match; None for all."""
        spatial = scene_filter.get("spatialFilter")
        flags = [metadata_mask(condition, self._fixed_column_of, len(self.table.places)) for condition in fixed]
        candidates = (self._places_by_id(condition) for condition in remaining)
        flags += [places[self.table.places] for places in candidates if places is not None]
        if spatial:
            flags.append(spatial_mask(self.tree, spatial)[self.footprint_of_place][self.table.places])
        return np.logical_and.reduce(flags) if flags else None

    def _places_by_id(self, condition: Filter) -> Mask | None:
        """Return the places to which ids, or the beginnings of ids, narrow a condition; None if they do not."""
        if condition.get("filterType") in ("and", "or"):
            results = [self._places_by_id(child) for child in condition.get("childFilters") or ()]
            known = [result for result in results if result is not None]
            if condition["filterType"] == "and":
                return np.logical_and.reduce(known) if known else None
            return np.logical_or.reduce(known) if known and len(known) == len(results) else None
        if not self._is_id_filter(condition):
            return None
        return self.places_of_pattern(str(condition.get("value")), self._field(condition))

    def _is_id_filter(self, condition: Filter) -> bool:
        """Test whether a condition compares an id, or the beginning of one."""
        return condition.get("filterType") == "value" and self._labels.get(str(condition.get("filterId"))) in IDS

    def _field(self, condition: Filter) -> str:
        return IDS[self._labels[str(condition["filterId"])]]

    def _restrict(self, numbers: Ints, days: slice | Mask, entries: Mask | None) -> Ints:
        """Keep the passes on the selected days and entries."""
        day_flags = np.zeros(len(self.table.days), bool)
        day_flags[days] = True
        index, entry = self.table.entries(numbers)
        return numbers[day_flags[index] if entries is None else day_flags[index] & entries[entry]]

    def _numbers_by_id(self, condition: Filter) -> set[int] | None:
        """Return the scenes to which complete ids narrow a condition, or None if they do not.

        This avoids building the id of every candidate.
        """
        if condition.get("filterType") in ("and", "or"):
            results = [self._numbers_by_id(child) for child in condition.get("childFilters") or ()]
            known = [result for result in results if result is not None]
            if condition["filterType"] == "and":
                return set.intersection(*known) if known else None
            return set.union(*known) if known and len(known) == len(results) else None
        value = str(condition.get("value")).upper()
        if not self._is_id_filter(condition) or "%" in value:
            return None
        number = self.find(value, self._field(condition))
        if number is None and condition.get("operand") == "like":
            return None  # the value may contain other wildcards
        return set() if number is None else {number}


def _conjuncts(condition: Filter) -> list[Filter]:
    """Return the conditions that must all hold."""
    if condition.get("filterType") == "and" and condition.get("childFilters"):
        return [part for child in condition["childFilters"] for part in _conjuncts(child)]
    return [condition]


def _as_array(numbers: Ints | slice) -> Ints:
    return np.arange(numbers.start, numbers.stop, dtype=np.int32) if isinstance(numbers, slice) else numbers


def _restrict_to_clouds(numbers: Ints | slice, cloud: NDArray[np.uint16], cloud_filter: Filter) -> Ints:
    """Keep the passes with matching cloud cover, without expanding a range of numbers to an array."""
    flags = cloud_mask(cloud, cloud_filter, UNKNOWN)
    return np.flatnonzero(flags) + numbers.start if isinstance(numbers, slice) else numbers[flags]
