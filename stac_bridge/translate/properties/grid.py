"""Translates corner fields to ``proj:*``: the product's exact grid, its CRS alone, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from pyproj import Transformer

from stac_bridge.mapping.converters import number
from stac_bridge.mapping.grids import Grid

_UTM_ZONE = re.compile(r"0*(\d{1,2})\s*([NSns]?)$")

MAX_CORNER_ERROR = 2.0
"""Meters that a corner can be off the grid: the fields have five decimals, which is half a meter or so."""


def epsg_of(projection: str, zone: str, datum: str = "") -> int | None:
    """Return the EPSG code of a product's projection, zone and datum, as M2M writes them; None if unknown.

    Landsat numbers its UTM zones as northern ones in both hemispheres and without a letter. Its only polar product is
    Antarctic. Aerial products use NAD83 [REFERENCE §5, §6].

    >>> epsg_of("UTM", "21"), epsg_of("PS", ""), epsg_of("UTM", "61"), epsg_of("AEA", "1")
    (32621, 3031, None, None)
    >>> epsg_of("UTM", "11N", "NAD83"), epsg_of("UTM", "50S", "WGS84"), epsg_of("UTM", "11N", "NAD27 CONUS")
    (26911, 32750, None)
    """
    if projection == "PS":
        return 3031
    match = _UTM_ZONE.match(zone)
    if not match or "UTM" not in projection.upper() or not 1 <= int(match[1]) <= 60:
        return None
    zone_number, is_southern = int(match[1]), match[2].upper() == "S"
    if datum.upper() in ("", "WGS84"):
        return (32700 if is_southern else 32600) + zone_number
    # EPSG has NAD83 UTM zones 1N to 23N only.
    if datum.upper() == "NAD83" and not is_southern and zone_number <= 23:
        return 26900 + zone_number
    return None


@lru_cache(maxsize=128)
def _transformer(epsg: int) -> Transformer:
    return Transformer.from_crs(4326, epsg, always_xy=True)


def grid_reader(grid: Grid, fold: Callable[[str], str]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return a function from a scene's fields (by folded label) to its ``proj:*`` properties."""
    labels = [fold(label) for label in (grid.projection, grid.zone, grid.datum) if label]
    latitudes = [fold(pair[0]) for pair in grid.corners]
    longitudes = [fold(pair[1]) for pair in grid.corners]

    def read(fields: Mapping[str, Any]) -> dict[str, Any]:
        epsg = epsg_of(*(str(fields.get(label, "")).strip() for label in labels))
        if epsg is None:
            return {}
        properties: dict[str, Any] = {"proj:code": f"EPSG:{epsg}", "proj:epsg": epsg}
        lats = [number(fields.get(label)) for label in latitudes]
        lons = [number(fields.get(label)) for label in longitudes]
        if grid.resolution and None not in lats and None not in lons:
            xs, ys = _transformer(epsg).transform(lons, lats)
            properties.update(_shape_and_transform(xs, ys, grid.resolution))
        return properties

    return read


def _shape_and_transform(xs: list[float], ys: list[float], size: float) -> dict[str, Any]:
    """Return the grid with these centers of corner pixels (meters, clockwise from the upper left).

    Empty if the corners are not an axis-aligned rectangle on the pixel grid: then they are those of a footprint.
    """
    west, east, north, south = (_snap(value, size) for value in (xs[0], xs[1], ys[0], ys[2]))
    snapped = [(west, north), (east, north), (east, south), (west, south)]
    for x, y, (snapped_x, snapped_y) in zip(xs, ys, snapped, strict=True):
        # "not <=" also rejects the infinity that pyproj returns for places outside the projection.
        if not (abs(x - snapped_x) <= MAX_CORNER_ERROR and abs(y - snapped_y) <= MAX_CORNER_ERROR):
            return {}
    if east <= west or north <= south:
        return {}
    return {
        "proj:shape": [round((north - south) / size) + 1, round((east - west) / size) + 1],
        # proj:transform starts at the outer corner of the first pixel, half a pixel from its center.
        "proj:transform": [size, 0.0, west - size / 2, 0.0, -size, north + size / 2],
    }


def _snap(value: float, size: float) -> float:
    """Return the nearest multiple of ``size``; infinity, which cannot be rounded, stays."""
    return round(value / size) * size if abs(value) < 1e9 else value


def finer_grid(shape: list[int], transform: list[float], size: float) -> dict[str, Any]:
    """Return the grid of a file with smaller pixels, whose corner pixels have the same centers as the scene's.

    >>> finer_grid([7741, 7661], [30.0, 0.0, 353685.0, 0.0, -30.0, 5374215.0], 15.0)
    {'proj:shape': [15481, 15321], 'proj:transform': [15.0, 0.0, 353692.5, 0.0, -15.0, 5374207.5]}
    """
    factor = transform[0] / size
    inset = (transform[0] - size) / 2
    return {
        "proj:shape": [round((count - 1) * factor) + 1 for count in shape],
        "proj:transform": [size, 0.0, transform[2] + inset, 0.0, -size, transform[5] - inset],
    }
