"""``bbox`` and ``intersects`` parameters → GeoJSON geometries for CQL2."""

from __future__ import annotations

import math
import re
import reprlib
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray
from shapely.errors import GEOSException
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from stac_bridge.errors import BadRequest
from stac_bridge.search.params.limits import DEFAULT_LIMITS, Limits

_BBOX = "bbox is west,south,east,north in degrees (or west,south,lowest,east,north,highest)"
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)

_LEVELS = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
"""By type of geometry, the levels of lists around its positions."""

_EXAMPLES = ("[6.1, 45.6]", "[[6.1, 45.6], …]", "[[[6.1, 45.6], …], …]")
"""By level, lists of positions."""

_TYPES = (*_LEVELS, "GeometryCollection")
_FEATURES = ("Feature", "FeatureCollection")

_LONGITUDE_LATITUDE = re.compile(r"\b(?:CRS84h?|4326)\b")

MAX_CROSSINGS = 1000
"""Crossings of its own edges, beyond two for each vertex, above which a geometry is not repaired: 10,000 take 0.1 s."""

_MAX_NEIGHBORS = 500_000
"""Pairs of edges that are examined for crossings at most, which takes 65 ms."""

_ROUNDING = 1e-9
"""Degrees beyond the globe that are an error of rounding: projections return 180.00000000000003."""

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
    west, south, east, north = (_on_globe(number, 90 if index % 2 else 180) for index, number in enumerate(numbers))
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
    numbers = [_number(part) for part in parts] if isinstance(parts, list | tuple) else [math.nan]
    if not all(map(math.isfinite, numbers)):
        raise BadRequest(f"{_BBOX}, not {_shown(value)}.")
    return numbers


def _number(part: Any) -> float:
    """A number, or the text of one as JSON has it; NaN for anything else."""
    is_number = _NUMBER.fullmatch(part.strip()) if isinstance(part, str) else _is_number(part)
    try:
        return float(part) if is_number else math.nan
    except OverflowError:  # an integer of hundreds of digits
        return math.nan


def _is_number(part: Any) -> bool:
    return isinstance(part, int | float) and not isinstance(part, bool)


def _shown(value: Any) -> str:
    """A value as it is in Python, without the inner parts of a long one."""
    return reprlib.repr(value)


# -- GeoJSON -------------------------------------------------------------------------------------------------


def read_geometry(value: Any, name: str = "intersects", limits: Limits = DEFAULT_LIMITS) -> Geometry:
    """Return a parameter's geometry (GeoJSON, as an object or its text) in two dimensions. Raises BadRequest.

    GeoJSON does not require what OGC's Simple Features calls valid: parts that overlap are united, and rings that cross
    themselves are repaired.

    The limits are checked here for text only; an object was checked when its parameter was read.
    """
    document = value
    if isinstance(value, str):
        try:
            document = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise BadRequest(f"{name} is a GeoJSON geometry; this is no JSON: {error}.") from None
        limits.check(document, name)
    geometry = _merged(shape(_plain(document, name)))
    if geometry.is_empty:
        raise BadRequest(f"{name} is an empty geometry; add coordinates or leave it out.")
    west, south, east, north = geometry.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise BadRequest(
            f"{name} extends beyond the globe ({west}, {south} to {east}, {north}): longitudes lie within 180 and "
            "latitudes within 90, longitude first. Cut it at the antimeridian as RFC 7946 says."
        )
    if not geometry.is_valid:
        geometry = _repaired(geometry, name)
    # written by GEOS, because equal searches must compare as equal: mapping() returns tuples
    written: Geometry = orjson.loads(shapely.to_geojson(geometry))
    return written


def _plain(document: Any, name: str) -> Geometry:
    """The type and the checked coordinates of a geometry, in two dimensions. Raises BadRequest."""
    kind = document.get("type") if isinstance(document, dict) else None
    if not isinstance(kind, str) or kind not in _TYPES:
        hint = " Send its geometry, or the geometries of several features as one GeometryCollection."
        raise BadRequest(
            f"{name} is a GeoJSON geometry ({', '.join(_TYPES)}), not {_shown(document if kind is None else kind)}."
            f"{hint if kind in _FEATURES else ''}"
        )
    _check_crs(document.get("crs"), name)
    content = document.get("geometries" if kind == "GeometryCollection" else "coordinates")
    if not isinstance(content, list | tuple):
        member = "geometries" if kind == "GeometryCollection" else "coordinates"
        raise BadRequest(f"{name} is a {kind}, whose {member} are a list, not {_shown(content)}.")
    if kind == "GeometryCollection":
        return {"type": kind, "geometries": [_plain(geometry, name) for geometry in content]}
    try:
        return {"type": kind, "coordinates": _nested(content, _LEVELS[kind], kind)}
    except ValueError as error:
        raise BadRequest(f"{name} cannot be read as a {kind}: {error}.") from None


def _check_crs(crs: Any, name: str) -> None:
    """Refuse a reference system, which only old GeoJSON names, unless it is the one that all others are in."""
    if crs is not None and not _LONGITUDE_LATITUDE.search(orjson.dumps(crs, default=str).decode()):
        raise BadRequest(f"{name} names another crs, {_shown(crs)}: GeoJSON is in longitude and latitude (RFC 7946).")


def _nested(part: Any, level: int, kind: str) -> list[Any]:
    """Positions within ``level`` levels of lists, without empty parts. Raises ValueError."""
    if not isinstance(part, list | tuple):
        raise ValueError(f"{_shown(part)} is no list of coordinates such as {_EXAMPLES[level]}")
    if not part:
        return []
    if level == 0:
        return _position(part)
    parts = [_nested(child, level - 1, kind) for child in part]
    if level == 2 and kind.endswith("Polygon") and not parts[0]:
        return []  # the other rings are holes in the first one
    parts = [child for child in parts if child]
    if level == 1 and parts and kind != "MultiPoint":
        _check_length(parts, kind)
    return parts


def _check_length(positions: list[list[float]], kind: str) -> None:
    """Raises ValueError for a line or ring of too few positions. A ring that is not closed will be."""
    if kind.endswith("LineString") and len(positions) < 2:
        raise ValueError(f"a line has two positions or more, not only {positions[0]}")
    if kind.endswith("Polygon") and (len(positions) < 3 or (len(positions) == 3 and positions[0] == positions[-1])):
        raise ValueError(
            f"a ring has four positions or more, of which the last repeats the first, not only {len(positions)}"
        )


def _position(part: Any) -> list[float]:
    """Longitude and latitude; heights are left out, because no Item has any. Raises ValueError."""
    if len(part) < 2:
        raise ValueError(f"the position {_shown(part)} has no latitude")
    for coordinate in part:
        if not _is_number(coordinate) or not math.isfinite(_number(coordinate)):
            raise ValueError(f"{_shown(coordinate)} is no coordinate, which is a number of degrees")
    return [_on_globe(float(part[0]), 180), _on_globe(float(part[1]), 90)]


def _on_globe(degrees: float, limit: float) -> float:
    """A coordinate without an error of rounding at the edge of the globe."""
    return math.copysign(limit, degrees) if limit < abs(degrees) <= limit + _ROUNDING else degrees


def _merged(geometry: BaseGeometry) -> BaseGeometry:
    """A GeometryCollection as one geometry of several parts, or as one for each kind of its members.

    It means the union of its members. Where two polygons of a collection meet, the cql2 library is wrong.
    """
    if geometry.geom_type != "GeometryCollection":
        return geometry
    leaves = _leaves(geometry)
    merged = []
    for kind in ("Point", "LineString", "Polygon"):
        alike = [leaf for leaf in leaves if leaf.geom_type == kind and not leaf.is_empty]
        if alike:
            merged.append(alike[0] if len(alike) == 1 else getattr(shapely, f"Multi{kind}")(alike))
    return merged[0] if len(merged) == 1 else shapely.GeometryCollection(merged)


def _leaves(geometry: BaseGeometry) -> list[Any]:
    """The points, lines and polygons in a geometry."""
    parts = getattr(geometry, "geoms", None)
    return [geometry] if parts is None else [leaf for part in parts for leaf in _leaves(part)]


# -- repair --------------------------------------------------------------------------------------------------


def _repaired(geometry: BaseGeometry, name: str) -> BaseGeometry:
    """The union of a geometry's parts; one without area becomes a line or a point. Raises BadRequest."""
    maximum = max(MAX_CROSSINGS, 2 * int(shapely.get_num_coordinates(geometry)))
    if not _crosses_at_most(geometry, maximum):
        raise BadRequest(
            f"{name} crosses itself too often: it takes too long to repair a geometry whose edges cross or overlap in "
            f"more than {maximum} places. Simplify it, or unite its parts."
        )
    try:
        repaired = shapely.make_valid(geometry, method="structure", keep_collapsed=True)
    except GEOSException:
        repaired = None
    if repaired is None or repaired.is_empty:
        raise BadRequest(f"{name} is an empty geometry once it is repaired: its holes leave nothing of it.")
    return repaired


def _crosses_at_most(geometry: BaseGeometry, maximum: int) -> bool:
    """Whether few enough edges cross. Repair takes longer with each crossing, and n edges can have n² of them."""
    edges = _edges(geometry)
    tree = shapely.STRtree(np.asarray(shapely.linestrings(edges)))
    neighbors = crossings = 0
    for start in range(0, len(edges), 20):
        some = edges[start : start + 20]
        first, second = tree.query(shapely.linestrings(some))
        neighbors += len(first)
        crossings += int(_cross(some[first], edges[second]).sum())
        if neighbors > _MAX_NEIGHBORS or crossings > 2 * maximum:  # of two edges, either is the first once
            return False
    return True


def _edges(geometry: BaseGeometry) -> NDArray[np.float64]:
    """The edges of all rings and lines, as (n, 2, 2): edge, end, axis."""
    lines = []
    for leaf in _leaves(geometry):
        lines += [leaf.exterior, *leaf.interiors] if leaf.geom_type == "Polygon" else [leaf]
    points, line_of = shapely.get_coordinates(lines, return_index=True)
    within = line_of[1:] == line_of[:-1]
    return np.stack([points[:-1][within], points[1:][within]], axis=1)


def _cross(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which pairs of edges cross within both of them."""
    return _separates(first, second) & _separates(second, first)


def _separates(lines: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which edges have their ends on different sides of a line."""
    along = lines[:, 1] - lines[:, 0]
    to_ends = edges - lines[:, :1]
    sides = along[:, None, 0] * to_ends[:, :, 1] - along[:, None, 1] * to_ends[:, :, 0]
    result: NDArray[np.bool_] = sides[:, 0] * sides[:, 1] < 0
    return result
