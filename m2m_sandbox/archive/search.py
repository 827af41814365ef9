"""What every archive of the sandbox can do: find scenes, newest first, without building them."""

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

Ints = NDArray[np.integer[Any]]
UNKNOWN = 65535
"""Marks an unknown cloud cover among values in hundredths of a percent."""

_EPOCH_DAY = np.datetime64("2013-01-01", "D")


class Archive(ABC):
    """The scenes of a dataset, identified by number; 0 is the newest."""

    UNKNOWN = UNKNOWN

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of scenes."""

    @abstractmethod
    def search(self, scene_filter: dict[str, Any]) -> Sequence[int] | Ints:
        """Return the numbers of the scenes that match a sceneFilter. Ignores unknown keys, as M2M does."""

    @abstractmethod
    def scene(self, number: int, *, full: bool) -> dict[str, Any]:
        """Return one scene as scene-search does; ``full`` includes its metadata fields."""

    @abstractmethod
    def find(self, identifier: str, field: str = "displayId") -> int | None:
        """Return the number of the scene with this displayId or entityId, or None."""


class ListedArchive(Archive):
    """An archive whose scenes are held in memory.

    ``before`` is how many days before 2013-01-01 each scene was acquired (so ascending), ``places`` the index of its
    footprint, ``cloud`` its cloud cover in hundredths of a percent (UNKNOWN if not known).
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
        """Return the values that a metadata filter compares with for these scenes, or None for an unknown filter."""

    def search(self, scene_filter: dict[str, Any]) -> Ints:
        """Apply one filter after the other, each to the scenes that passed the previous one."""
        numbers = self._between_days(scene_filter.get("acquisitionFilter"))
        if spatial_filter := scene_filter.get("spatialFilter"):
            numbers = numbers[spatial_mask(self._tree, spatial_filter)[self.places[numbers]]]
        if months := scene_filter.get("seasonalFilter"):
            numbers = numbers[np.isin(self._months(numbers), months)]
        if cloud_filter := scene_filter.get("cloudCoverFilter"):
            numbers = numbers[cloud_mask(self.cloud[numbers], cloud_filter, UNKNOWN)]
        if metadata_filter := scene_filter.get("metadataFilter"):
            numbers = numbers[metadata_mask(metadata_filter, partial(self.column, numbers=numbers), len(numbers))]
        return numbers

    def _between_days(self, acquisition_filter: dict[str, Any] | None) -> Ints:
        """Return the scenes acquired in a range of whole days, both ends included."""
        first, last = date_range(acquisition_filter)
        begin = 0 if last is None else self.first_of(last)
        end = len(self.before) if first is None else self.first_of(first - 1)
        return np.arange(begin, max(begin, end))

    def first_of(self, day: int) -> int:
        """Return the number of the first scene acquired on a day (days since 2013-01-01) or earlier."""
        target = np.int32(min(max(-day, -(2**31)), 2**31 - 1))  # else searchsorted copies the array
        return int(np.searchsorted(self.before, target))

    def _months(self, numbers: Ints) -> NDArray[np.int64]:
        return (_EPOCH_DAY - self.before[numbers]).astype("datetime64[M]").astype(int) % 12 + 1
