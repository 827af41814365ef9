"""landsat_ot_c2_l2: millions of scenes as arithmetic, each with everything M2M would say of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from stac_bridge.sandbox import wrs2
from stac_bridge.sandbox.archive import Archive, Ints
from stac_bridge.sandbox.grid import Grid, grid_of
from stac_bridge.sandbox.hashing import mixed, share
from stac_bridge.sandbox.land import is_land
from stac_bridge.sandbox.sun import sun_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Landsat", "SceneFacts"]

END = datetime(2026, 11, 1, tzinfo=UTC)
"""The archive ends before."""

_MISSIONS = ((8, datetime(2013, 4, 11, tzinfo=UTC), 0), (9, datetime(2021, 10, 31, tzinfo=UTC), 8))
_DAY = 86400.0
_HALF = timedelta(seconds=14.9)
"""Half of the time that a scene takes."""


_IDS = {"displayId": "display_id", "entityId": "entity_id", "level1": "level1_id"}


class SceneFacts:
    """What is decided about one scene; the rest follows."""

    def __init__(self, path: int, row: int, satellite: int, middle: datetime, cloud: int | None, bits: int) -> None:
        self.path, self.row, self.satellite, self.middle, self.cloud = path, row, satellite, middle, cloud
        self.bits = bits
        self.level = "L2SR" if bits % 12 == 0 else "L2SP"
        self.tier = "T2" if bits >> 8 & 0xF == 0 else "T1"
        self.day = middle.date()
        self.processed = self.day + timedelta(days=3 + (bits >> 12) % 14)
        self.sensor = "OLI" if bits >> 20 & 0x1FF == 0 else "OLI_TIRS"

    def _named(self, level: str) -> str:
        letter = "O" if self.sensor == "OLI" else "C"
        return (
            f"L{letter}0{self.satellite}_{level}_{self.path:03}{self.row:03}_{self.day:%Y%m%d}_"
            f"{self.processed:%Y%m%d}_02_{self.tier}"
        )

    @property
    def display_id(self) -> str:
        """The Level-2 product's id."""
        return self._named(self.level)

    @property
    def level1_id(self) -> str:
        """The id of the Level-1 product it was made from."""
        return self._named("L1TP" if self.tier == "T1" else "L1GT")

    @property
    def entity_id(self) -> str:
        """The scene's id, which outlasts reprocessing."""
        letter = "O" if self.sensor == "OLI" else "C"
        return f"L{letter}{self.satellite}{self.path:03}{self.row:03}{self.day:%Y%j}LGN00"

    @property
    def grid(self) -> Grid:
        """The product's raster."""
        return grid_of(self.path, self.row)

    @property
    def start(self) -> datetime:
        """When its first line was taken."""
        return self.middle - _HALF

    @property
    def stop(self) -> datetime:
        """When its last line was taken."""
        return self.middle + _HALF

    @property
    def sun(self) -> tuple[float, float]:
        """Elevation and azimuth at the middle, in degrees."""
        return sun_at(*self.grid.centre, self.middle)


_FILTERS = {
    "5e83d14f567d0086": "display_id",
    "5e83d14f227b0d85": "level1_id",
    "5e83d14fc84c9a78": "entity_id",
    "5e83d14fb9436d88": "path",
    "5e83d14ff1eda1b8": "row",
    "61af9273566bb9a8": "satellite",
    "5e83d14fc6e09eb6": "sensor",
    "5f6aa429b870fd7f": "nadir",
    "5f6a6fb2137a3c00": "tier",
    "5f6a6f82795f1b6c": "generated",
    "5e83d14fd1d0a167": "generated",
}


class Landsat(Archive):
    """All scenes of Landsat 8 and 9 over land, to the end of October 2026. Use ``landsat()``: it is costly to make."""

    def __init__(self) -> None:
        paths, rows = (axis.ravel() for axis in np.meshgrid(np.arange(1, 234), np.arange(1, 123), indexing="ij"))
        longitude, latitude = wrs2.centre(paths.astype(float), rows.astype(float))
        taken = is_land(longitude, latitude) | (mixed(paths, rows) % np.uint64(40) == 0)
        self._paths, self._rows = paths[taken], rows[taken]
        super().__init__(np.asarray(shapely.polygons(wrs2.footprint(self._paths, self._rows))))
        self._seconds, self.places, self._satellites = self._passes()
        self.before = -np.floor(self._seconds / _DAY).astype(np.int32)
        bits = self._bits(np.arange(len(self.before)))
        hundredths = np.minimum(10000, (share(bits, 32) ** 1.7 * 10800)).astype(np.uint16)
        self.cloud = np.where(bits >> np.uint64(48) & np.uint64(0xFF) == 0, self.UNKNOWN, hundredths).astype(np.uint16)

    def _passes(self) -> tuple[NDArray[np.float64], NDArray[np.uint16], NDArray[np.uint8]]:
        """Seconds since the epoch, place and satellite of every scene, the newest first."""
        first = wrs2.pass_days(self._paths, self._rows)
        seconds, places, satellites = [], [], []
        for satellite, start, offset in _MISSIONS:
            begin, end = ((moment - wrs2.EPOCH).total_seconds() / _DAY for moment in (start, END))
            cycles = np.arange(np.floor((begin - first.max()) / 16), np.ceil((end - first.min()) / 16) + 1)
            times = (first + offset)[None, :] + 16 * cycles[:, None]
            within = (times >= begin) & (times < end)
            seconds.append(times[within] * _DAY)
            places.append(np.broadcast_to(np.arange(len(first), dtype=np.uint16), times.shape)[within])
            satellites.append(np.full(int(within.sum()), satellite, np.uint8))
        order = np.argsort(-np.concatenate(seconds), kind="stable")
        return np.concatenate(seconds)[order], np.concatenate(places)[order], np.concatenate(satellites)[order]

    def __len__(self) -> int:
        return len(self.before)

    def _bits(self, numbers: Ints) -> NDArray[np.uint64]:
        return mixed(self._paths[self.places[numbers]], self._rows[self.places[numbers]], 9 - self.before[numbers])

    def facts(self, number: int) -> SceneFacts:
        """What is decided about a scene."""
        place, cloud = int(self.places[number]), int(self.cloud[number])
        return SceneFacts(
            int(self._paths[place]),
            int(self._rows[place]),
            int(self._satellites[number]),
            wrs2.EPOCH + timedelta(seconds=round(float(self._seconds[number]), 6)),
            None if cloud == self.UNKNOWN else cloud,
            int(self._bits(np.array([number]))[0]),
        )

    def scene(self, number: int, *, full: bool) -> dict[str, Any]:
        """One scene as scene-search gives it."""
        from stac_bridge.sandbox.scenes import landsat_scene

        return landsat_scene(self.facts(number), full=full)

    def find(self, identifier: str, field: str = "displayId") -> int | None:
        """By the day and the place that both ids name; then the whole id must be right."""
        try:
            if field != "entityId":
                parts = identifier.split("_")
                path, row, day = int(parts[2][:3]), int(parts[2][3:]), datetime.strptime(parts[3], "%Y%m%d")
            else:
                path, row, day = int(identifier[3:6]), int(identifier[6:9]), datetime.strptime(identifier[9:16], "%Y%j")
        except (ValueError, IndexError):
            return None
        days = (day.replace(tzinfo=UTC) - wrs2.EPOCH).days
        same_day = np.arange(self.first_of(days), self.first_of(days - 1))
        place = self.places[same_day]
        for number in same_day[(self._paths[place] == path) & (self._rows[place] == row)]:
            facts = self.facts(int(number))
            if identifier == getattr(facts, _IDS[field]):
                return int(number)
        return None

    def column(self, filter_id: str, numbers: Ints) -> NDArray[Any] | None:
        """What a filter compares with."""
        match _FILTERS.get(filter_id):
            case None:
                return None
            case "path":
                return np.asarray(self._paths[self.places[numbers]])
            case "row":
                return np.asarray(self._rows[self.places[numbers]])
            case "satellite":
                return self._satellites[numbers]
            case "nadir":
                return np.full(len(numbers), "NADIR")
            case "tier":
                return np.where(self._bits(numbers) >> np.uint64(8) & np.uint64(0xF) == 0, "T2", "T1")
            case "sensor":
                return np.where(self._bits(numbers) >> np.uint64(20) & np.uint64(0x1FF) == 0, "OLI", "OLI_TIRS")
            case "generated":
                return np.array([f"{self.facts(int(number)).processed:%Y/%m/%d}" for number in numbers])
            case name:
                return np.array([getattr(self.facts(int(number)), name) for number in numbers], dtype=object)

    def _metadata(self, asked: dict[str, Any], numbers: Ints) -> NDArray[np.bool_]:
        """A whole id is looked up, which saves making the id of every scene."""
        fields = {"5e83d14f567d0086": "displayId", "5e83d14fc84c9a78": "entityId"}
        field, value = fields.get(str(asked.get("filterId"))), str(asked.get("value")).upper()
        if field and asked.get("filterType") == "value" and asked.get("operand") != "like" and "%" not in value:
            return np.asarray(numbers == self.find(value, field))
        return super()._metadata(asked, numbers)


@lru_cache(maxsize=1)
def landsat() -> Landsat:
    """The archive, made at its first use: it is the same for every sandbox."""
    return Landsat()
