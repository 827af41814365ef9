"""Geometries as M2M stores them: planar, with footprints that may extend past ±180 degrees.

A geometry is widened by the rounding of footprints. One near the antimeridian is sent together with its image on the
other side. A large one is replaced by a simpler one around it, because M2M's maximum number of vertices is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from stac_bridge.m2m.filters import GeoJson, Mbr, SceneFilter, shape_of
from stac_bridge.search.pushdown.conditions import UNKNOWN, Compiled

MAX_OVERHANG = 25.0
"""Degrees that footprints extend past the antimeridian at most: datasets report up to 194.44 [REFERENCE §5]."""

ROUNDING = 0.001
"""Degrees by which a geometry is widened.

M2M compares it with the footprints in its database, but returns their corners rounded, so that an Item can extend
beyond the footprint. Film has three decimals, Landsat five [REFERENCE §5]: a corner is off by up to 0.0005 on either
axis.
"""

_DECIMALS = 6
"""Decimals of the coordinates that are sent. Rounding them takes less than a geometry was widened by."""

_GLOBE = shapely.box(-180, -90, 180, 90)
_LATITUDES = shapely.box(-720, -90, 720, 90)

_POLYGONS = ("Polygon", "MultiPolygon")

MAX_VERTICES = 300
"""Vertices of a geometry that is sent."""

_GRIDS = (32, 16, 8)
"""Cells on either axis of the grids that cover larger geometries. On the coarsest, no outline has too many vertices."""


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
    return _as_filter(_with_images(_cover(shape(orjson.loads(geojson)))))


def _cover(geometry: BaseGeometry) -> BaseGeometry:
    """The polygons around a geometry that footprints with rounded corners can reach into, with few vertices.

    As polygons even for a point or a collection, of which M2M is not known to accept all types.
    """
    for simpler in _simpler_covers(geometry):
        # Widening a point or a line makes up to four vertices of each, and one more where lines cross.
        maximum = MAX_VERTICES if simpler.geom_type in _POLYGONS else MAX_VERTICES // 4
        if shapely.get_num_coordinates(simpler) <= maximum:
            cover = _widened(simpler)
            if shapely.get_num_coordinates(cover) <= MAX_VERTICES:
                return cover
    return _widened(geometry.envelope)


def _simpler_covers(geometry: BaseGeometry) -> Iterator[BaseGeometry]:
    """Yield the geometry, then simpler ones that cover it."""
    yield geometry
    # Cells take milliseconds for any geometry. Buffering and simplifying can take half a minute for 10,000 vertices.
    shapely.prepare(geometry)
    for count in _GRIDS:
        cells = _grid(*geometry.bounds, count)
        yield shapely.coverage_union_all(cells[shapely.intersects(geometry, cells)]).simplify(0)


def _grid(west: float, south: float, east: float, north: float, count: int) -> NDArray[np.object_]:
    """The cells of a box, ``count`` on either axis. They are not empty, even if the box has no width or height."""
    xs = np.linspace(west, max(east, west + ROUNDING), count + 1)
    ys = np.linspace(south, max(north, south + ROUNDING), count + 1)
    columns, rows = np.meshgrid(np.arange(count), np.arange(count))
    return np.asarray(shapely.box(xs[columns], ys[rows], xs[columns + 1], ys[rows + 1])).ravel()


def _widened(geometry: BaseGeometry) -> BaseGeometry:
    widened = geometry.buffer(ROUNDING, cap_style="square", join_style="mitre")
    _west, south, _east, north = widened.bounds
    return widened.intersection(_LATITUDES) if south < -90 or north > 90 else widened


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
    rounded = shapely.set_precision(geometry, 10**-_DECIMALS)
    if rounded.geom_type == "Polygon" and rounded.equals(rounded.envelope):
        return Mbr.of(*rounded.bounds)
    return GeoJson(geometry=orjson.loads(shapely.to_geojson(rounded)))
