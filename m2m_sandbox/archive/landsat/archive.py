"""Landsat's archives: millions of scenes as arithmetic, each with everything that M2M would say of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from m2m_sandbox.archive.fact_sheets import labels_of
from m2m_sandbox.archive.hashing import mixed
from m2m_sandbox.archive.landsat.families import END, FAMILIES, Family
from m2m_sandbox.archive.landsat.scene_facts import SceneFacts
from m2m_sandbox.archive.landsat.scenes import landsat_scene
from m2m_sandbox.archive.overpasses import wrs2
from m2m_sandbox.archive.overpasses.chance import Chance, cloud_at
from m2m_sandbox.archive.overpasses.land import is_land
from m2m_sandbox.archive.overpasses.passes import Passes
from m2m_sandbox.archive.overpasses.sun import elevations
from m2m_sandbox.archive.overpasses.timetable import EPOCH_DAY, Timetable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from m2m_sandbox.archive.overpasses.timetable import Mission
    from m2m_sandbox.archive.search import Ints

__all__ = ["END", "Landsat", "SceneFacts", "landsat"]

_FIELDS = {"displayId": "display_id", "entityId": "entity_id", "level1": "level1_id"}
_SAME = {  # of every scene that the sandbox holds
    "Nadir/Off Nadir": np.array("NADIR"),
    "Day/Night Indicator": np.array("DAY"),
    "Data Anomaly": np.array("NULL"),
    "Image Quality": np.array(9),
}


_IN_PRODUCT, _IN_SCENE = re.compile(r"[^%]{10}(\d{3})(\d{3})"), re.compile(r"[^%]{3}(\d{3})(\d{3})")
"""Path and row in the id of a product (``LC08_L2SP_047027``) and of a scene (``LC8047027``)."""


@lru_cache(maxsize=1)
def _places() -> tuple[Ints, Ints]:
    """Paths and rows over land, by day, and one in forty of the others."""
    paths, rows = (axis.ravel() for axis in np.meshgrid(np.arange(1, 234), np.arange(1, 123), indexing="ij"))
    taken = is_land(*wrs2.centre(paths.astype(float), rows.astype(float))) | (mixed(paths, rows) % np.uint64(40) == 0)
    return paths[taken].astype(np.int16), rows[taken].astype(np.int16)


@lru_cache(maxsize=1)
def _footprints() -> shapely.STRtree:
    rings = wrs2.footprint(*(axis.astype(float) for axis in _places()))
    return shapely.STRtree(np.asarray(shapely.polygons(rings)))


@lru_cache(maxsize=8)
def _taken(missions: tuple[Mission, ...]) -> tuple[Timetable, Chance]:
    """What a sensor took, which its Level 1 and its Level 2 share."""
    paths, rows = _places()
    table = Timetable(wrs2.pass_days(paths.astype(float), rows.astype(float)), missions)
    return table, Chance(table, (paths, rows))


class Landsat(Passes):
    """All scenes of a family over land. Use ``landsat()``, which makes each archive once."""

    fixed = frozenset((*_SAME, "WRS Path", "WRS Row", "Satellite"))

    def __init__(self, family: Family) -> None:
        super().__init__(*_taken(family.missions), labels_of(family.dataset))
        self.family = family
        self.paths, self.rows = _places()

    @property
    def tree(self) -> shapely.STRtree:
        """The footprints, one for each place."""
        return _footprints()

    @property
    def outlines(self) -> Ints:
        """Each place has its own."""
        return np.arange(len(self.paths))

    def facts(self, number: int) -> SceneFacts:
        """What is decided about a scene."""
        place, satellite, day = self.table.at(number)
        bits = self.chance.bits_of(place, day)
        middle = wrs2.EPOCH + timedelta(days=day, microseconds=int(self.table.microseconds[place]))
        path, row = int(self.paths[place]), int(self.rows[place])
        return SceneFacts(path, row, satellite, middle, cloud_at(bits), bits, self.family)

    def scene(self, number: int, *, full: bool) -> dict[str, Any]:
        """One scene as scene-search gives it."""
        return landsat_scene(self.facts(number), full=full)

    def find(self, identifier: str, field: str = "displayId") -> int | None:
        """By the day and the place that all ids name; then the whole id must be right."""
        try:
            path, row, day = _read(identifier, field)
        except (ValueError, IndexError):
            return None
        first, places = self.table.on(day)
        for at in np.flatnonzero((self.paths[places] == path) & (self.rows[places] == row)):
            number = first + int(at)
            if identifier == getattr(self.facts(number), _FIELDS[field]):
                return number
        return None

    def hint(self, pattern: str, field: str) -> NDArray[np.bool_] | None:
        """The place whose path and row a pattern begins with."""
        found = (_IN_SCENE if field == "entityId" else _IN_PRODUCT).match(pattern)
        if found is None:
            return None
        return np.asarray((self.paths == int(found[1])) & (self.rows == int(found[2])))

    def fixed_column(self, label: str) -> NDArray[Any]:
        """What a filter compares with that place and satellite decide."""
        places = self.table.places
        match label:
            case "WRS Path":
                return self.paths[places]
            case "WRS Row":
                return self.rows[places]
            case "Satellite":
                return self.table.satellites
        return np.broadcast_to(_SAME[label], len(places))

    def column(self, label: str, numbers: Ints) -> NDArray[Any]:
        """What any other filter compares with."""
        match label:
            case "Collection Category":
                return np.where(self.chance.traits(numbers) & 1, "T2", "T1")
            case "Sensor Identifier":
                blind = (self.chance.traits(numbers) & 2 > 0) & (self.family.sensor == "OLI_TIRS")
                return np.where(blind, "OLI", self.family.sensor)
            case "Data Type L1":
                return self._types(self.chance.traits(numbers))
            case "Geometric RMSE Model (meters)":
                return 6 + (self.chance.bits(numbers) % np.uint64(100)).astype(float) / 50
            case "Sun Elevation L0RA" | "Sun Elevation L1":
                return self._elevations(numbers)
            case _ if label.startswith("Date Product Generated"):
                return self.chance.made(numbers)
        return np.array([getattr(self.facts(int(one)), _ATTRIBUTES[label]) for one in numbers], dtype=object)

    def _types(self, traits: NDArray[np.uint8]) -> NDArray[Any]:
        second = np.where((self.family.sensor == "OLI_TIRS") | (traits & 4 > 0), "L1GT", "L1GS")
        return np.where(traits & 1, second, "L1TP")

    def _elevations(self, numbers: Ints) -> NDArray[np.float64]:
        index, entries = self.table.entries(numbers)
        places = self.table.places[entries]
        paths, rows = self.paths[places].astype(float), self.rows[places].astype(float)
        days = self.table.days[index] + self.table.microseconds[places] / 86_400_000_000
        return elevations(*wrs2.centre(paths, rows), wrs2.EPOCH, days)


_ATTRIBUTES = {
    "Landsat Product Identifier L2": "display_id",
    "Landsat Product Identifier L1": "level1_id",
    "Landsat Scene Identifier": "entity_id",
}


def _read(identifier: str, field: str) -> tuple[int, int, int]:
    """Path, row and day in an id. Raises ValueError or IndexError where it has none."""
    if field == "entityId":
        path, row, day = identifier[3:6], identifier[6:9], datetime.strptime(identifier[9:16], "%Y%j")
    else:
        parts = identifier.split("_")
        path, row, day = parts[2][:3], parts[2][3:], datetime.strptime(parts[3], "%Y%m%d")
    return int(path), int(row), (day.date() - EPOCH_DAY).days


@lru_cache(maxsize=len(FAMILIES))
def landsat(dataset: str = "landsat_ot_c2_l2") -> Landsat:
    """An archive, made at its first use: it is the same for every sandbox."""
    return Landsat(FAMILIES[dataset])
