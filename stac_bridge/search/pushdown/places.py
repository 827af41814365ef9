"""Places as M2M keeps them: flat, with footprints that may lie past ±180.

One question carries a place and, near the antimeridian, its image on the other side. Large geometries are asked for
by a simpler one around them, because M2M's limit of vertices is not known.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import shapely
from shapely.geometry import shape

from stac_bridge.m2m.filters import GeoJson, Mbr, SceneFilter, shape_of
from stac_bridge.search.pushdown.conditions import UNKNOWN, Compiled

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["clipped", "leaves_the_globe", "place_filter"]

REACH = 25.0
"""Degrees past the antimeridian that footprints reach at most: datasets say up to 194.44 [REFERENCE §5]."""

_COLLECTIONS = ("GeometryCollection", "MultiPoint", "MultiLineString")
_GLOBE = shapely.box(-180, -90, 180, 90)

MOST_VERTICES = 300
"""Vertices of a geometry that is sent as it is."""


def place_filter(args: list[Any]) -> Compiled:
    """A spatial operator: but for disjoint, all of them ask that the two meet.

    Whether M2M tries footprints or their bounds is not known, so a place is never exact.
    """
    if args[0] != {"property": "geometry"}:
        args = [args[1], args[0]]
    if args[0] != {"property": "geometry"} or not isinstance(args[1], dict) or "type" not in args[1]:
        return UNKNOWN
    return Compiled(SceneFilter(spatial=_asked(orjson.dumps(args[1]))), exact=False)


@lru_cache(maxsize=256)
def _asked(written: bytes) -> Mbr | GeoJson:
    """The spatial filter of a geometry (as JSON): a box where it is one."""
    return _said(_with_images(_simple(shape(orjson.loads(written)))))


def _simple(found: BaseGeometry) -> BaseGeometry:
    """The geometry, or one around it with fewer vertices; a collection becomes what M2M is known to take."""
    parts = shapely.get_parts(found)
    if found.geom_type in _COLLECTIONS:
        return _simple(parts[0]) if len(parts) == 1 else found.envelope
    if shapely.get_num_coordinates(found) <= MOST_VERTICES:
        return found
    return _around(found)


def _around(found: BaseGeometry) -> BaseGeometry:
    """Wider by a little and then simplified by less, coarser and coarser, until it is simple and covers all."""
    west, south, east, north = found.bounds
    width = max(east - west, north - south, 1e-6)
    for share in (0.002, 0.01, 0.05):
        around = found.buffer(2 * share * width, quad_segs=1).simplify(share * width)
        if shapely.get_num_coordinates(around) <= MOST_VERTICES and around.covers(found):
            return around
    hull = found.convex_hull
    return hull if shapely.get_num_coordinates(hull) <= MOST_VERTICES else found.envelope


def _with_images(found: BaseGeometry) -> BaseGeometry:
    """Footprints there are filed on either side of the antimeridian."""
    images = []
    for part in shapely.get_parts(found):
        west, _south, east, _north = part.bounds
        if west < -180 + REACH:
            images.append(_moved(part, 360.0))
        if east > 180 - REACH:
            images.append(_moved(part, -360.0))
    return shapely.union_all([found, *images]) if images else found


def _moved(found: BaseGeometry, turn: float) -> BaseGeometry:
    return shapely.transform(found, partial(np.add, np.array([turn, 0.0])))


def leaves_the_globe(asked: SceneFilter) -> bool:
    """Whether a place lies in part past ±180, which M2M is not known to take."""
    if asked.spatial is None:
        return False
    west, _south, east, _north = shape_of(asked.spatial).bounds
    return bool(west < -180 or east > 180)


def clipped(asked: SceneFilter) -> SceneFilter:
    """The same question without what lies past ±180."""
    if asked.spatial is None:
        return asked
    return asked.model_copy(update={"spatial": _said(shapely.intersection(shape_of(asked.spatial), _GLOBE))})


def _said(found: BaseGeometry) -> Mbr | GeoJson:
    """A box where it is one."""
    if found.geom_type == "Polygon" and found.equals(found.envelope):
        return Mbr.of(*found.bounds)
    return GeoJson(geometry=orjson.loads(shapely.to_geojson(found)))
