"""Corner fields → ``proj:*``: the product's grid exactly, or its CRS alone, or nothing."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pyproj import Transformer

from stac_bridge.mapping.convert import integer, number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stac_bridge.mapping.model import Grid

__all__ = ["epsg_of", "grid_reader"]

TOLERANCE = 2.0
"""Metres that a corner may be off its grid: the fields' five decimals are good to half a metre or so."""


def epsg_of(projection: object, zone: object) -> int | None:
    """The EPSG code of a Landsat product.

    Landsat numbers its UTM zones as northern ones on both hemispheres; the polar product is Antarctic
    [REFERENCE §5, ARCHITECTURE §3].

    >>> epsg_of("UTM", 21), epsg_of("PS", None), epsg_of("UTM", 61), epsg_of("AEA", 1)
    (32621, 3031, None, None)
    """
    if projection == "PS":
        return 3031
    number_of_zone = integer(zone)
    if projection == "UTM" and number_of_zone is not None and 1 <= number_of_zone <= 60:
        return 32600 + number_of_zone
    return None


@lru_cache(maxsize=128)
def _projector(epsg: int) -> Transformer:
    return Transformer.from_crs(4326, epsg, always_xy=True)


def grid_reader(grid: Grid, fold: Callable[[str], str]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function from a scene's fields (by folded label) to its ``proj:*`` properties."""
    projection, zone = fold(grid.projection), fold(grid.zone)
    latitudes = [fold(pair[0]) for pair in grid.corners]
    longitudes = [fold(pair[1]) for pair in grid.corners]

    def read(fields: Mapping[str, Any]) -> dict[str, Any]:
        epsg = epsg_of(str(fields.get(projection, "")).strip(), fields.get(zone))
        if epsg is None:
            return {}
        said: dict[str, Any] = {"proj:code": f"EPSG:{epsg}", "proj:epsg": epsg}
        lats = [number(fields.get(label)) for label in latitudes]
        lons = [number(fields.get(label)) for label in longitudes]
        if None not in lats and None not in lons:
            xs, ys = _projector(epsg).transform(lons, lats)
            said.update(_rectangle(xs, ys, grid.resolution))
        return said

    return read


def _rectangle(xs: list[float], ys: list[float], size: float) -> dict[str, Any]:
    """Shape and transform from the centres of the corner pixels (metres, clockwise from the upper left).

    Corners that are no axis-aligned rectangle on the pixel grid are a footprint, and tell no grid.
    """
    west, east, north, south = (_snap(value, size) for value in (xs[0], xs[1], ys[0], ys[2]))
    wanted = [(west, north), (east, north), (east, south), (west, south)]
    for x, y, (snapped_x, snapped_y) in zip(xs, ys, wanted, strict=True):
        # "not <=" also refuses the infinity that pyproj gives for a place outside the projection
        if not (abs(x - snapped_x) <= TOLERANCE and abs(y - snapped_y) <= TOLERANCE):
            return {}
    if east <= west or north <= south:
        return {}
    return {
        "proj:shape": [round((north - south) / size) + 1, round((east - west) / size) + 1],
        "proj:transform": [size, 0.0, west - size / 2, 0.0, -size, north + size / 2],
    }


def _snap(value: float, size: float) -> float:
    return round(value / size) * size if abs(value) < 1e9 else value
