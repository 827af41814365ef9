"""``bbox`` and ``intersects`` parameters → geometries that CQL2 can be asked about."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import orjson
import shapely
from shapely.geometry import shape

from stac_bridge.errors import BadRequest
from stac_bridge.search.params.limits import USUAL

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from stac_bridge.search.params.limits import Limits

__all__ = ["box", "read_bbox", "read_geometry"]

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


def read_bbox(value: Any) -> Geometry:
    """A ``bbox`` parameter as a geometry; across the antimeridian (west > east) as two boxes.

    Heights of a six-number bbox are checked and left aside: no Item has any. Raises BadRequest.
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
            f"{_BBOX}; {value!r} leaves the globe: longitudes lie within 180 and latitudes within 90. "
            "Across the antimeridian give west > east."
        )
    if west > east:
        parts = [box(west, south, 180.0, north), box(-180.0, south, east, north)]
        return {"type": "GeometryCollection", "geometries": parts} if west == 180 or east == -180 else _multi(parts)
    return box(west, south, east, north)


def box(west: float, south: float, east: float, north: float) -> Geometry:
    """A box as GeoJSON; without width or height, the line or point that it is."""
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


def read_geometry(value: Any, name: str = "intersects", limits: Limits = USUAL) -> Geometry:
    """A geometry of a parameter, in two dimensions. Raises BadRequest with the reason.

    Of one that comes as text the limits are checked here, of any other where its parameter was read.
    """
    said = value
    if isinstance(value, str):
        try:
            said = orjson.loads(value)
        except orjson.JSONDecodeError as broken:
            raise BadRequest(f"{name} is a GeoJSON geometry; this is no JSON: {broken}.") from None
        limits.check(said, name)
    if not isinstance(said, dict) or said.get("type") not in _TYPES:
        kind = said.get("type") if isinstance(said, dict) else said
        hint = " Give its geometry." if kind == "Feature" else ""
        raise BadRequest(f"{name} is a GeoJSON geometry ({', '.join(_TYPES)}), not {kind!r}.{hint}")
    found = _shape(said, name)
    if found.is_empty:
        raise BadRequest(f"{name} is an empty geometry; give it coordinates or leave it out.")
    if not found.is_valid:
        raise BadRequest(f"{name} is not a valid geometry: {shapely.is_valid_reason(found)}.")
    west, south, east, north = found.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise BadRequest(
            f"{name} leaves the globe ({west}, {south} to {east}, {north}): longitudes lie within 180 and "
            "latitudes within 90, longitude first. Cut it at the antimeridian as RFC 7946 says."
        )
    geometry: Geometry = orjson.loads(shapely.to_geojson(shapely.force_2d(found)))
    return geometry


def _shape(said: dict[str, Any], name: str) -> BaseGeometry:
    try:
        _finite(_content(said))
        return shape(said)
    except (
        TypeError,
        ValueError,
        KeyError,
        IndexError,
        AttributeError,
        shapely.errors.GEOSException,
    ) as broken:
        raise BadRequest(f"{name} cannot be read as a {said['type']}: {broken}.") from None


def _content(geometry: dict[str, Any]) -> Any:
    return geometry["geometries"] if "geometries" in geometry else geometry.get("coordinates")


def _finite(part: Any) -> None:
    """Coordinates are numbers; text or null would otherwise be read as something else or crash deep down."""
    if isinstance(part, list):
        for inner in part:
            _finite(inner)
    elif isinstance(part, dict):
        _finite(_content(part))
    elif isinstance(part, bool) or not isinstance(part, int | float) or not math.isfinite(part):
        raise ValueError(f"{part!r} is no coordinate")
