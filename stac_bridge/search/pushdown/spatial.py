"""Geometries as M2M stores them: planar, with footprints that may extend past ±180 degrees.

A geometry near the antimeridian is sent together with its image on the other side. A large geometry is replaced by a
simpler one around it, because M2M's maximum number of vertices is unknown.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np
import orjson
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from stac_bridge.m2m.filters import GeoJson, Mbr, SceneFilter, shape_of
from stac_bridge.search.pushdown.conditions import UNKNOWN, Compiled

MAX_OVERHANG = 25.0
"""Degrees that footprints extend past the antimeridian at most: datasets report up to 194.44 [REFERENCE §5]."""

_COLLECTIONS = ("GeometryCollection", "MultiPoint", "MultiLineString")
_GLOBE = shapely.box(-180, -90, 180, 90)

MAX_VERTICES = 300
"""Vertices of a geometry that is sent unchanged."""


def push_spatial(args: list[Any]) -> Compiled:
    """Return the scene filter of a spatial operator other than disjoint: all of them imply that both intersect.

    It is never exact, because it is unknown whether M2M tests footprints or their bounding boxes.
    """
    if args[0] != {"property": "geometry"}:
        args = [args[1], args[0]]
    if args[0] != {"property": "geometry"} or not isinstance(args[1], dict) or "type" not in args[1]:
        return UNKNOWN
    return Compiled(SceneFilter(spatial=_spatial_filter(orjson.dumps(args[1]))), exact=False)


@lru_cache(maxsize=256)
def _spatial_filter(geojson: bytes) -> Mbr | GeoJson:
    """The spatial filter of a geometry. Cached, because each page compiles the same geometry for each dataset."""
    return _as_filter(_with_images(_simplified(shape(orjson.loads(geojson)))))


def _simplified(geometry: BaseGeometry) -> BaseGeometry:
    """The geometry, or a simpler one that covers it; of collections, M2M is known to accept MultiPolygons only."""
    parts = shapely.get_parts(geometry)
    if geometry.geom_type in _COLLECTIONS:
        return _simplified(parts[0]) if len(parts) == 1 else geometry.envelope
    if shapely.get_num_coordinates(geometry) <= MAX_VERTICES:
        return geometry
    return _simpler_cover(geometry)


def _simpler_cover(geometry: BaseGeometry) -> BaseGeometry:
    """Buffer, then simplify by less than the buffer, in coarser steps until it is simple enough and covers all."""
    west, south, east, north = geometry.bounds
    width = max(east - west, north - south, 1e-6)
    for share in (0.002, 0.01, 0.05):
        cover = geometry.buffer(2 * share * width, quad_segs=1).simplify(share * width)
        if shapely.get_num_coordinates(cover) <= MAX_VERTICES and cover.covers(geometry):
            return cover
    hull = geometry.convex_hull
    return hull if shapely.get_num_coordinates(hull) <= MAX_VERTICES else geometry.envelope


def _with_images(geometry: BaseGeometry) -> BaseGeometry:
    """Add the images beyond ±180: M2M files footprints near the antimeridian on either side of it."""
    images = []
    for part in shapely.get_parts(geometry):
        west, _south, east, _north = part.bounds
        if west < -180 + MAX_OVERHANG:
            images.append(_shifted(part, 360.0))
        if east > 180 - MAX_OVERHANG:
            images.append(_shifted(part, -360.0))
    return shapely.union_all([geometry, *images]) if images else geometry


def _shifted(geometry: BaseGeometry, degrees: float) -> BaseGeometry:
    return shapely.transform(geometry, partial(np.add, np.array([degrees, 0.0])))


def extends_past_180(scene_filter: SceneFilter) -> bool:
    """Return whether a part of the place is beyond ±180, which M2M is not known to accept."""
    if scene_filter.spatial is None:
        return False
    west, _south, east, _north = shape_of(scene_filter.spatial).bounds
    return bool(west < -180 or east > 180)


def clip_to_180(scene_filter: SceneFilter) -> SceneFilter:
    """Return the scene filter without the part of its place that is beyond ±180."""
    if scene_filter.spatial is None:
        return scene_filter
    clipped = shapely.intersection(shape_of(scene_filter.spatial), _GLOBE)
    return scene_filter.model_copy(update={"spatial": _as_filter(clipped)})


def _as_filter(geometry: BaseGeometry) -> Mbr | GeoJson:
    """A bounding box if the geometry is one."""
    if geometry.geom_type == "Polygon" and geometry.equals(geometry.envelope):
        return Mbr.of(*geometry.bounds)
    return GeoJson(geometry=_geojson(geometry))


def _geojson(geometry: BaseGeometry) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(shapely.to_geojson(geometry))
    return document
