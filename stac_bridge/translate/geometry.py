"""M2M's footprints and bounds → RFC 7946 geometry: closed, counter-clockwise, on the globe, or absent."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import antimeridian
from shapely.errors import GEOSException
from shapely.geometry import mapping, shape

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["WORLD", "dataset_bbox", "footprint", "on_the_globe"]

Ring = list[list[float]]
_TWICE_ROUND = 2 * 720 * 180
"""Twice the area, in square degrees, of two rounds of the globe: no footprint is larger."""
WORLD = [-180.0, -90.0, 180.0, 90.0]


def footprint(raw: dict[str, Any] | None) -> tuple[dict[str, Any] | None, list[float] | None]:
    """A scene's GeoJSON as (geometry, bbox), both None where it says nothing.

    A figure at 0,0 or without area is a gap in the archive, not a place [REFERENCE §5]. Landsat footprints may
    lie past 180: those are cut at the antimeridian, and their bbox has west > east.
    """
    if not raw or not raw.get("coordinates"):
        return None, None
    if raw.get("type") == "Polygon" and len(raw["coordinates"]) == 1:
        return _simple(raw["coordinates"][0])
    try:
        return _any(shape(raw))
    except (ValueError, TypeError, AttributeError, IndexError, GEOSException):
        return None, None


def _simple(ring: Ring) -> tuple[dict[str, Any] | None, list[float] | None]:
    """The usual case without a geometry library: one ring that stays on the globe."""
    try:
        lons = [float(point[0]) for point in ring]
        lats = [max(-90.0, min(float(point[1]), 90.0)) for point in ring]
    except (TypeError, ValueError, IndexError, KeyError):
        return None, None
    if ring[0] != ring[-1]:
        lons.append(lons[0])
        lats.append(lats[0])
    doubled_area = sum(lons[i] * lats[i + 1] - lons[i + 1] * lats[i] for i in range(len(lons) - 1))
    # "not <" also refuses an area that is no number, which a corner that is none makes
    if len(lons) < 4 or doubled_area == 0 or not abs(doubled_area) < _TWICE_ROUND:
        return None, None
    west, south, east, north = min(lons), min(lats), max(lons), max(lats)
    points = [list(point) for point in zip(lons, lats, strict=True)]
    if doubled_area < 0:
        points.reverse()
    if west < -180 or east > 180 or east - west > 180:
        return _off_the_globe(points) if west >= -540 and east <= 540 else (None, None)
    return {"type": "Polygon", "coordinates": [points]}, [west, south, east, north]


def _off_the_globe(points: Ring) -> tuple[dict[str, Any] | None, list[float] | None]:
    try:
        return _any(shape({"type": "Polygon", "coordinates": [points]}))
    except (ValueError, IndexError, GEOSException):
        return None, None


def _any(found: BaseGeometry) -> tuple[dict[str, Any] | None, list[float] | None]:
    if found.is_empty or not _sane(found.bounds) or (found.geom_type.endswith("Polygon") and found.area == 0):
        return None, None
    placed = on_the_globe(found)
    bounds = antimeridian.bbox(placed) if placed.geom_type.endswith("Polygon") else placed.bounds
    return _plain(mapping(placed)), [float(bound) for bound in bounds]


def _sane(bounds: tuple[float, ...]) -> bool:
    """Whether bounds are numbers, within a round and a half of the globe, and not the archive's 0,0."""
    west, south, east, north = bounds
    return -540 <= west <= east <= 540 and -90 <= south <= north <= 90 and bounds != (0, 0, 0, 0)


def on_the_globe(found: BaseGeometry) -> BaseGeometry:
    """A geometry whose longitudes may run past ±180, cut at the antimeridian and wound as RFC 7946 asks."""
    if found.geom_type.endswith("Point"):
        return found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", antimeridian.FixWindingWarning)
        # Edges are straight in longitude and latitude, as GeoJSON has them.
        return shape(antimeridian.fix_shape(found, fix_winding=True, great_circle=False))


def _plain(geometry: dict[str, Any]) -> dict[str, Any]:
    """shapely's tuples as the lists that JSON has, so that one Item compares equal to its written form."""
    return {**geometry, "coordinates": _lists(geometry["coordinates"])}


def _lists(value: Any) -> Any:
    return [_lists(part) for part in value] if isinstance(value, list | tuple) else value


def dataset_bbox(west: float, south: float, east: float, north: float) -> list[float]:
    """A dataset's bounds, which leave the globe by up to 142°, as a bbox on it [REFERENCE §5].

    What cannot be bounds (a side that is no number or too far round, west beyond east) is the whole world's
    width or height: a Collection's extent may be too large, never too small.

    >>> dataset_bbox(-180.01, -84.5, 194.44, 84.4)
    [-180.0, -84.5, 180.0, 84.4]
    >>> dataset_bbox(140.0, -97.68, 195.0, 90.01)
    [140.0, -90.0, -165.0, 90.0]
    >>> dataset_bbox(float("nan"), 20.0, 20.0, 10.0)
    [-180.0, 10.0, 180.0, 20.0]
    """
    low, high = sorted((south, north)) if abs(south) <= 180 and abs(north) <= 180 else (-90.0, 90.0)
    low, high = max(-90.0, min(low, 90.0)), max(-90.0, min(high, 90.0))
    if not -540 <= west <= east <= 540 or east - west >= 360 or (west <= -180 and east >= 180):
        return [-180.0, low, 180.0, high]
    return [_wrap(west), low, _wrap(east), high]


def _wrap(longitude: float) -> float:
    return float(longitude) if -180 <= longitude <= 180 else round((longitude + 180) % 360 - 180, 9)
