"""What any dataset of the sandbox can do: find scenes, newest first, without making them."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["Archive", "Ints"]

Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]
_EPOCH_DAY = np.datetime64("2013-01-01", "D")


class Archive(ABC):
    """Scenes by their number, 0 being the newest.

    ``before`` holds how many days before 2013-01-01 each was acquired (so that it rises), ``places`` the number of its
    footprint, ``cloud`` its cloud cover in hundredths of a percent (UNKNOWN where it is not known).
    """

    UNKNOWN = 65535
    before: NDArray[np.int32]
    places: NDArray[np.integer]
    cloud: NDArray[np.uint16]

    def __init__(self, footprints: NDArray[np.object_]) -> None:
        self._tree = shapely.STRtree(footprints)

    @abstractmethod
    def scene(self, number: int, *, full: bool) -> dict[str, Any]:
        """One scene as scene-search gives it."""

    @abstractmethod
    def find(self, identifier: str, field: str = "displayId") -> int | None:
        """The number of the scene with this displayId or entityId."""

    @abstractmethod
    def column(self, filter_id: str, numbers: Ints) -> NDArray[Any] | None:
        """What a metadata filter compares with, for these scenes; None where the dataset has no such filter."""

    def search(self, scene_filter: dict[str, Any]) -> Ints:
        """The numbers of the scenes that a sceneFilter finds. Keys it does not know, it ignores, as M2M does."""
        numbers = self._between_days(scene_filter.get("acquisitionFilter"))
        if spatial := scene_filter.get("spatialFilter"):
            numbers = numbers[self._near(spatial)[self.places[numbers]]]
        if months := scene_filter.get("seasonalFilter"):
            numbers = numbers[np.isin(self._months(numbers), months)]
        if cloud := scene_filter.get("cloudCoverFilter"):
            numbers = numbers[self._cloudy(cloud, numbers)]
        if metadata := scene_filter.get("metadataFilter"):
            numbers = numbers[self._metadata(metadata, numbers)]
        return numbers

    def _between_days(self, asked: dict[str, Any] | None) -> Ints:
        """Whole days, both ends included; time parts are dropped [REFERENCE §4]."""
        first, last = _day((asked or {}).get("start")), _day((asked or {}).get("end"))
        begin = 0 if last is None else self.first_of(last)
        end = len(self.before) if first is None else self.first_of(first - 1)
        return np.arange(begin, max(begin, end))

    def first_of(self, day: int) -> int:
        """The number of the first scene of a day (days since 2013-01-01) or of the next earlier one."""
        wanted = np.int32(min(max(-day, -(2**31)), 2**31 - 1))  # of the array's own type, which saves a copy of it
        return int(np.searchsorted(self.before, wanted))

    def _near(self, asked: dict[str, Any]) -> Flags:
        """By footprint; a place past ±180 is the same place as on the other side."""
        wanted = _geometry(asked)
        hits = np.zeros(len(self._tree.geometries), bool)
        if wanted is not None:
            for turn in (-360, 0, 360):
                moved = shapely.transform(wanted, partial(np.add, np.array([turn, 0.0])))
                hits[self._tree.query(moved, predicate="intersects")] = True
        return hits

    def _months(self, numbers: Ints) -> NDArray[np.int64]:
        return (_EPOCH_DAY - self.before[numbers]).astype("datetime64[M]").astype(int) % 12 + 1

    def _cloudy(self, asked: dict[str, Any], numbers: Ints) -> Flags:
        cloud = self.cloud[numbers]
        known = cloud != self.UNKNOWN
        low, high = 100 * float(asked.get("min") or 0), 100 * float(asked.get("max", 100))
        return np.where(known, (cloud >= low) & (cloud <= high), bool(asked.get("includeUnknown")))

    def _metadata(self, asked: dict[str, Any], numbers: Ints) -> Flags:
        kind, nothing = asked.get("filterType"), np.zeros(len(numbers), bool)
        if kind in ("and", "or"):
            parts = [self._metadata(child, numbers) for child in asked.get("childFilters") or ()]
            return (np.logical_and if kind == "and" else np.logical_or).reduce(parts) if parts else nothing
        column = self.column(str(asked.get("filterId")), numbers)
        if column is None:  # another dataset's filter finds nothing, and is no error [REFERENCE §2]
            return nothing
        if kind == "between":
            first, last = (_like_column(column, asked.get(key)) for key in ("firstValue", "secondValue"))
            return nothing if first is None or last is None else (column >= first) & (column <= last)
        if asked.get("operand") == "like" or "%" in str(asked.get("value")):
            pattern = _pattern(str(asked.get("value")).upper())
            return np.fromiter((bool(pattern.fullmatch(str(value).upper())) for value in column), bool, len(column))
        return np.asarray(column == _like_column(column, asked.get("value")))


def _day(said: object) -> int | None:
    try:
        return (date.fromisoformat(str(said)[:10].replace("/", "-")) - date(2013, 1, 1)).days
    except ValueError:
        return None


def _geometry(asked: dict[str, Any]) -> shapely.Geometry | None:
    if asked.get("filterType") == "mbr":
        low, high = asked["lowerLeft"], asked["upperRight"]
        found: shapely.Geometry = shapely.box(low["longitude"], low["latitude"], high["longitude"], high["latitude"])
        return found
    said = asked.get("geoJson")
    return _read_geojson(json.dumps(said)) if said else None


def _read_geojson(text: str) -> shapely.Geometry:
    found: shapely.Geometry = shapely.from_geojson(text)
    return found


def _like_column(column: NDArray[Any], value: object) -> Any:
    """A value as the column has it: M2M takes path and row as text or number."""
    if column.dtype.kind in "iuf":
        try:
            return float(str(value).strip())
        except ValueError:
            return None
    return str(value).upper()


def _pattern(like: str) -> re.Pattern[str]:
    return re.compile("".join(".*" if one == "%" else "." if one == "_" else re.escape(one) for one in like))
