"""Landsat Analysis Ready Data: passes cut into tiles of 150 km on the Albers grids of the USA."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from m2m_sandbox.archive.calendar_days import day_text
from m2m_sandbox.archive.fact_sheets import labels_of
from m2m_sandbox.archive.landsat.ard_grid import REGIONS, tile_grid
from m2m_sandbox.archive.landsat.ard_scenes import tile_scene
from m2m_sandbox.archive.landsat.families import ARD, Family
from m2m_sandbox.archive.landsat.scene_facts import SceneFacts
from m2m_sandbox.archive.overpasses import wrs2
from m2m_sandbox.archive.overpasses.chance import Chance, cloud_at
from m2m_sandbox.archive.overpasses.newest import arrived_passes
from m2m_sandbox.archive.overpasses.passes import Passes
from m2m_sandbox.archive.overpasses.timetable import EPOCH_DAY, Timetable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from m2m_sandbox.archive.landsat.grid import Grid
    from m2m_sandbox.archive.search import Ints

_SENSORS = {4: "TM", 5: "TM", 7: "ETM", 8: "OLI_TIRS", 9: "OLI_TIRS"}
_TILE_PATTERN = re.compile(r"[^%]{5}(CU|AK|HI)_(\d{3})(\d{3})")
_LETTERS = {"TM": "T", "ETM": "E", "OLI_TIRS": "C"}


@dataclass(frozen=True)
class TileFacts(SceneFacts):
    """The facts of a tile of one pass."""

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
        """A tile has a single id [REFERENCE §5]. Its images use it too, as it is cut from several Level-1 products."""
        acquired, processed = day_text(self.day).plain, day_text(self.processed).plain
        tile = f"{self.region}_{self.horizontal:03}{self.vertical:03}"
        tile_id = f"L{_LETTERS[self.sensor]}{self.satellite:02}_{tile}_{acquired}_{processed}_02"
        return dict.fromkeys(("display_id", "level1_id", "entity_id"), tile_id)

    @property
    def snow(self) -> int:
        """Percentage of snow and ice."""
        return self.bits >> 24 & 0xF

    @property
    def fill(self) -> int:
        """Percentage without image data."""
        return (self.bits >> 28 & 0x7F) * 100 // 0x7F

    @property
    def grid(self) -> Grid:
        """The tile's raster."""
        return tile_grid(self.region, self.horizontal, self.vertical)


class Tiles(Passes):
    """All tiles of all passes over land. A place is a tile plus a path that crosses it. Use ``tiles()``."""

    fixed_labels = frozenset(
        ("Tile Grid Region", "Tile Grid Horizontal", "Tile Grid Vertical", "Spacecraft Identifier", "Sensor Identifier")
    )

    def __init__(self) -> None:
        self._regions, self._horizontal, self._vertical, outlines = _land_tiles()
        self._tree = shapely.STRtree(outlines)
        self._tiles, self._paths, self._rows = _crossings(self._tree)
        passes = wrs2.pass_days(self._paths.astype(float), self._rows.astype(float))
        seeds = 1000 * self._horizontal[self._tiles] + self._vertical[self._tiles], self._paths
        middles = shapely.get_coordinates(shapely.centroid(outlines))[self._tiles].T
        arrived = arrived_passes((middles[0], middles[1]), passes, ARD.missions, seeds)
        table = Timetable(passes, ARD.missions, arrived)
        super().__init__(table, Chance(table, seeds), labels_of(ARD.dataset))

    @property
    def tree(self) -> shapely.STRtree:
        """Index of the tiles' outlines."""
        return self._tree

    @property
    def footprint_of_place(self) -> Ints:
        """The tile of each place."""
        return self._tiles

    def facts(self, number: int) -> TileFacts:
        """Return the facts of one tile of one pass."""
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
        """Return one scene as scene-search does."""
        return tile_scene(self.facts(number), full=full)

    def find(self, identifier: str, field: str = "displayId") -> int | None:
        """Find a tile by the day and tile in its id; every field holds the same id."""
        try:
            _, region, tile, date_text, *_ = identifier.split("_")
            horizontal, vertical, day = int(tile[:3]), int(tile[3:]), datetime.strptime(date_text, "%Y%m%d").date()
        except ValueError:
            return None
        first, places = self.table.on((day - EPOCH_DAY).days)
        tile_of_pass = self._tiles[places]
        matching = (
            (self._horizontal[tile_of_pass] == horizontal)
            & (self._vertical[tile_of_pass] == vertical)
            & (self._regions[tile_of_pass] == region)
        )
        numbers = (first + int(index) for index in np.flatnonzero(matching))
        return next((number for number in numbers if self.facts(number).display_id == identifier), None)

    def places_of_pattern(self, pattern: str, field: str) -> NDArray[np.bool_] | None:
        """Return the crossings of the tile that a pattern begins with."""
        match = _TILE_PATTERN.match(pattern.upper())
        if match is None:
            return None
        matching = (self._horizontal == int(match[2])) & (self._vertical == int(match[3])) & (self._regions == match[1])
        return np.asarray(matching[self._tiles])

    def fixed_column(self, label: str) -> NDArray[Any]:
        """Return the values of a filter that depend only on tile and satellite, for every entry."""
        tile_of_entry = self._tiles[self.table.places]
        match label:
            case "Tile Grid Region":
                return self._regions[tile_of_entry]
            case "Tile Grid Horizontal":
                return self._horizontal[tile_of_entry]
            case "Tile Grid Vertical":
                return self._vertical[tile_of_entry]
            case "Spacecraft Identifier":
                return np.char.add("LANDSAT_", self.table.satellites.astype(str))
        return np.array([_SENSORS.get(satellite, "") for satellite in range(10)])[self.table.satellites]

    def column(self, label: str, numbers: Ints) -> NDArray[Any]:
        """Return the values that any other filter compares with."""
        if label.startswith("Tile Production Date"):
            return self.chance.processing_dates(numbers)
        if label == "Snow Ice":
            return (self.chance.bits(numbers) >> np.uint64(24) & np.uint64(0xF)).astype(int)
        if label.startswith("Fill"):
            return (self.chance.bits(numbers) >> np.uint64(28) & np.uint64(0x7F)).astype(int) * 100 // 0x7F
        return np.array([self.facts(int(number)).display_id for number in numbers], dtype=object)


def _land_tiles() -> tuple[NDArray[np.str_], Ints, Ints, NDArray[np.object_]]:
    """Return regions, columns, rows and outlines of the tiles that contain land."""
    candidates = [
        (name, horizontal, vertical, shapely.Polygon(tile_grid(name, horizontal, vertical).footprint))
        for name, region in REGIONS.items()
        for vertical in range(region.down)
        for horizontal in range(region.across)
    ]
    land = {name: shapely.Polygon(region.land) for name, region in REGIONS.items()}
    # Alaska's grid reaches past 180° W, into tiles whose outlines would span the globe; the sandbox has no land there.
    western = (tile for tile in candidates if tile[3].bounds[2] < 0)
    regions, horizontal, vertical, outlines = zip(
        *(tile for tile in western if tile[3].intersects(land[tile[0]])), strict=True
    )
    return np.array(regions), np.array(horizontal), np.array(vertical), np.array(outlines)


def _crossings(tree: shapely.STRtree) -> tuple[Ints, Ints, Ints]:
    """Return tile, path and row of every crossing; the middle row if several rows of a path meet a tile."""
    paths, rows = (axis.ravel() for axis in np.meshgrid(np.arange(1, 100), np.arange(9, 48), indexing="ij"))
    scenes = shapely.polygons(wrs2.footprint(paths.astype(float), rows.astype(float)))
    scene, tile = tree.query(scenes, predicate="intersects")
    pairs = tile * 1000 + paths[scene]
    order = np.lexsort((rows[scene], pairs))
    unique_pairs, first, count = np.unique(pairs[order], return_index=True, return_counts=True)
    return unique_pairs // 1000, unique_pairs % 1000, rows[scene][order][first + count // 2]


@lru_cache(maxsize=1)
def tiles() -> Tiles:
    """Return the archive, built on first use."""
    return Tiles()
