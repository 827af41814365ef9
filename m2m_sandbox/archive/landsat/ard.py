"""Landsat's Analysis Ready Data: passes cut into tiles of 150 km on the Albers grids of the USA.

Where the grids begin is known of all three regions; Hawaii is left out, for its projection has no EPSG code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from m2m_sandbox.archive.calendar_days import spelt
from m2m_sandbox.archive.fact_sheets import labels_of
from m2m_sandbox.archive.landsat.ard_scenes import tile_scene
from m2m_sandbox.archive.landsat.families import ARD, Family
from m2m_sandbox.archive.landsat.grid import Grid, projector
from m2m_sandbox.archive.landsat.scene_facts import SceneFacts
from m2m_sandbox.archive.overpasses import wrs2
from m2m_sandbox.archive.overpasses.chance import Chance, cloud_at
from m2m_sandbox.archive.overpasses.passes import Passes
from m2m_sandbox.archive.overpasses.timetable import EPOCH_DAY, Timetable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from m2m_sandbox.archive.search import Ints

__all__ = ["TileFacts", "Tiles", "tiles"]

_SIDE, _PIXELS, _PIXEL = 150_000.0, 5000, 30.0
_SENSORS = {4: "TM", 5: "TM", 7: "ETM", 8: "OLI_TIRS", 9: "OLI_TIRS"}
_TILE = re.compile(r"[^%]{5}(CU|AK)_(\d{3})(\d{3})")
_LETTERS = {"TM": "T", "ETM": "E", "OLI_TIRS": "C"}


@dataclass(frozen=True, slots=True)
class Region:
    """A grid of tiles: ``west`` and ``north`` are its outer corner in metres of ``epsg``; ``land`` is in degrees."""

    epsg: int
    west: float
    north: float
    across: int
    down: int
    land: tuple[tuple[float, float], ...]


_REGIONS = {
    "CU": Region(5070, -2565585.0, 3314805.0, 33, 22, (
        (-124.7, 48.4), (-123, 49), (-95.2, 49), (-89.5, 48), (-84.5, 46.5), (-82.4, 42), (-79, 43.3), (-75, 45),
        (-71.5, 45), (-69.2, 47.4), (-67, 44.8), (-70, 41.5), (-74, 39.5), (-75.5, 35.2), (-81, 31.5), (-80, 25.2),
        (-82, 26), (-84, 30), (-89, 29), (-94, 29.3), (-97.3, 25.9), (-101, 29.7), (-103, 29), (-106.5, 31.7),
        (-111, 31.3), (-117.1, 32.5), (-120.6, 34.5), (-124.4, 40.4),
    )),
    "AK": Region(3338, -851715.0, 2474325.0, 17, 14, (
        (-156.5, 71.3), (-141, 69.6), (-141, 60.3), (-130, 55), (-134, 56), (-140, 59.5), (-148, 60), (-154, 57),
        (-162, 55), (-157, 58.5), (-166, 61.5), (-162, 64.5), (-168, 65.6), (-162, 67), (-166.5, 68.3),
    )),
}  # fmt: skip
"""Shores and borders are as coarse as it takes to tell which tiles hold land."""


@dataclass(frozen=True)
class TileFacts(SceneFacts):
    """A tile of one pass, as a scene is described."""

    family: Family = ARD
    region: str = "CU"
    horizontal: int = 0
    vertical: int = 0

    @property
    def sensor(self) -> str:
        """OLI_TIRS, ETM or TM."""
        return _SENSORS[self.satellite]

    @property
    def level(self) -> str:
        """Always ARD."""
        return "ARD"

    def _ids(self) -> dict[str, str]:
        """A tile has one id [REFERENCE §5]; cut from several Level-1 products, it has its pictures by its own name."""
        taken, made = spelt(self.day).plain, spelt(self.processed).plain
        tile = f"{self.region}_{self.horizontal:03}{self.vertical:03}"
        named = f"L{_LETTERS[self.sensor]}{self.satellite:02}_{tile}_{taken}_{made}_02"
        return dict.fromkeys(("display_id", "level1_id", "entity_id"), named)

    @property
    def grid(self) -> Grid:
        """The tile's raster."""
        return tile_grid(self.region, self.horizontal, self.vertical)


@lru_cache(maxsize=1024)
def tile_grid(region: str, horizontal: int, vertical: int) -> Grid:
    """The raster of a tile: 5,000 pixels of 30 m each way."""
    where = _REGIONS[region]
    west, north = where.west + _SIDE * horizontal, where.north - _SIDE * vertical
    xs, ys = [west, west + _SIDE, west + _SIDE, west], [north - _SIDE, north - _SIDE, north, north]
    to_degrees = projector(where.epsg)
    ring = np.stack(to_degrees.transform(xs, ys, direction="INVERSE"), -1)
    longitude, latitude = to_degrees.transform(west + _SIDE / 2, north - _SIDE / 2, direction="INVERSE")
    first = west + _PIXEL / 2, north - _PIXEL / 2
    return Grid(where.epsg, *first, _PIXELS, _PIXELS, (float(longitude), float(latitude)), ring)


class Tiles(Passes):
    """All tiles of all passes over land. A place is a tile and one of the paths that cross it. Use ``tiles()``."""

    fixed = frozenset(
        ("Region", "Tile Grid Horizontal", "Tile Grid Vertical", "Spacecraft Identifier", "Sensor Identifier")
    )

    def __init__(self) -> None:
        self._regions, self._horizontal, self._vertical, outlines = _with_land()
        self._tree = shapely.STRtree(outlines)
        self._tiles, self._paths, self._rows = _crossings(self._tree)
        table = Timetable(wrs2.pass_days(self._paths.astype(float), self._rows.astype(float)), ARD.missions)
        seeds = 1000 * self._horizontal[self._tiles] + self._vertical[self._tiles], self._paths
        super().__init__(table, Chance(table, seeds), labels_of(ARD.dataset))

    @property
    def tree(self) -> shapely.STRtree:
        """The tiles' outlines."""
        return self._tree

    @property
    def outlines(self) -> Ints:
        """The tile of each place."""
        return self._tiles

    def facts(self, number: int) -> TileFacts:
        """What is decided about one tile of one pass."""
        place, satellite, day = self.table.at(number)
        bits, tile = self.chance.bits_of(place, day), int(self._tiles[place])
        return TileFacts(
            int(self._paths[place]),
            int(self._rows[place]),
            satellite,
            wrs2.EPOCH + timedelta(days=day, microseconds=int(self.table.microseconds[place])),
            cloud_at(bits),
            bits,
            region=str(self._regions[tile]),
            horizontal=int(self._horizontal[tile]),
            vertical=int(self._vertical[tile]),
        )

    def scene(self, number: int, *, full: bool) -> dict[str, Any]:
        """One scene as scene-search gives it."""
        return tile_scene(self.facts(number), full=full)

    def find(self, identifier: str, field: str = "displayId") -> int | None:
        """By the day and the tile that the id names; every field holds the same id."""
        try:
            _, region, tile, said, *_ = identifier.split("_")
            horizontal, vertical, day = int(tile[:3]), int(tile[3:]), datetime.strptime(said, "%Y%m%d").date()
        except ValueError:
            return None
        first, places = self.table.on((day - EPOCH_DAY).days)
        at = self._tiles[places]
        same = (self._horizontal[at] == horizontal) & (self._vertical[at] == vertical) & (self._regions[at] == region)
        numbers = (first + int(one) for one in np.flatnonzero(same))
        return next((number for number in numbers if self.facts(number).display_id == identifier), None)

    def hint(self, pattern: str, field: str) -> NDArray[np.bool_] | None:
        """The crossings of the tile that a pattern of names begins with."""
        found = _TILE.match(pattern.upper())
        if found is None:
            return None
        same = (self._horizontal == int(found[2])) & (self._vertical == int(found[3])) & (self._regions == found[1])
        return np.asarray(same[self._tiles])

    def fixed_column(self, label: str) -> NDArray[Any]:
        """What a filter compares with that tile and satellite decide."""
        at = self._tiles[self.table.places]
        match label:
            case "Region":
                return self._regions[at]
            case "Tile Grid Horizontal":
                return self._horizontal[at]
            case "Tile Grid Vertical":
                return self._vertical[at]
            case "Spacecraft Identifier":
                return np.char.add("LANDSAT_", self.table.satellites.astype(str))
        return np.array([_SENSORS.get(satellite, "") for satellite in range(10)])[self.table.satellites]

    def column(self, label: str, numbers: Ints) -> NDArray[Any]:
        """What any other filter compares with."""
        if label.startswith("Tile Production Date"):
            return self.chance.made(numbers)
        if label in ("Snow Ice", "Fill"):
            return (self.chance.bits(numbers) >> np.uint64(_SHARES[label]) & np.uint64(0xF)).astype(int)
        return np.array([self.facts(int(one)).display_id for one in numbers], dtype=object)


_SHARES = {"Snow Ice": 24, "Fill": 28}
"""From which of a tile's bits its shares are taken, in percent."""


def _with_land() -> tuple[NDArray[np.str_], Ints, Ints, NDArray[np.object_]]:
    """Regions, columns, rows and outlines of the tiles that hold land."""
    found = [
        (name, horizontal, vertical, shapely.Polygon(tile_grid(name, horizontal, vertical).footprint))
        for name, region in _REGIONS.items()
        for vertical in range(region.down)
        for horizontal in range(region.across)
    ]
    land = {name: shapely.Polygon(region.land) for name, region in _REGIONS.items()}
    regions, horizontal, vertical, outlines = zip(
        *(one for one in found if one[3].intersects(land[one[0]])), strict=True
    )
    return np.array(regions), np.array(horizontal), np.array(vertical), np.array(outlines)


def _crossings(tree: shapely.STRtree) -> tuple[Ints, Ints, Ints]:
    """Tile, path and row of every crossing; where several rows of a path meet a tile, the one in the middle."""
    paths, rows = (axis.ravel() for axis in np.meshgrid(np.arange(1, 100), np.arange(9, 45), indexing="ij"))
    scenes = shapely.polygons(wrs2.footprint(paths.astype(float), rows.astype(float)))
    scene, tile = tree.query(scenes, predicate="intersects")
    pairs = tile * 1000 + paths[scene]
    order = np.lexsort((rows[scene], pairs))
    found, first, count = np.unique(pairs[order], return_index=True, return_counts=True)
    return found // 1000, found % 1000, rows[scene][order][first + count // 2]


@lru_cache(maxsize=1)
def tiles() -> Tiles:
    """The archive, made at its first use."""
    return Tiles()
