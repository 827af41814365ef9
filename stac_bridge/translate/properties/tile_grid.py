"""Translates the parts of a tile's id to ``proj:*`` and ``grid:code``: the exact grid, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pyproj import CRS

from stac_bridge.mapping import Mapping
from stac_bridge.mapping.grids import Albers, DegreeTiles, TileGrid
from stac_bridge.mapping.id_parts import parts_reader

ReadGrid = Callable[[str], dict[str, Any]]
"""Returns the properties that follow from a display id."""

_DEGREES = re.compile(r"([NSEW])(\d+)", re.IGNORECASE)
_ARC_SECONDS = 3600
"""In a degree."""


def tile_reader(mapping: Mapping) -> ReadGrid | None:
    """Return the function from a display id to the grid of its tile; None if the dataset has no tiles."""
    if mapping.tiles:
        return tile_grid_reader(mapping.tiles)
    return degree_tile_reader(mapping.degree_tiles) if mapping.degree_tiles else None


def tile_grid_reader(grid: TileGrid) -> ReadGrid:
    """Return the function from a display id to the grid of its tile; empty for a tile outside its region.

    EPSG has no code for the projections, so ``proj:code`` is null and ``proj:wkt2`` has the CRS.
    """
    read_parts = parts_reader(grid.id_parts)
    crs_of = {name: _albers_wkt(region.albers) for name, region in grid.regions.items()}

    def read(display_id: str) -> dict[str, Any]:
        parts = read_parts(display_id)
        region = grid.regions.get(parts["region"]) if parts else None
        if parts is None or region is None or not (parts["column"] + parts["row"]).isdecimal():
            return {}
        column, row, side = int(parts["column"]), int(parts["row"]), grid.pixels * grid.resolution
        if column >= region.across or row >= region.down:
            return {}
        return {
            "grid:code": grid.code.format(**parts),
            "proj:code": None,
            "proj:wkt2": crs_of[parts["region"]],
            "proj:shape": [grid.pixels, grid.pixels],
            "proj:transform": [
                grid.resolution, 0.0, region.west + column * side,
                0.0, -grid.resolution, region.north - row * side,
            ],
        }  # fmt: skip

    return read


def degree_tile_reader(tiles: DegreeTiles) -> ReadGrid:
    """Return the function from a display id to the grid of its tile; empty if its spacing is not known."""
    read_parts = parts_reader(tiles.id_parts)

    def read(display_id: str) -> dict[str, Any]:
        parts = read_parts(display_id)
        if parts is None:
            return {}
        south, west = _degrees(parts["latitude"], "NS"), _degrees(parts["longitude"], "EW")
        if south is None or west is None:
            return {}
        reach = max(abs(south), abs(south + 1))
        spacing = next((row for row in tiles.spacings.get(parts["arc"], ()) if reach <= row.to), None)
        if spacing is None:
            return {}
        width, height = spacing.columns / _ARC_SECONDS, spacing.rows / _ARC_SECONDS
        return {
            "proj:shape": [round(1 / height) + 1, round(1 / width) + 1],
            # proj:transform starts at the outer corner of the first pixel, whose center is on the degree lines.
            "proj:transform": [width, 0.0, west - width / 2, 0.0, -height, south + 1 + height / 2],
        }

    return read


def _degrees(text: str, letters: str) -> int | None:
    """Return the degrees of N33 or W099, negative for south and west; None if the text is something else.

    >>> _degrees("N33", "NS"), _degrees("W099", "EW"), _degrees("W099", "NS")
    (33, -99, None)
    """
    match = _DEGREES.fullmatch(text)
    if match is None or match[1].upper() not in letters:
        return None
    return int(match[2]) * (1 if match[1].upper() == letters[0] else -1)


@lru_cache(maxsize=64)
def _albers_wkt(albers: Albers) -> str:
    """Return the CRS as WKT 2, with names for what pyproj calls unknown."""
    first, second = albers.parallels
    crs = CRS.from_proj4(
        f"+proj=aea +lat_1={first} +lat_2={second} +lat_0={albers.latitude} +lon_0={albers.longitude} +datum=WGS84"
    )
    document = crs.to_json_dict()
    document["name"] = document["conversion"]["name"] = albers.name
    document["base_crs"]["name"] = "WGS 84"
    return str(CRS.from_json_dict(document).to_wkt("WKT2_2019"))
