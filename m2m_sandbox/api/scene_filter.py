"""Evaluate the parts of a sceneFilter: dates, place, cloud cover, and the tree of metadata filters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import date
from functools import cache, partial
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from m2m_sandbox.archive.fact_sheets import is_limit

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
    return _mask(metadata_filter, cache(column), count)  # building the column of an id costs far more than comparing it


def _mask(condition: Filter, column: Column, count: int) -> Mask:
    kind = condition.get("filterType")
    if kind in ("and", "or"):
        children = condition.get("childFilters") or ()
        groups = [[child] for child in children] if kind == "and" else _alternatives(children)
        parts = [_any_mask(group, column, count) for group in groups]
        return (np.logical_and if kind == "and" else np.logical_or).reduce(parts) if parts else np.zeros(count, bool)
    return _any_mask([condition], column, count)


def _alternatives(children: Iterable[Filter]) -> list[list[Filter]]:
    """Group the values of an ``or`` by filter, so that a thousand ids cost one pass over the scenes."""
    groups: dict[Any, list[Filter]] = {}
    for number, child in enumerate(children):
        groups.setdefault(child.get("filterId") if child.get("filterType") == "value" else number, []).append(child)
    return list(groups.values())


def _any_mask(group: list[Filter], column: Column, count: int) -> Mask:
    """Return which scenes match any condition of a group: values of one filter, or a single other condition."""
    condition = group[0]
    kind, filter_id = condition.get("filterType"), str(condition.get("filterId"))
    if kind in ("and", "or"):
        return _mask(condition, column, count)
    values = column(filter_id)
    if values is None:  # the filter of another dataset matches no scene, and is not an error [REFERENCE §2]
        return np.zeros(count, bool)
    if kind == "between":
        first, last = (_as_column_type(values, condition.get(key)) for key in ("firstValue", "secondValue"))
        is_range = first is not None and last is not None
        return (values >= first) & (values <= last) if is_range else np.zeros(count, bool)
    if values.dtype.kind in "iufM":
        return _is_any_number(values, group, limit=is_limit(filter_id))
    return _is_any_text(values, group)


def _is_any_number(values: NDArray[Any], group: list[Filter], *, limit: bool) -> Mask:
    """Compare numbers or dates; with ``limit``, a value matches all numbers up to it."""
    typed = [_as_column_type(values, condition.get("value")) for condition in group]
    known = [value for value in typed if value is not None]
    if not known:
        return np.zeros(len(values), bool)
    return np.asarray(values <= max(known) if limit else np.isin(values, known))


def _is_any_text(values: NDArray[Any], group: list[Filter]) -> Mask:
    """Compare text without regard to case, with wildcards after ``like`` or if the value has a percent sign."""
    wanted = [(str(condition.get("value")).upper(), condition.get("operand") == "like") for condition in group]
    exact = {text for text, _ in wanted}
    likes = [_like_pattern(text) for text, is_like in wanted if "%" in text or (is_like and "_" in text)]
    if not likes and values.dtype.kind == "U":  # short codes of millions of scenes
        return np.isin(values, list(exact))
    matches = re.compile("|".join(likes)).fullmatch if likes else None
    texts = (str(value).upper() for value in values)
    flags = (text in exact or (matches is not None and matches(text) is not None) for text in texts)
    return np.fromiter(flags, bool, len(values))


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


def _like_pattern(like: str) -> str:
    """Return a SQL LIKE pattern as a regular expression."""
    return "".join(".*" if char == "%" else "." if char == "_" else re.escape(char) for char in like)
