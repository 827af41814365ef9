"""Corner fields → ``proj:*``: the product's grid exactly, or its CRS alone, or nothing."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pyproj import Transformer

from stac_bridge.mapping.converters import number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stac_bridge.mapping.model import Grid

__all__ = ["epsg_of", "finer", "grid_reader"]

_ZONE = re.compile(r"0*(\d{1,2})\s*([NSns]?)$")

TOLERANCE = 2.0
"""Metres that a corner may be off its grid: the fields' five decimals are good to half a metre or so."""


@lru_cache(maxsize=1024)
def epsg_of(projection: str, zone: str, datum: str = "") -> int | None:
    """The EPSG code of a product's projection, zone and datum as M2M writes them.

    Landsat numbers its UTM zones as northern ones on both hemispheres and names no letter; its polar product
    is Antarctic; aerial products lie in NAD83 [REFERENCE §5, §6].

    >>> epsg_of("UTM", "21"), epsg_of("PS", ""), epsg_of("UTM", "61"), epsg_of("AEA", "1")
    (32621, 3031, None, None)
    >>> epsg_of("UTM", "11N", "NAD83"), epsg_of("UTM", "50S", "WGS84"), epsg_of("UTM", "11N", "NAD27 CONUS")
    (26911, 32750, None)
    """
    if projection == "PS":
        return 3031
    found = _ZONE.match(zone)
    if not found or "UTM" not in projection.upper() or not 1 <= int(found[1]) <= 60:
        return None
    number_of_zone, southern = int(found[1]), found[2].upper() == "S"
    if datum.upper() in ("", "WGS84"):
        return (32700 if southern else 32600) + number_of_zone
    if datum.upper() == "NAD83" and not southern and number_of_zone <= 23:
        return 26900 + number_of_zone
    return None


@lru_cache(maxsize=128)
def _projector(epsg: int) -> Transformer:
    return Transformer.from_crs(4326, epsg, always_xy=True)


def grid_reader(grid: Grid, fold: Callable[[str], str]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function from a scene's fields (by folded label) to its ``proj:*`` properties."""
    labels = [fold(label) for label in (grid.projection, grid.zone, grid.datum) if label]
    latitudes = [fold(pair[0]) for pair in grid.corners]
    longitudes = [fold(pair[1]) for pair in grid.corners]

    def read(fields: Mapping[str, Any]) -> dict[str, Any]:
        epsg = epsg_of(*(str(fields.get(label, "")).strip() for label in labels))
        if epsg is None:
            return {}
        said: dict[str, Any] = {"proj:code": f"EPSG:{epsg}", "proj:epsg": epsg}
        lats = [number(fields.get(label)) for label in latitudes]
        lons = [number(fields.get(label)) for label in longitudes]
        if grid.resolution and None not in lats and None not in lons:
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


def finer(shape: list[int], transform: list[float], size: float) -> dict[str, Any]:
    """The grid of a file with smaller pixels, whose corner pixels have the same centres as the scene's.

    >>> finer([7741, 7661], [30.0, 0.0, 353685.0, 0.0, -30.0, 5374215.0], 15.0)
    {'proj:shape': [15481, 15321], 'proj:transform': [15.0, 0.0, 353692.5, 0.0, -15.0, 5374207.5]}
    """
    times = transform[0] / size
    inward = (transform[0] - size) / 2
    return {
        "proj:shape": [round((count - 1) * times) + 1 for count in shape],
        "proj:transform": [size, 0.0, transform[2] + inward, 0.0, -size, transform[5] - inward],
    }
