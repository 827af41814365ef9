"""What a sceneFilter asks, read part by part: days, months, a place, cloud, and the tree of metadata filters."""

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

__all__ = ["Asked", "Column", "Flags", "cloudy", "days_asked", "leaves", "matches", "near"]

Asked = dict[str, Any]
Flags = NDArray[np.bool_]
Column = Callable[[str], NDArray[Any] | None]
"""A metadata filter's id → what it compares with; None for another dataset's filter."""

_EPOCH = date(2013, 1, 1)


def days_asked(asked: Asked | None) -> tuple[int | None, int | None]:
    """First and last of the days that are asked for, in days since 2013-01-01; time parts are dropped [REFERENCE §4].

    Either is None where it is not said, or no date.
    """
    return _day((asked or {}).get("start")), _day((asked or {}).get("end"))


def _day(said: object) -> int | None:
    try:
        return (date.fromisoformat(str(said)[:10].replace("/", "-")) - _EPOCH).days
    except ValueError:
        return None


def near(tree: shapely.STRtree, asked: Asked) -> Flags:
    """Which footprints a spatialFilter meets; a place past ±180 is the same place as on the other side."""
    wanted, hits = _geometry(asked), np.zeros(len(tree.geometries), bool)
    if wanted is not None:
        for turn in (-360, 0, 360):
            moved = shapely.transform(wanted, partial(np.add, np.array([turn, 0.0])))
            hits[tree.query(moved, predicate="intersects")] = True
    return hits


def _geometry(asked: Asked) -> shapely.Geometry | None:
    if asked.get("filterType") == "mbr":
        low, high = asked["lowerLeft"], asked["upperRight"]
        found: shapely.Geometry = shapely.box(low["longitude"], low["latitude"], high["longitude"], high["latitude"])
        return found
    said = asked.get("geoJson")
    return _read_geojson(json.dumps(said)) if said else None


def _read_geojson(text: str) -> shapely.Geometry:
    found: shapely.Geometry = shapely.from_geojson(text)
    return found


def cloudy(cloud: NDArray[np.uint16], asked: Asked, unknown: int) -> Flags:
    """Which of these cloud covers, in hundredths of a percent, a cloudCoverFilter takes."""
    said = asked.get("max")
    low, high = 100 * float(asked.get("min") or 0), 100 * float(100 if said is None else said)
    least, most = int(np.ceil(max(low, 0))), int(np.floor(min(max(high, -1), unknown - 1)))
    known: Flags = cloud <= most
    if least > 0:
        known &= cloud >= least
    return known | (cloud == unknown) if asked.get("includeUnknown") else known


def leaves(asked: Asked) -> list[Asked]:
    """The comparisons in a metadataFilter."""
    if asked.get("filterType") in ("and", "or"):
        return [leaf for child in asked.get("childFilters") or () for leaf in leaves(child)]
    return [asked]


def matches(asked: Asked, column: Column, count: int) -> Flags:
    """Which of ``count`` things a metadataFilter takes, by the columns they have."""
    kind, nothing = asked.get("filterType"), np.zeros(count, bool)
    if kind in ("and", "or"):
        parts = [matches(child, column, count) for child in asked.get("childFilters") or ()]
        return (np.logical_and if kind == "and" else np.logical_or).reduce(parts) if parts else nothing
    values = column(str(asked.get("filterId")))
    if values is None:  # another dataset's filter finds nothing, and is no error [REFERENCE §2]
        return nothing
    if kind == "between":
        first, last = (_like_column(values, asked.get(key)) for key in ("firstValue", "secondValue"))
        return nothing if first is None or last is None else (values >= first) & (values <= last)
    if values.dtype.kind not in "iuf" and (asked.get("operand") == "like" or "%" in str(asked.get("value"))):
        pattern = _pattern(str(asked.get("value")).upper())
        return np.fromiter((bool(pattern.fullmatch(str(value).upper())) for value in values), bool, count)
    wanted = _like_column(values, asked.get("value"))
    return nothing if wanted is None else np.asarray(values == wanted)


def _like_column(column: NDArray[Any], value: object) -> Any:
    """A value as the column has it: path and row come as text or number, and dates as YYYY/MM/DD."""
    try:
        if column.dtype.kind in "iuf":
            return float(str(value).strip())
        if column.dtype.kind == "M":
            return np.datetime64(str(value).strip()[:10].replace("/", "-"), "D")
    except ValueError:
        return None
    return str(value).upper()


def _pattern(like: str) -> re.Pattern[str]:
    return re.compile("".join(".*" if one == "%" else "." if one == "_" else re.escape(one) for one in like))
