"""``bbox`` and ``intersects`` parameters → GeoJSON geometries for CQL2."""

from __future__ import annotations

import math
from typing import Any

import orjson
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from stac_bridge.errors import BadRequest
from stac_bridge.search.params.limits import DEFAULT_LIMITS, Limits

_BBOX = "bbox is west,south,east,north in degrees (or west,south,lowest,east,north,highest)"
_TYPES = (
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
)

Geometry = dict[str, Any]
"""A GeoJSON geometry."""


def read_bbox(value: Any) -> Geometry:
    """Convert a ``bbox`` parameter (degrees) to a geometry; across the antimeridian (west > east) to two boxes.

    The heights of a six-number bbox are checked and then ignored, because no Item has any. Raises BadRequest.
    """
    numbers = _numbers(value)
    if len(numbers) == 6:
        if numbers[2] > numbers[5]:
            raise BadRequest(f"{_BBOX}; in {value!r} the lowest height is above the highest.")
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if len(numbers) != 4:
        raise BadRequest(f"{_BBOX}, not {len(numbers)} numbers.")
    west, south, east, north = numbers
    if south > north:
        raise BadRequest(f"{_BBOX}; in {value!r} south ({south}) is north of north ({north}).")
    if min(south, -north) < -90 or max(abs(west), abs(east)) > 180:
        raise BadRequest(
            f"{_BBOX}; {value!r} extends beyond the globe: longitudes lie within 180 and latitudes within 90. "
            "Across the antimeridian, use west > east."
        )
    if west > east:
        parts = [box(west, south, 180.0, north), box(-180.0, south, east, north)]
        return {"type": "GeometryCollection", "geometries": parts} if west == 180 or east == -180 else _multi(parts)
    return box(west, south, east, north)


def box(west: float, south: float, east: float, north: float) -> Geometry:
    """Return a box as GeoJSON: a Polygon, or the LineString or Point that a box without width or height is."""
    if west == east and south == north:
        return {"type": "Point", "coordinates": [west, south]}
    if west == east or south == north:
        return {"type": "LineString", "coordinates": [[west, south], [east, north]]}
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _multi(parts: list[Geometry]) -> Geometry:
    if all(part["type"] == "Polygon" for part in parts):
        return {"type": "MultiPolygon", "coordinates": [part["coordinates"] for part in parts]}
    return {"type": "GeometryCollection", "geometries": parts}


def _numbers(value: Any) -> list[float]:
    parts = value.split(",") if isinstance(value, str) else value
    try:
        numbers = [float(part) for part in parts]
    except (TypeError, ValueError):
        raise BadRequest(f"{_BBOX}, not {value!r}.") from None
    if any(isinstance(part, bool) for part in parts) or not all(math.isfinite(number) for number in numbers):
        raise BadRequest(f"{_BBOX}, not {value!r}.")
    return numbers


def read_geometry(value: Any, name: str = "intersects", limits: Limits = DEFAULT_LIMITS) -> Geometry:
    """Return a parameter's geometry (GeoJSON, as an object or its text) in two dimensions. Raises BadRequest.

    The limits are checked here for text only; an object was checked when its parameter was read.
    """
    document = value
    if isinstance(value, str):
        try:
            document = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise BadRequest(f"{name} is a GeoJSON geometry; this is no JSON: {error}.") from None
        limits.check(document, name)
    if not isinstance(document, dict) or document.get("type") not in _TYPES:
        kind = document.get("type") if isinstance(document, dict) else document
        hint = " Send its geometry." if kind == "Feature" else ""
        raise BadRequest(f"{name} is a GeoJSON geometry ({', '.join(_TYPES)}), not {kind!r}.{hint}")
    geometry = _shape(document, name)
    if geometry.is_empty:
        raise BadRequest(f"{name} is an empty geometry; add coordinates or leave it out.")
    if not geometry.is_valid:
        raise BadRequest(f"{name} is not a valid geometry: {shapely.is_valid_reason(geometry)}.")
    west, south, east, north = geometry.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise BadRequest(
            f"{name} extends beyond the globe ({west}, {south} to {east}, {north}): longitudes lie within 180 and "
            "latitudes within 90, longitude first. Cut it at the antimeridian as RFC 7946 says."
        )
    # written by GEOS, because equal searches must compare as equal: mapping() returns tuples
    written: Geometry = orjson.loads(shapely.to_geojson(shapely.force_2d(geometry)))
    return written


def _shape(geometry: dict[str, Any], name: str) -> BaseGeometry:
    try:
        _check_coordinates(_content(geometry))
        return shape(geometry)
    except (
        TypeError,
        ValueError,
        KeyError,
        IndexError,
        AttributeError,
        shapely.errors.GEOSException,
    ) as error:
        raise BadRequest(f"{name} cannot be read as a {geometry['type']}: {error}.") from None


def _content(geometry: dict[str, Any]) -> Any:
    return geometry["geometries"] if "geometries" in geometry else geometry.get("coordinates")


def _check_coordinates(part: Any) -> None:
    """Raises ValueError for coordinates that are not numbers: shapely would misread text or null, or crash."""
    if isinstance(part, list):
        for child in part:
            _check_coordinates(child)
    elif isinstance(part, dict):
        _check_coordinates(_content(part))
    elif isinstance(part, bool) or not isinstance(part, int | float) or not math.isfinite(part):
        raise ValueError(f"{part!r} is no coordinate")
