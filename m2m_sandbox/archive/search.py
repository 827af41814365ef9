"""What any dataset of the sandbox can do: find scenes, newest first, without making them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from m2m_sandbox.api.scene_filter import cloud_mask, date_range, metadata_mask, spatial_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["UNKNOWN", "Archive", "Ints", "Listed"]

Ints = NDArray[np.integer[Any]]
UNKNOWN = 65535
"""Stands for a cloud cover that is not known, among hundredths of a percent."""

_EPOCH_DAY = np.datetime64("2013-01-01", "D")


class Archive(ABC):
    """Scenes by their number, 0 being the newest."""

    UNKNOWN = UNKNOWN

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""

    @abstractmethod
    def search(self, scene_filter: dict[str, Any]) -> Sequence[int] | Ints:
        """The numbers of the scenes that a sceneFilter finds. Keys it does not know, it ignores, as M2M does."""

    @abstractmethod
    def scene(self, number: int, *, full: bool) -> dict[str, Any]:
        """One scene as scene-search gives it."""

    @abstractmethod
    def find(self, identifier: str, field: str = "displayId") -> int | None:
        """The number of the scene with this displayId or entityId."""


class Listed(Archive):
    """Scenes that stand in a list.

    ``before`` holds how many days before 2013-01-01 each was acquired (so that it rises), ``places`` the number of its
    footprint, ``cloud`` its cloud cover in hundredths of a percent (UNKNOWN where it is not known).
    """

    before: NDArray[np.int32]
    places: NDArray[np.integer]
    cloud: NDArray[np.uint16]

    def __init__(self, footprints: NDArray[np.object_]) -> None:
        self._tree = shapely.STRtree(footprints)

    def __len__(self) -> int:
        return len(self.before)

    @abstractmethod
    def column(self, filter_id: str, numbers: Ints) -> NDArray[Any] | None:
        """What a metadata filter compares with, for these scenes; None where the dataset has no such filter."""

    def search(self, scene_filter: dict[str, Any]) -> Ints:
        """One filter after the other, each on what the last one left."""
        numbers = self._between_days(scene_filter.get("acquisitionFilter"))
        if spatial := scene_filter.get("spatialFilter"):
            numbers = numbers[spatial_mask(self._tree, spatial)[self.places[numbers]]]
        if months := scene_filter.get("seasonalFilter"):
            numbers = numbers[np.isin(self._months(numbers), months)]
        if cloud := scene_filter.get("cloudCoverFilter"):
            numbers = numbers[cloud_mask(self.cloud[numbers], cloud, UNKNOWN)]
        if metadata := scene_filter.get("metadataFilter"):
            numbers = numbers[metadata_mask(metadata, partial(self.column, numbers=numbers), len(numbers))]
        return numbers

    def _between_days(self, asked: dict[str, Any] | None) -> Ints:
        """Whole days, both ends included."""
        first, last = date_range(asked)
        begin = 0 if last is None else self.first_of(last)
        end = len(self.before) if first is None else self.first_of(first - 1)
        return np.arange(begin, max(begin, end))

    def first_of(self, day: int) -> int:
        """The number of the first scene of a day (days since 2013-01-01) or of the next earlier one."""
        wanted = np.int32(min(max(-day, -(2**31)), 2**31 - 1))  # of the array's own type, which saves a copy of it
        return int(np.searchsorted(self.before, wanted))

    def _months(self, numbers: Ints) -> NDArray[np.int64]:
        return (_EPOCH_DAY - self.before[numbers]).astype("datetime64[M]").astype(int) % 12 + 1
