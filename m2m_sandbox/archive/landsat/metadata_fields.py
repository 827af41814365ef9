"""The labelled lines of a Landsat scene's metadata, as each family has them [REFERENCE §4–6]."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.calendar_days import spelt
from m2m_sandbox.archive.fact_sheets import sheet
from m2m_sandbox.archive.hashing import mixed_one
from m2m_sandbox.archive.landsat.families import FAMILIES
from m2m_sandbox.archive.landsat.scene_facts import grid_at

if TYPE_CHECKING:
    from datetime import date, datetime

    from m2m_sandbox.archive.landsat.families import Family
    from m2m_sandbox.archive.landsat.grid import Grid
    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts

__all__ = ["degrees_minutes_seconds", "lines", "metadata"]

_DICTIONARY = "https://www.usgs.gov/centers/eros/science/landsat-collection-2-data-dictionary#"
_CORNERS = ("Upper Left", "Upper Right", "Lower Right", "Lower Left")

Fields = dict[str, Any]
Lines = list[dict[str, Any]]


def metadata(facts: SceneFacts) -> Lines:
    """All lines of a scene; lines that many scenes share are made once."""
    family = facts.family
    return [
        *lines(family.dataset, _own(facts)),
        *_dated(family.dataset, facts.day, facts.processed),
        *_measured(family.dataset, facts.bits % 600),
        *_classed(family.dataset, facts.satellite, facts.station, (facts.tier, facts.level, facts.sensor)),
        *_placed(family.dataset, facts.path, facts.row),
    ]


def lines(dataset: str, said: Fields) -> Lines:
    """Values by label → lines, each with the id that the label has in the dataset."""
    return [
        {"id": ident, "fieldName": label, "dictionaryLink": link, "value": value}
        for (ident, label, link), value in zip(_heads(dataset, tuple(said)), said.values(), strict=True)
    ]


@lru_cache(maxsize=64)
def _heads(dataset: str, labels: tuple[str, ...]) -> list[tuple[str, str, str]]:
    known = sheet(dataset).get("fields", {})
    return [(known.get(label) or _made_up(dataset, label), label, _DICTIONARY + _anchor(label)) for label in labels]


def _made_up(dataset: str, label: str) -> str:
    """An id for a field whose own is not known: always the same, and different in every dataset."""
    return f"5{mixed_one(*dataset.encode(), *label.encode()) & 0xFFFFFFFFFFFFFFF:015x}"


def _anchor(label: str) -> str:
    return label.lower().replace(" ", "_")


def _own(facts: SceneFacts) -> Fields:
    """What no two scenes share."""
    second = {"Landsat Product Identifier L2": facts.display_id} if facts.family.level == 2 else {}
    cloud = "-1.00" if facts.cloud is None else f"{facts.cloud / 100:.2f}"
    return {
        "ID": facts.entity_id,
        **second,
        "Landsat Product Identifier L1": facts.level1_id,
        "Landsat Scene Identifier": facts.entity_id,
        "Start Time": _time(facts.start, facts),
        "Stop Time": _time(facts.stop, facts),
        "Land Cloud Cover": cloud,
        "Scene Cloud Cover L1": cloud,
        **(_oli(facts) if facts.family.sensor == "OLI_TIRS" else _scanner(facts)),
    }


def _time(moment: datetime, facts: SceneFacts) -> str:
    """Whole seconds in about half of 2022 and all later scenes, microseconds before [REFERENCE §4]."""
    exact = facts.day.year < 2022 or (facts.day.year == 2022 and facts.bits & 1)
    said = moment.isoformat(" ", "microseconds")
    return said[:26] if exact else said[:19]


def _oli(facts: SceneFacts) -> Fields:
    elevation, azimuth = facts.sun
    roll = f"{(facts.bits >> 28 & 0xF) / 1000 - 0.008:.3f}"
    return {"Roll Angle": roll, "Sun Elevation L0RA": f"{elevation:.8f}", "Sun Azimuth L0RA": f"{azimuth:.8f}"}


def _scanner(facts: SceneFacts) -> Fields:
    """What the instruments with a moving mirror have; that of Landsat 7 lost its scan line corrector."""
    elevation, azimuth = facts.sun
    said: Fields = {"Sun Elevation L1": f"{elevation:.8f}", "Sun Azimuth L1": f"{azimuth:.8f}"}
    if facts.family.sensor != "ETM":
        return said
    phase = None if facts.corrected else f"{(facts.bits % 200) / 10 - 10:.1f}"
    return {
        **said,
        "Scan Line Corrector": "ON" if facts.corrected else "OFF",
        "Gap Phase Source": None if facts.corrected else "PCD",
        "Gap Phase Statistic": phase,
    }


@lru_cache(maxsize=4096)
def _dated(dataset: str, taken: date, made: date) -> Lines:
    generated = dict.fromkeys(("Date Product Generated L2", "Date Product Generated L1"), spelt(made).slashes)
    if FAMILIES[dataset].level == 1:
        generated.pop("Date Product Generated L2")
    return lines(dataset, {"Date Acquired": spelt(taken).slashes, **generated})


@lru_cache(maxsize=4096)
def _measured(dataset: str, points: int) -> Lines:
    """How many ground control points there were, and how well they fitted, in metres."""
    hundred = points % 100
    said = {
        "Ground Control Points Model": 200 + points,
        "Geometric RMSE Model": f"{6 + hundred / 50:.3f}",
        "Geometric RMSE Model X": f"{4 + hundred / 70:.3f}",
        "Geometric RMSE Model Y": f"{4 + hundred / 80:.3f}",
    }
    return lines(dataset, said)


@lru_cache(maxsize=1024)
def _classed(dataset: str, satellite: int, station: str, kind: tuple[str, str, str]) -> Lines:
    """What goes by the kind of product; ``kind`` is tier, level and sensor."""
    family, (tier, level, sensor) = FAMILIES[dataset], kind
    said: Fields = {
        "Collection Category": tier,
        "Station Identifier": station[:3],
        f"Data Type L{family.level}": f"{family.sensor}_{level}",
        "Sensor Identifier": sensor,
        "Satellite": satellite,
    }
    if family.sensor == "OLI_TIRS":
        said["TIRS SSM Model"] = "FINAL" if satellite == 8 else "N/A"
    if family.sensor == "ETM":
        said |= {f"Gain Band {band}": gain for band, gain in _GAINS.items()} | {"Cloud Cover Truncated": "N"}
    return lines(dataset, said)


_GAINS = {"1": "H", "2": "H", "3": "H", "4": "L", "5": "H", "6L": "L", "6H": "H", "7": "H", "8": "L"}


@lru_cache(maxsize=2048)  # a page of a thousand scenes meets as many places
def _placed(dataset: str, path: int, row: int) -> Lines:
    """Where the scene and its raster are, which is the same on every day."""
    grid = grid_at(path, row, FAMILIES[dataset].pixel)
    longitude, latitude = grid.centre
    said: Fields = {
        **_numbers(FAMILIES[dataset], f" {path:03}", f" {row:03}"),
        "Product Map Projection L1": "PS" if grid.epsg == 3031 else "UTM",
        "UTM Zone": None if grid.epsg == 3031 else str(grid.zone),
        "Datum": "WGS84",
        "Ellipsoid": "WGS84",
        **_point("Scene Center {} DMS", "Scene Center {}itude", longitude, latitude),
    }
    return lines(dataset, said | _corners(grid))


def _numbers(family: Family, path: str, row: str) -> Fields:
    """Path and row have a blank before them [REFERENCE §5]; the rest is the same of every scene."""
    said: Fields = {
        "WRS Path": path,
        "WRS Row": row,
        "Collection Number": 2,
        "Day/Night Indicator": "DAY",
        "Ground Control Points Version": 5,
        "Image Quality": 9,
        "Processing Software Version": "LPGS_16.3.0",
    }
    if family.sensor == "OLI_TIRS":
        return {**said, "Target WRS Path": path, "Target WRS Row": row, "Nadir/Off Nadir": "NADIR"}
    return {**said, "Data Anomaly": None, "Sensor Anomalies": None}


def _corners(grid: Grid) -> Fields:
    said: Fields = {}
    for name, (longitude, latitude) in zip(_CORNERS, grid.corners, strict=True):
        said |= _point(f"Corner {name} {{}} DMS", f"Corner {name} {{}}itude", longitude, latitude)
    return said


def _point(dms: str, plain: str, longitude: float, latitude: float) -> Fields:
    return {
        dms.format("Lat"): degrees_minutes_seconds(latitude, "NS"),
        dms.format("Long"): degrees_minutes_seconds(longitude, "EW"),
        plain.format("Lat"): f"{latitude:.5f}",
        plain.format("Long"): f"{longitude:.5f}",
    }


def degrees_minutes_seconds(value: float, letters: str) -> str:
    """An angle as M2M writes it, entities and all."""
    minutes, hundredths = divmod(round(abs(value) * 360000), 6000)
    return f"{minutes // 60}&deg;{minutes % 60:02}'{hundredths / 100:05.2f}&quot;{letters[int(value < 0)]}"
