"""The metadata fields of a Landsat scene, for each family [REFERENCE §4–6]."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.calendar_days import day_text
from m2m_sandbox.archive.fact_sheets import sheet
from m2m_sandbox.archive.hashing import mix_bits_scalar
from m2m_sandbox.archive.landsat.families import FAMILIES
from m2m_sandbox.archive.landsat.grid import grid_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from m2m_sandbox.archive.landsat.families import Family
    from m2m_sandbox.archive.landsat.grid import Grid
    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts

_DICTIONARY = "https://www.usgs.gov/centers/eros/science/landsat-collection-2-data-dictionary#"
_CORNERS = ("Upper Left", "Upper Right", "Lower Right", "Lower Left")

Fields = dict[str, Any]
FieldRows = list[dict[str, Any]]


def metadata(facts: SceneFacts) -> FieldRows:
    """Return all metadata fields of a scene; fields that many scenes share are built once."""
    family = facts.family
    return [
        *field_rows(family.dataset, _scene_fields(facts)),
        *_date_fields(family.dataset, facts.day, facts.processed),
        *_fit_fields(family.dataset, facts.bits % 600),
        *_kind_fields(family.dataset, facts.satellite, facts.station, (facts.tier, facts.level, facts.sensor)),
        *_place_fields(family.dataset, facts.path, facts.row),
    ]


def field_rows(dataset: str, values: Fields) -> FieldRows:
    """Turn values by label into metadata fields, each with the id that the label has in the dataset."""
    return [
        {"id": field_id, "fieldName": label, "dictionaryLink": link, "value": value}
        for (field_id, label, link), value in zip(_headers(dataset, tuple(values)), values.values(), strict=True)
    ]


@lru_cache(maxsize=64)
def _headers(dataset: str, labels: tuple[str, ...]) -> list[tuple[str, str, str]]:
    known = sheet(dataset).get("fields", {})
    return [
        (known.get(label) or _placeholder_id(dataset, label), label, _DICTIONARY + _anchor(label)) for label in labels
    ]


def _placeholder_id(dataset: str, label: str) -> str:
    """Return an id for a field whose M2M id is unknown: always the same, and different in every dataset."""
    return f"5{mix_bits_scalar(*dataset.encode(), *label.encode()) & 0xFFFFFFFFFFFFFFF:015x}"


def _anchor(label: str) -> str:
    return label.lower().replace(" ", "_")


def _scene_fields(facts: SceneFacts) -> Fields:
    """Return the fields that are unique to a scene."""
    level2 = {"Landsat Product Identifier L2": facts.display_id} if facts.family.level == 2 else {}
    cloud = "-1.00" if facts.cloud is None else f"{facts.cloud / 100:.2f}"
    return {
        "ID": facts.entity_id,
        **level2,
        "Landsat Product Identifier L1": facts.level1_id,
        "Landsat Scene Identifier": facts.entity_id,
        "Start Time": _time(facts.start, facts),
        "Stop Time": _time(facts.stop, facts),
        "Land Cloud Cover": cloud,
        "Scene Cloud Cover L1": cloud,
        **(_oli_fields(facts) if facts.family.sensor == "OLI_TIRS" else _scanner_fields(facts)),
    }


def _time(time: datetime, facts: SceneFacts) -> str:
    """Format a time: whole seconds in about half of 2022 and all later scenes, else microseconds [REFERENCE §4]."""
    exact = facts.day.year < 2022 or (facts.day.year == 2022 and facts.bits & 1)
    text = time.isoformat(" ", "microseconds")
    return text[:26] if exact else text[:19]


def _oli_fields(facts: SceneFacts) -> Fields:
    elevation, azimuth = facts.sun
    roll = f"{(facts.bits >> 28 & 0xF) / 1000 - 0.008:.3f}"
    return {"Roll Angle": roll, "Sun Elevation L0RA": f"{elevation:.8f}", "Sun Azimuth L0RA": f"{azimuth:.8f}"}


def _scanner_fields(facts: SceneFacts) -> Fields:
    """Return the fields of instruments with a moving mirror; Landsat 7's lost its scan line corrector in 2003."""
    elevation, azimuth = facts.sun
    values: Fields = {"Sun Elevation L1": f"{elevation:.8f}", "Sun Azimuth L1": f"{azimuth:.8f}"}
    if facts.family.sensor != "ETM":
        return values
    phase = None if facts.corrected else f"{(facts.bits % 200) / 10 - 10:.1f}"
    return {
        **values,
        "Scan Line Corrector": "ON" if facts.corrected else "OFF",
        "Gap Phase Source": None if facts.corrected else "PCD",
        "Gap Phase Statistic": phase,
    }


@lru_cache(maxsize=4096)
def _date_fields(dataset: str, acquired: date, processed: date) -> FieldRows:
    generated = dict.fromkeys(("Date Product Generated L2", "Date Product Generated L1"), day_text(processed).slashes)
    if FAMILIES[dataset].level == 1:
        generated.pop("Date Product Generated L2")
    return field_rows(dataset, {"Date Acquired": day_text(acquired).slashes, **generated})


@lru_cache(maxsize=4096)
def _fit_fields(dataset: str, points: int) -> FieldRows:
    """Return the number of ground control points, and how well they fitted, in meters."""
    step = points % 100
    values = {
        "Ground Control Points Model": 200 + points,
        "Geometric RMSE Model": f"{6 + step / 50:.3f}",
        "Geometric RMSE Model X": f"{4 + step / 70:.3f}",
        "Geometric RMSE Model Y": f"{4 + step / 80:.3f}",
    }
    return field_rows(dataset, values)


@lru_cache(maxsize=1024)
def _kind_fields(dataset: str, satellite: int, station: str, kind: tuple[str, str, str]) -> FieldRows:
    """Return the fields that depend on the kind of product; ``kind`` is tier, level and sensor."""
    family, (tier, level, sensor) = FAMILIES[dataset], kind
    values: Fields = {
        "Collection Category": tier,
        "Station Identifier": station[:3],
        f"Data Type L{family.level}": f"{family.sensor}_{level}",
        "Sensor Identifier": sensor,
        "Satellite": satellite,
    }
    if family.sensor == "OLI_TIRS":
        values["TIRS SSM Model"] = "FINAL" if satellite == 8 else "N/A"
    if family.sensor == "ETM":
        values |= {f"Gain Band {band}": gain for band, gain in _GAINS.items()} | {"Cloud Cover Truncated": "N"}
    return field_rows(dataset, values)


_GAINS = {"1": "H", "2": "H", "3": "H", "4": "L", "5": "H", "6L": "L", "6H": "H", "7": "H", "8": "L"}


@lru_cache(maxsize=2048)  # a page of 1,000 scenes may contain as many places
def _place_fields(dataset: str, path: int, row: int) -> FieldRows:
    """Return the fields that depend on the scene's place and raster, which are the same on every day."""
    grid = grid_of(path, row, FAMILIES[dataset].pixel)
    longitude, latitude = grid.center
    values: Fields = {
        **_path_row_fields(FAMILIES[dataset], f" {path:03}", f" {row:03}"),
        "Product Map Projection L1": "PS" if grid.crs == 3031 else "UTM",
        "UTM Zone": None if grid.crs == 3031 else str(grid.zone),
        "Datum": "WGS84",
        "Ellipsoid": "WGS84",
        **_point_fields("Scene Center {} DMS", "Scene Center {}itude", longitude, latitude),
    }
    return field_rows(dataset, values | _corner_fields(grid))


def _path_row_fields(family: Family, path: str, row: str) -> Fields:
    """Return path and row, which M2M pads with a blank [REFERENCE §5], and values common to all scenes."""
    values: Fields = {
        "WRS Path": path,
        "WRS Row": row,
        "Collection Number": 2,
        "Day/Night Indicator": "DAY",
        "Ground Control Points Version": 5,
        "Image Quality": 9,
        "Processing Software Version": "LPGS_16.3.0",
    }
    if family.sensor == "OLI_TIRS":
        return {**values, "Target WRS Path": path, "Target WRS Row": row, "Nadir/Off Nadir": "NADIR"}
    return {**values, "Data Anomaly": None, "Sensor Anomalies": None}


def _corner_fields(grid: Grid) -> Fields:
    values: Fields = {}
    for name, (longitude, latitude) in zip(_CORNERS, grid.corners, strict=True):
        values |= _point_fields(f"Corner {name} {{}} DMS", f"Corner {name} {{}}itude", longitude, latitude)
    return values


def _point_fields(dms: str, decimal: str, longitude: float, latitude: float) -> Fields:
    return {
        dms.format("Lat"): degrees_minutes_seconds(latitude, "NS"),
        dms.format("Long"): degrees_minutes_seconds(longitude, "EW"),
        decimal.format("Lat"): f"{latitude:.5f}",
        decimal.format("Long"): f"{longitude:.5f}",
    }


def degrees_minutes_seconds(value: float, letters: str) -> str:
    """Format an angle as M2M does, including its HTML entities."""
    minutes, hundredths = divmod(round(abs(value) * 360000), 6000)
    return f"{minutes // 60}&deg;{minutes % 60:02}'{hundredths / 100:05.2f}&quot;{letters[int(value < 0)]}"
