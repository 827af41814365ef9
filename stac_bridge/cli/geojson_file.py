"""A file of GeoJSON → the one geometry that a search asks for."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape

from stac_bridge.errors import BadRequest

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["place_of"]


def place_of(path: Path) -> dict[str, Any]:
    """The geometry of a file (``-``: stdin), of its Feature, or of all its Features as one. Raises BadRequest."""
    try:
        said = json.loads(sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise BadRequest(f"--intersects: {path} cannot be read ({fault.strerror}).") from fault
    except ValueError as fault:
        raise BadRequest(f"--intersects: {path} is not JSON.") from fault
    try:
        return _together(_geometries(said))
    except (KeyError, TypeError, AttributeError, ValueError, ShapelyError) as fault:
        raise BadRequest(f"--intersects: {path} holds no GeoJSON geometry.") from fault


def _geometries(said: dict[str, Any]) -> list[dict[str, Any]]:
    if said["type"] == "FeatureCollection":
        return [geometry for feature in said["features"] for geometry in _geometries(feature)]
    return [said["geometry"]] if said["type"] == "Feature" else [said]


def _together(geometries: list[dict[str, Any]]) -> dict[str, Any]:
    """One is sent as it stands; several are joined, because a search takes one. Raises what shapely raises."""
    shapes = [shape(one) for one in geometries]
    if len(shapes) == 1 and not shapes[0].is_empty:
        return geometries[0]
    joined: dict[str, Any] = mapping(shapely.union_all(shapes))
    if not shapes or "coordinates" not in joined or not joined["coordinates"]:
        raise ValueError("nothing is there")
    return joined
