"""Translates M2M's footprints and bounds to RFC 7946 geometries: closed, counterclockwise, within ±180 and ±90."""

from __future__ import annotations

import math
import warnings
from typing import Any

import antimeridian
import numpy as np
import orjson
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

Ring = list[list[float]]
GeometryAndBbox = tuple[dict[str, Any] | None, list[float] | None]

_MAX_DOUBLED_AREA = 2 * 720 * 180
"""Twice the area, in square degrees, of two turns around the globe: every footprint is smaller."""

_MAX_LONGITUDE = 540
"""Longitudes may leave the globe by one turn; M2M's bounds do so by up to 142° [REFERENCE §5]."""

_ROUNDING = 0.1
"""Degrees by which longitudes leave the globe only because M2M rounds and pads: by 0.01, 0.02 or 0.0001.

Beyond that, a place crosses the antimeridian.
"""

_FLOAT_NOISE = 1e-6
"""Degrees by which a latitude may exceed 90 and still be 90."""

_NO_GEOMETRY = (
    *(ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError),
    ShapelyError,
)
"""What is raised for GeoJSON in which anything is of another type or length than it should be."""

WORLD = [-180.0, -90.0, 180.0, 90.0]


def footprint(raw: dict[str, Any] | None) -> GeometryAndBbox:
    """Return (geometry, bbox) of a scene's GeoJSON, or (None, None) if it is not a place on Earth.

    A geometry at 0,0 or without area is a gap in the archive, and one with a latitude beyond 90 is wrong as a whole
    [REFERENCE §5]. Landsat footprints can cross longitude 180: they are cut at the antimeridian, and their bbox has
    west > east. Longitudes that exceed 180 by rounding alone are 180.
    """
    if not raw or not raw.get("coordinates"):
        return None, None
    try:
        if raw.get("type") == "Polygon" and len(raw["coordinates"]) == 1:
            return _ring_footprint(raw["coordinates"][0])
        with np.errstate(invalid="ignore"):  # coordinates that are NaN are refused after this
            return _shape_footprint(shape(raw))
    except _NO_GEOMETRY:
        return None, None


def _ring_footprint(ring: Ring) -> GeometryAndBbox:
    """Translate a polygon with one ring, as almost all footprints are, without shapely and antimeridian.

    Raises one of ``_NO_GEOMETRY`` for what is no ring.

    They take milliseconds, this takes microseconds, and antimeridian returns 6.099999999999994 for 6.1.
    """
    lons = [float(point[0]) for point in ring]
    lats = [float(point[1]) for point in ring]
    if not all(abs(lat) <= 90 + _FLOAT_NOISE for lat in lats):
        return None, None
    lats = [max(-90.0, min(lat, 90.0)) for lat in lats]
    if lons and _exceeds_by_rounding(min(lons), max(lons)):
        lons = [_clamp(lon) for lon in lons]
    if ring[0] != ring[-1]:
        lons.append(lons[0])
        lats.append(lats[0])
    doubled_area = sum(lons[i] * lats[i + 1] - lons[i + 1] * lats[i] for i in range(len(lons) - 1))
    # "not <" also rejects NaN, which the area is if a coordinate is NaN.
    if len(lons) < 4 or doubled_area == 0 or not abs(doubled_area) < _MAX_DOUBLED_AREA:
        return None, None
    west, south, east, north = min(lons), min(lats), max(lons), max(lats)
    points = [list(point) for point in zip(lons, lats, strict=True)]
    if doubled_area < 0:  # clockwise
        points.reverse()
    if west < -180 or east > 180 or east - west > 180:
        is_near = west >= -_MAX_LONGITUDE and east <= _MAX_LONGITUDE
        return _crossing_footprint(points) if is_near else (None, None)
    return {"type": "Polygon", "coordinates": [points]}, [west, south, east, north]


def _crossing_footprint(points: Ring) -> GeometryAndBbox:
    return _shape_footprint(shape({"type": "Polygon", "coordinates": [points]}))


def _shape_footprint(place: BaseGeometry) -> GeometryAndBbox:
    if not all(map(math.isfinite, shapely.get_coordinates(place).flat)):
        return None, None
    if not place.is_empty and _exceeds_by_rounding(place.bounds[0], place.bounds[2]):
        place = shapely.transform(place, lambda points: points.clip((-180, -90), (180, 90)))
    is_polygon = place.geom_type.endswith("Polygon")
    if place.is_empty or not _are_plausible(place.bounds) or (is_polygon and place.area == 0):
        return None, None
    cut = _cut_at_antimeridian(place)
    bounds = antimeridian.bbox(cut) if cut.geom_type.endswith("Polygon") else cut.bounds
    # Written and read, so that coordinates are lists as in JSON, not shapely's tuples.
    return orjson.loads(shapely.to_geojson(cut)), [float(bound) for bound in bounds]


def _exceeds_by_rounding(west: float, east: float) -> bool:
    """Whether longitudes leave the globe, but on neither side by more than M2M's rounding."""
    limit = 180 + _ROUNDING
    return -limit <= west <= east <= limit and (west < -180 or east > 180)


def _clamp(longitude: float) -> float:
    return max(-180.0, min(longitude, 180.0))


def _are_plausible(bounds: tuple[float, ...]) -> bool:
    """Whether bounds are numbers, at most one turn off the globe, and not the archive's 0,0."""
    west, south, east, north = bounds
    return -_MAX_LONGITUDE <= west <= east <= _MAX_LONGITUDE and -90 <= south <= north <= 90 and bounds != (0, 0, 0, 0)


def _cut_at_antimeridian(place: BaseGeometry) -> BaseGeometry:
    """Cut a geometry whose longitudes leave ±180, and wind its rings as RFC 7946 requires."""
    if place.geom_type.endswith("Point"):
        return place
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", antimeridian.FixWindingWarning)
        # GeoJSON's edges are straight in longitude and latitude, not great circles.
        return shape(antimeridian.fix_shape(place, fix_winding=True, great_circle=False))


def dataset_bbox(west: float, south: float, east: float, north: float) -> list[float]:
    """Return a dataset's bounds (degrees), which can leave the globe by up to 142°, as a bbox on it [REFERENCE §5].

    Impossible bounds (NaN, too far off the globe, or west > east) become the whole width or height of the world,
    because a Collection's extent may be too large but never too small.

    >>> dataset_bbox(-180.01, -84.5, 194.44, 84.4)
    [-180.0, -84.5, 180.0, 84.4]
    >>> dataset_bbox(140.0, -97.68, 195.0, 90.01)
    [140.0, -90.0, -165.0, 90.0]
    >>> dataset_bbox(176.2, -19.9, 180.01, -16.3)
    [176.2, -19.9, 180.0, -16.3]
    >>> dataset_bbox(float("nan"), 20.0, 20.0, 10.0)
    [-180.0, 10.0, 180.0, 20.0]
    """
    if _exceeds_by_rounding(west, east):
        west, east = _clamp(west), _clamp(east)
    low, high = sorted((south, north)) if abs(south) <= 180 and abs(north) <= 180 else (-90.0, 90.0)
    low, high = max(-90.0, min(low, 90.0)), max(-90.0, min(high, 90.0))
    is_possible = -_MAX_LONGITUDE <= west <= east <= _MAX_LONGITUDE
    if not is_possible or east - west >= 360 or (west <= -180 and east >= 180):
        return [-180.0, low, 180.0, high]
    return [_wrap(west), low, _wrap(east), high]


def _wrap(longitude: float) -> float:
    return float(longitude) if -180 <= longitude <= 180 else round((longitude + 180) % 360 - 180, 9)
