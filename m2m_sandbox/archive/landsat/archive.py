"""Landsat's archives: millions of scenes as arithmetic, each with the full answer that M2M would return for it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from m2m_sandbox.archive.fact_sheets import labels_of
from m2m_sandbox.archive.hashing import mix_bits
from m2m_sandbox.archive.landsat.families import FAMILIES, Family
from m2m_sandbox.archive.landsat.scene_facts import SceneFacts
from m2m_sandbox.archive.landsat.scenes import landsat_scene
from m2m_sandbox.archive.overpasses import wrs2
from m2m_sandbox.archive.overpasses.chance import Chance, cloud_at
from m2m_sandbox.archive.overpasses.land import is_land
from m2m_sandbox.archive.overpasses.newest import arrived_passes
from m2m_sandbox.archive.overpasses.passes import Passes
from m2m_sandbox.archive.overpasses.sun import elevations
from m2m_sandbox.archive.overpasses.timetable import EPOCH_DAY, Timetable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from m2m_sandbox.archive.overpasses.timetable import Mission
    from m2m_sandbox.archive.search import Ints

_ATTRIBUTE_OF_FIELD = {"displayId": "display_id", "entityId": "entity_id", "level1": "level1_id"}
_CONSTANTS = {  # values shared by all scenes of the sandbox
    "Nadir/Off Nadir": np.array("NADIR"),
    "Day/Night Indicator": np.array("DAY"),
    "Data Anomaly": np.array("NULL"),
    "Image Quality": np.array(9),
}

_PRODUCT_PATTERN, _SCENE_PATTERN = re.compile(r"[^%]{10}(\d{3})(\d{3})"), re.compile(r"[^%]{3}(\d{3})(\d{3})")
"""Path and row in the id of a product (``LC08_L2SP_047027``) and of a scene (``LC8047027``)."""


@lru_cache(maxsize=1)
def _places() -> tuple[Ints, Ints]:
    """Return paths and rows of daytime scenes: all over land, and one in forty of the others."""
    paths, rows = (axis.ravel() for axis in np.meshgrid(np.arange(1, 234), np.arange(1, 123), indexing="ij"))
    selected = is_land(*wrs2.scene_center(paths.astype(float), rows.astype(float))) | (
        mix_bits(paths, rows) % np.uint64(40) == 0
    )
    return paths[selected].astype(np.int16), rows[selected].astype(np.int16)


@lru_cache(maxsize=1)
def _footprints() -> shapely.STRtree:
    rings = wrs2.footprint(*(axis.astype(float) for axis in _places()))
    return shapely.STRtree(np.asarray(shapely.polygons(rings)))


@lru_cache(maxsize=8)
def _passes_of(missions: tuple[Mission, ...]) -> tuple[Timetable, Chance]:
    """Return the passes of a sensor, which its Level 1 and its Level 2 share."""
    seeds = _places()
    path_row = tuple(axis.astype(float) for axis in seeds)
    passes = wrs2.pass_days(*path_row)
    table = Timetable(passes, missions, arrived_passes(wrs2.scene_center(*path_row), passes, missions, seeds))
    return table, Chance(table, seeds)


class Landsat(Passes):
    """All scenes of a family over land. Use ``landsat()``, which builds each archive once."""

    fixed_labels = frozenset((*_CONSTANTS, "WRS Path", "WRS Row", "Satellite"))

    def __init__(self, family: Family) -> None:
        super().__init__(*_passes_of(family.missions), labels_of(family.dataset))
        self.family = family
        self.paths, self.rows = _places()

    @property
    def tree(self) -> shapely.STRtree:
        """Index of the footprints, one per place."""
        return _footprints()

    @property
    def footprint_of_place(self) -> Ints:
        """Each place has a footprint of its own."""
        return np.arange(len(self.paths))

    def facts(self, number: int) -> SceneFacts:
        """Return the facts of a scene."""
        place, satellite, day = self.table.at(number)
        bits = self.chance.bits_of(place, day)
        middle = wrs2.EPOCH + timedelta(days=day, microseconds=int(self.table.microseconds[place]))
        path, row = int(self.paths[place]), int(self.rows[place])
        return SceneFacts(path, row, satellite, middle, cloud_at(bits), bits, self.family)

    def scene(self, number: int, *, full: bool) -> dict[str, Any]:
        """Return one scene as scene-search does."""
        return landsat_scene(self.facts(number), full=full)

    def find(self, identifier: str, field: str = "displayId") -> int | None:
        """Find a scene by the day and place in its id, then compare the whole id."""
        try:
            path, row, day = _parse_id(identifier, field)
        except (ValueError, IndexError):
            return None
        first, places = self.table.on(day)
        for index in np.flatnonzero((self.paths[places] == path) & (self.rows[places] == row)):
            number = first + int(index)
            if identifier == getattr(self.facts(number), _ATTRIBUTE_OF_FIELD[field]):
                return number
        return None

    def places_of_pattern(self, pattern: str, field: str) -> NDArray[np.bool_] | None:
        """Return the place whose path and row a pattern begins with."""
        match = (_SCENE_PATTERN if field == "entityId" else _PRODUCT_PATTERN).match(pattern)
        if match is None:
            return None
        return np.asarray((self.paths == int(match[1])) & (self.rows == int(match[2])))

    def fixed_column(self, label: str) -> NDArray[Any]:
        """Return the values of a filter that depend only on place and satellite, for every entry."""
        places = self.table.places
        match label:
            case "WRS Path":
                return self.paths[places]
            case "WRS Row":
                return self.rows[places]
            case "Satellite":
                return self.table.satellites
        return np.broadcast_to(_CONSTANTS[label], len(places))

    def column(self, label: str, numbers: Ints) -> NDArray[Any]:
        """Return the values that any other filter compares with."""
        match label:
            case "Collection Category":
                return np.where(self.chance.traits(numbers) & 1, "T2", "T1")
            case "Sensor Identifier":
                no_thermal = (self.chance.traits(numbers) & 2 > 0) & (self.family.sensor == "OLI_TIRS")
                return np.where(no_thermal, "OLI", self.family.sensor)
            case "Data Type L1":
                return self._types(self.chance.traits(numbers))
            case "Geometric RMSE Model (meters)":
                return 6 + (self.chance.bits(numbers) % np.uint64(100)).astype(float) / 50
            case "Sun Elevation L0RA" | "Sun Elevation L1":
                return self._elevations(numbers)
            case _ if label.startswith("Date Product Generated"):
                return self.chance.processing_dates(numbers)
        return np.array([getattr(self.facts(int(number)), _ID_ATTRIBUTES[label]) for number in numbers], dtype=object)

    def _types(self, traits: NDArray[np.uint8]) -> NDArray[Any]:
        tier_2_type = np.where((self.family.sensor == "OLI_TIRS") | (traits & 4 > 0), "L1GT", "L1GS")
        return np.where(traits & 1, tier_2_type, "L1TP")

    def _elevations(self, numbers: Ints) -> NDArray[np.float64]:
        index, entries = self.table.entries(numbers)
        places = self.table.places[entries]
        paths, rows = self.paths[places].astype(float), self.rows[places].astype(float)
        days = self.table.days[index] + self.table.microseconds[places] / 86_400_000_000
        return elevations(*wrs2.scene_center(paths, rows), wrs2.EPOCH, days)


_ID_ATTRIBUTES = {
    "Landsat Product Identifier L2": "display_id",
    "Landsat Product Identifier L1": "level1_id",
    "Landsat Scene Identifier": "entity_id",
}


def _parse_id(identifier: str, field: str) -> tuple[int, int, int]:
    """Parse path, row and day from an id. Raises ValueError or IndexError for a malformed id."""
    if field == "entityId":
        path, row, day = identifier[3:6], identifier[6:9], datetime.strptime(identifier[9:16], "%Y%j")
    else:
        parts = identifier.split("_")
        path, row, day = parts[2][:3], parts[2][3:], datetime.strptime(parts[3], "%Y%m%d")
    return int(path), int(row), (day.date() - EPOCH_DAY).days


@lru_cache(maxsize=len(FAMILIES))
def landsat(dataset: str = "landsat_ot_c2_l2") -> Landsat:
    """Return the archive of a dataset. Built on first use and cached: it is the same for every sandbox."""
    return Landsat(FAMILIES[dataset])
