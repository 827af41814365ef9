"""Reads the geometry to search for from a GeoJSON file."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape

from stac_bridge.errors import BadRequest

if TYPE_CHECKING:
    from pathlib import Path


def read_geometry(path: Path) -> dict[str, Any]:
    """The geometry of a file (``-``: stdin), of its Feature, or the union of all its Features. Raises BadRequest."""
    try:
        document = json.loads(sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadRequest(f"--intersects: {path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise BadRequest(f"--intersects: {path} is not JSON.") from error
    try:
        return _union(_geometries(document))
    except (KeyError, TypeError, AttributeError, ValueError, ShapelyError) as error:
        raise BadRequest(f"--intersects: {path} contains no GeoJSON geometry.") from error


def _geometries(document: dict[str, Any]) -> list[dict[str, Any]]:
    if document["type"] == "FeatureCollection":
        return [geometry for feature in document["features"] for geometry in _geometries(feature)]
    return [document["geometry"]] if document["type"] == "Feature" else [document]


def _union(geometries: list[dict[str, Any]]) -> dict[str, Any]:
    """A single geometry unchanged, or the union of several, because a search takes one. Raises like shapely."""
    shapes = [shape(geometry) for geometry in geometries]
    if len(shapes) == 1 and not shapes[0].is_empty:
        return geometries[0]
    # GEOS refuses to unite geometries that are not valid, such as rings that cross themselves.
    valid = [shapely.make_valid(each, method="structure", keep_collapsed=True) for each in shapes]
    union: dict[str, Any] = json.loads(shapely.to_geojson(shapely.union_all(valid)))
    if not shapes or "coordinates" not in union or not union["coordinates"]:
        raise ValueError("no geometry")
    return union
