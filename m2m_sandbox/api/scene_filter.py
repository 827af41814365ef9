"""Evaluate the parts of a sceneFilter: dates, place, cloud cover, and the tree of metadata filters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Filter = dict[str, Any]
"""A sceneFilter, or one of its parts, as JSON."""

Mask = NDArray[np.bool_]
"""One flag per scene or footprint."""

Column = Callable[[str], NDArray[Any] | None]
"""Metadata filter id → the scenes' values that it compares with; None for the filter of another dataset."""

_EPOCH = date(2013, 1, 1)


def date_range(dates: Filter | None) -> tuple[int | None, int | None]:
    """Return the first and last day of a date filter, in days since 2013-01-01; time parts are dropped [REFERENCE §4].

    An end is None if it is missing or not a date.
    """
    return _day((dates or {}).get("start")), _day((dates or {}).get("end"))


def _day(text: object) -> int | None:
    try:
        return (date.fromisoformat(str(text)[:10].replace("/", "-")) - _EPOCH).days
    except ValueError:
        return None


def spatial_mask(tree: shapely.STRtree, spatial_filter: Filter) -> Mask:
    """Return which footprints of ``tree`` intersect a spatialFilter.

    Longitudes beyond ±180 wrap: the filter's geometry is also tried shifted by 360 degrees either way.
    """
    geometry, hits = _geometry(spatial_filter), np.zeros(len(tree.geometries), bool)
    if geometry is not None:
        for shift in (-360, 0, 360):
            shifted = shapely.transform(geometry, partial(np.add, np.array([shift, 0.0])))
            hits[tree.query(shifted, predicate="intersects")] = True
    return hits


def _geometry(spatial_filter: Filter) -> shapely.Geometry | None:
    if spatial_filter.get("filterType") == "mbr":
        low, high = spatial_filter["lowerLeft"], spatial_filter["upperRight"]
        box: shapely.Geometry = shapely.box(low["longitude"], low["latitude"], high["longitude"], high["latitude"])
        return box
    geojson = spatial_filter.get("geoJson")
    return _read_geojson(json.dumps(geojson)) if geojson else None


def _read_geojson(text: str) -> shapely.Geometry:
    geometry: shapely.Geometry = shapely.from_geojson(text)
    return geometry


def cloud_mask(cloud: NDArray[np.uint16], cloud_filter: Filter, unknown: int) -> Mask:
    """Return which cloud covers a cloudCoverFilter matches.

    ``cloud`` is in hundredths of a percent, with ``unknown``, a value above all others, for scenes without one. They
    match only if the filter has ``includeUnknown``.
    """
    maximum = cloud_filter.get("max")
    low, high = 100 * float(cloud_filter.get("min") or 0), 100 * float(100 if maximum is None else maximum)
    # Clamp to the range of uint16 before comparing: NumPy raises OverflowError for values outside of it.
    lowest, highest = int(np.ceil(max(low, 0))), int(np.floor(min(max(high, -1), unknown - 1)))
    mask: Mask = cloud <= highest
    if lowest > 0:
        mask &= cloud >= lowest
    return mask | (cloud == unknown) if cloud_filter.get("includeUnknown") else mask


def comparisons(metadata_filter: Filter) -> list[Filter]:
    """Return the comparisons at the leaves of a metadataFilter."""
    if metadata_filter.get("filterType") in ("and", "or"):
        children = metadata_filter.get("childFilters") or ()
        return [comparison for child in children for comparison in comparisons(child)]
    return [metadata_filter]


def metadata_mask(metadata_filter: Filter, column: Column, count: int) -> Mask:
    """Return which of ``count`` scenes a metadataFilter matches; ``column`` supplies their values."""
    kind, nothing = metadata_filter.get("filterType"), np.zeros(count, bool)
    if kind in ("and", "or"):
        parts = [metadata_mask(child, column, count) for child in metadata_filter.get("childFilters") or ()]
        return (np.logical_and if kind == "and" else np.logical_or).reduce(parts) if parts else nothing
    values = column(str(metadata_filter.get("filterId")))
    if values is None:  # the filter of another dataset matches no scene, and is not an error [REFERENCE §2]
        return nothing
    if kind == "between":
        first, last = (_as_column_type(values, metadata_filter.get(key)) for key in ("firstValue", "secondValue"))
        return nothing if first is None or last is None else (values >= first) & (values <= last)
    value = metadata_filter.get("value")
    if values.dtype.kind not in "iuf" and (metadata_filter.get("operand") == "like" or "%" in str(value)):
        pattern = _like_pattern(str(value).upper())
        return np.fromiter((bool(pattern.fullmatch(str(text).upper())) for text in values), bool, count)
    typed = _as_column_type(values, value)
    return nothing if typed is None else np.asarray(values == typed)


def _as_column_type(column: NDArray[Any], value: object) -> Any:
    """Convert a value to the column's type; None if it cannot be.

    Clients send path and row as text or as numbers, and dates as YYYY/MM/DD or YYYY-MM-DD.
    """
    try:
        if column.dtype.kind in "iuf":
            return float(str(value).strip())
        if column.dtype.kind == "M":
            return np.datetime64(str(value).strip()[:10].replace("/", "-"), "D")
    except ValueError:
        return None
    return str(value).upper()


def _like_pattern(like: str) -> re.Pattern[str]:
    """Compile a SQL LIKE pattern."""
    return re.compile("".join(".*" if char == "%" else "." if char == "_" else re.escape(char) for char in like))
