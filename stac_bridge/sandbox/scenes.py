"""A Landsat scene in M2M's words, with the dirt that M2M's answers have [REFERENCE §5]."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from stac_bridge.sandbox.hashing import mixed

if TYPE_CHECKING:
    from datetime import datetime

    from stac_bridge.sandbox.landsat import SceneFacts

__all__ = ["field", "landsat_scene"]

BASE = "sandbox://here"
"""Stands for the sandbox's own address until an answer leaves."""

_DICTIONARY = "https://www.usgs.gov/centers/eros/science/landsat-collection-2-data-dictionary#"
_BROWSE = (
    ("5fb4ba12d7ec307f", "Reflective Color Browse", "refl"),
    ("5fb4ba1295d3aa45", "Thermal Browse", "tir"),
    ("5fb4ba12f8e3d3d3", "Quality Browse", "qb"),
)
_CORNERS = ("Upper Left", "Upper Right", "Lower Right", "Lower Left")


def landsat_scene(facts: SceneFacts, *, full: bool) -> dict[str, Any]:
    """An element of scene-search's results."""
    ring = [[round(float(lon), 5), round(float(lat), 5)] for lon, lat in facts.grid.footprint]
    west, east = min(point[0] for point in ring), max(point[0] for point in ring)
    south, north = min(point[1] for point in ring), max(point[1] for point in ring)
    day = f"{facts.day:%Y-%m-%d} 00:00:00"
    return {
        "browse": [_browse(facts, *one) for one in _BROWSE],
        "cloudCover": _slot(facts),
        "entityId": facts.entity_id,
        "displayId": facts.display_id,
        "orderingId": None,
        "metadata": _metadata(facts) if full else [],
        "hasCustomizedMetadata": None,
        "options": {"bulk": True, "download": True, "order": False, "secondary": False},
        "selected": {"bulk": False, "compare": False, "order": False},
        "spatialBounds": _polygon([[west, south], [west, north], [east, north], [east, south], [west, south]]),
        "spatialCoverage": _polygon([*ring, ring[0]]),
        "temporalCoverage": {"endDate": day, "startDate": day},
        "publishDate": f"{facts.processed:%Y-%m-%d} 12:22:01-05",
    }


def _polygon(ring: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring]}


def _browse(facts: SceneFacts, ident: str, name: str, kind: str) -> dict[str, Any]:
    picture = f"{BASE}/gen-browse?size={{}}&type={kind}&product_id={facts.level1_id}"
    return {
        "id": ident,
        "browseRotationEnabled": None,
        "browseName": name,
        "browsePath": picture.format("rrb"),
        "overlayPath": picture.format("rrb"),
        "overlayType": "file",
        "thumbnailPath": picture.format("thumb"),
    }


def _slot(facts: SceneFacts) -> Any:
    """Text, whole number, null and -1 all occur."""
    if facts.cloud is None:
        return None if facts.bits & 1 else -1
    return f"{facts.cloud / 100:.2f}" if facts.bits % 5 == 0 else round(facts.cloud / 100)


def _metadata(facts: SceneFacts) -> list[dict[str, Any]]:
    return [field(name, value, _DICTIONARY) for name, value in (*_named(facts), *_placed(facts))]


def field(name: str, value: Any, dictionary: str) -> dict[str, Any]:
    """One line of metadata."""
    return {"id": _field_id(name), "fieldName": name, "dictionaryLink": dictionary + _anchor(name), "value": value}


@lru_cache(maxsize=256)
def _field_id(name: str) -> str:
    return f"5{int(mixed(*name.encode())) & 0xFFFFFFFFFFFFFFF:015x}"


@lru_cache(maxsize=256)
def _anchor(name: str) -> str:
    return name.lower().replace(" ", "_")


def _time(moment: datetime, facts: SceneFacts) -> str:
    """Whole seconds in about half of 2022 and all later scenes, microseconds before [REFERENCE §4]."""
    exact = facts.day.year < 2022 or (facts.day.year == 2022 and facts.bits & 1)
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}" if exact else f"{moment:%Y-%m-%d %H:%M:%S}"


def _named(facts: SceneFacts) -> list[tuple[str, Any]]:
    cloud = "-1.00" if facts.cloud is None else f"{facts.cloud / 100:.2f}"
    elevation, azimuth = facts.sun
    return [
        ("Landsat Product Identifier L2", facts.display_id),
        ("Landsat Product Identifier L1", facts.level1_id),
        ("Landsat Scene Identifier", facts.entity_id),
        ("Date Acquired", f"{facts.day:%Y/%m/%d}"),
        ("Collection Category", facts.tier),
        ("Collection Number", 2),
        ("WRS Path", f" {facts.path:03}"),
        ("WRS Row", f" {facts.row:03}"),
        ("Target WRS Path", f" {facts.path:03}"),
        ("Target WRS Row", f" {facts.row:03}"),
        ("Nadir/Off Nadir", "NADIR"),
        ("Roll Angle", f"{(facts.bits >> 28 & 0xF) / 1000 - 0.008:.3f}"),
        ("Date Product Generated L2", f"{facts.processed:%Y/%m/%d}"),
        ("Date Product Generated L1", f"{facts.processed:%Y/%m/%d}"),
        ("Start Time", _time(facts.start, facts)),
        ("Stop Time", _time(facts.stop, facts)),
        ("Station Identifier", "LGN"),
        ("Day/Night Indicator", "DAY"),
        ("Land Cloud Cover", cloud),
        ("Scene Cloud Cover L1", cloud),
        ("Ground Control Points Model", 200 + facts.bits % 600),
        ("Ground Control Points Version", 5),
        ("Geometric RMSE Model", f"{6 + facts.bits % 100 / 50:.3f}"),
        ("Geometric RMSE Model X", f"{4 + facts.bits % 100 / 70:.3f}"),
        ("Geometric RMSE Model Y", f"{4 + facts.bits % 100 / 80:.3f}"),
        ("Image Quality", 9),
        ("Processing Software Version", "LPGS_16.3.0"),
        ("Sun Elevation L0RA", f"{elevation:.8f}"),
        ("Sun Azimuth L0RA", f"{azimuth:.8f}"),
        ("TIRS SSM Model", "FINAL" if facts.satellite == 8 else "N/A"),
        ("Data Type L2", f"OLI_TIRS_{facts.level}"),
        ("Sensor Identifier", facts.sensor),
        ("Satellite", facts.satellite),
    ]


def _placed(facts: SceneFacts) -> list[tuple[str, Any]]:
    grid, (longitude, latitude) = facts.grid, facts.grid.centre
    fields: list[tuple[str, Any]] = [
        ("Product Map Projection L1", "PS" if grid.zone is None else "UTM"),
        ("UTM Zone", None if grid.zone is None else str(grid.zone)),
        ("Datum", "WGS84"),
        ("Ellipsoid", "WGS84"),
        ("Scene Center Lat DMS", _dms(latitude, "NS")),
        ("Scene Center Long DMS", _dms(longitude, "EW")),
        ("Scene Center Latitude", f"{latitude:.5f}"),
        ("Scene Center Longitude", f"{longitude:.5f}"),
    ]
    for name, (lon, lat) in zip(_CORNERS, grid.corners, strict=True):
        fields += [
            (f"Corner {name} Lat DMS", _dms(lat, "NS")),
            (f"Corner {name} Long DMS", _dms(lon, "EW")),
            (f"Corner {name} Latitude", f"{lat:.5f}"),
            (f"Corner {name} Longitude", f"{lon:.5f}"),
        ]
    return fields


def _dms(value: float, letters: str) -> str:
    seconds = abs(value) * 3600
    return (
        f"{int(seconds // 3600)}&deg;{int(seconds // 60) % 60:02}'{seconds % 60:05.2f}&quot;{letters[int(value < 0)]}"
    )
