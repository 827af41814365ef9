"""Datasets small enough to be written out: aerial photographs of two states, frames of a spy satellite."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from stac_bridge.sandbox.archive import Ints, Listed
from stac_bridge.sandbox.hashing import mixed
from stac_bridge.sandbox.scenes import BASE, field

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Few", "corona", "naip"]

_NAIP_WORDS = "https://www.usgs.gov/centers/eros/science/usgs-eros-archive-aerial-photography-naip#"
_CORONA_WORDS = "https://www.usgs.gov/centers/eros/science/usgs-eros-archive-declassified-data-1#"


class Few(Listed):
    """Scenes that stand in a list, the newest first; ``filters`` are the metadata filters' labels by their id."""

    def __init__(self, scenes: list[dict[str, Any]], filters: dict[str, str]) -> None:
        self._scenes = sorted(scenes, key=lambda one: str(one["temporalCoverage"]["startDate"])[:10], reverse=True)
        self._filters = filters
        self._numbers = {
            name: {str(one[name]): number for number, one in enumerate(self._scenes)}
            for name in ("displayId", "entityId")
        }
        days = [date.fromisoformat(one["temporalCoverage"]["startDate"][:10]) for one in self._scenes]
        self.before = np.array([(date(2013, 1, 1) - day).days for day in days], np.int32)
        self.places = np.arange(len(days))
        self.cloud = np.full(len(days), self.UNKNOWN, np.uint16)
        super().__init__(np.array([shapely.geometry.shape(one["spatialCoverage"]) for one in self._scenes]))

    def __len__(self) -> int:
        return len(self._scenes)

    def scene(self, number: int, *, full: bool) -> dict[str, Any]:
        """One scene as scene-search gives it."""
        found = self._scenes[number]
        return found if full else {**found, "metadata": []}

    def find(self, identifier: str, field: str = "displayId") -> int | None:
        """By either id."""
        return self._numbers[field].get(identifier)

    def column(self, filter_id: str, numbers: Ints) -> NDArray[Any] | None:
        """A line of the metadata, in capitals as M2M compares it."""
        label = self._filters.get(filter_id)
        if label is None:
            return None
        values = [_value(self._scenes[int(number)], label) for number in numbers]
        return np.array(values, dtype=object)


def _value(scene: dict[str, Any], label: str) -> str:
    return next((str(one["value"]).upper() for one in scene["metadata"] if one["fieldName"] == label), "")


def _scene(entity_id: str, display_id: str, ring: list[list[float]], day: date, **more: Any) -> dict[str, Any]:
    xs, ys = [point[0] for point in ring], [point[1] for point in ring]
    west, south, east, north = min(xs), min(ys), max(xs), max(ys)
    box = [[west, south], [west, north], [east, north], [east, south], [west, south]]
    midnight = f"{day} 00:00:00-{_central(day)}"
    return {
        "browse": [],
        "cloudCover": None,
        "entityId": entity_id,
        "displayId": display_id,
        "orderingId": None,
        "hasCustomizedMetadata": None,
        "selected": {"bulk": False, "compare": False, "order": False},
        "spatialBounds": {"type": "Polygon", "coordinates": [box]},
        "spatialCoverage": {"type": "Polygon", "coordinates": [ring]},
        "temporalCoverage": {"endDate": midnight, "startDate": midnight},
        **more,
    }


def _central(day: date) -> str:
    """The hours that US Central time is behind UTC, with its daylight saving [REFERENCE §4]."""
    march, november = date(day.year, 3, 8), date(day.year, 11, 1)
    begin = march + timedelta(days=(6 - march.weekday()) % 7)
    end = november + timedelta(days=(6 - november.weekday()) % 7)
    return "05" if begin <= day < end else "06"


@lru_cache(maxsize=1)
def naip() -> Few:
    """Quarter quadrangles of Iowa and Nevada in three years."""
    states = (("IA", -94.0, 41.5, 15), ("NV", -117.0, 39.0, 11))
    days = (date(2018, 7, 21), date(2020, 8, 9), date(2022, 6, 30))
    scenes = [
        _quarter(state, zone, day, west, south, index)
        for state, west, south, zone in states
        for day in days
        for index in range(400)
    ]
    return Few(scenes, {"5e83a342d9b9b7cc": "State"})


def _quarter(state: str, zone: int, day: date, west: float, south: float, index: int) -> dict[str, Any]:
    x, y = west + index % 20 * 0.0625, south + index // 20 * 0.0625
    corner = ("SW", "SE", "NW", "NE")[index % 2 + 2 * (index // 20 % 2)]
    quad = f"{int(abs(y)):02}{int(abs(x)):03}{index // 4 % 64 + 1:02}"
    number = int(mixed(index, day.toordinal(), zone)) % 900000 + 3000000
    name = f"M_{quad}_{corner}_{zone}_060_{day:%Y%m%d}_{index:03}"
    ring = [[x, y], [x + 0.0685, y], [x + 0.0685, y + 0.0685], [x, y + 0.0685], [x, y]]
    if index == 399:  # a row whose place was never filled in [REFERENCE §5]
        ring = [[0, 0]] * 5
    said = {
        "State": state,
        "NAIP Entity ID": name,
        "Agency": "USDA",
        "Vendor": "SBX",
        "Map Projection": "UTM",
        "Projection Zone": f"{zone}N",
        "Datum": "NAD83",
        "Resolution": "0.60",
        "Units": "METER",
        "Number of Bands": "4",
        "Sensor Type": "CNIR",
        "Project Name": f"{day:%Y}_{state}",
        "Acquisition Date": f"{day:%Y/%m/%d}",
        "Center Latitude dec": f"{y + 0.03425:.6f}",
        "Center Longitude dec": f"{x + 0.03425:.6f}",
    }
    return _scene(
        str(number),
        name,
        ring,
        day,
        metadata=[field(label, value, _NAIP_WORDS) for label, value in said.items()],
        options={"bulk": True, "download": True, "order": False, "secondary": False},
        publishDate=f"{day.year + 1}-02-03 09:10:11.205175-06",
    )


@lru_cache(maxsize=1)
def corona() -> Few:
    """Frames of a few missions; every tenth is scanned, the rest can only be ordered."""
    missions = (("1117-2", "DS1117-2086D", date(1972, 5, 31)), ("1052-1", "DS1052-1089D", date(1969, 9, 25)))
    scenes = [
        _frame(mission, f"{stem}{camera}{frame:03}", day, camera, frame)
        for mission, stem, day in missions
        for camera in "AF"
        for frame in range(1, 251)
    ]
    return Few(scenes, {"5e839feb64cee663": "Download Available", "5e839feb93e2c1f0": "Entity ID"})


def _frame(mission: str, name: str, day: date, camera: str, frame: int) -> dict[str, Any]:
    east, south = 129.021 - 0.044 * frame, 53.798 - 0.124 * (frame % 60)
    ring = [[east, south], [east + 0.101, south + 0.136], [east - 3.106, south + 0.559], [east - 3.115, south + 0.412]]
    ring = [[round(x, 3), round(y, 3)] for x, y in [*ring, ring[0]]]
    scanned = frame % 10 == 7
    said = {
        "Entity ID": name,
        "Acquisition Date": f"{day:%Y/%m/%d}",
        "Mission": mission,
        "Frame": frame,
        "Camera Type": "Aft" if camera == "A" else "Forward",
        "Camera Resolution": "Stereo High",
        "Download Available": "Y" if scanned else "N",
    }
    picture = f"{BASE}/browse/DIT/{name}.jpg"
    browse = {
        "id": "5e839febde63382",
        "browseRotationEnabled": None,
        "browseName": "Standard Browse",
        "browsePath": picture,
        "overlayPath": picture,
        "overlayType": "file",
        "thumbnailPath": f"{BASE}/thumbnail/DIT/{name}.jpg",
    }
    return _scene(
        name,
        name,
        ring,
        day,
        browse=[browse],
        metadata=[field(label, value, _CORONA_WORDS) for label, value in said.items()],
        options={"bulk": False, "download": scanned, "order": True, "secondary": False},
        publishDate="2000-04-18 10:09:54-05",
    )
