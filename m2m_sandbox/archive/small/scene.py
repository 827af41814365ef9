"""A row in M2M's words, with the dirt that M2M's answers have [REFERENCE §5]."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.hashing import mixed
from m2m_sandbox.archive.landsat.scenes import BASE
from m2m_sandbox.archive.small.row import central

if TYPE_CHECKING:
    from m2m_sandbox.archive.small.row import Facts, Point, Ring, Row

__all__ = ["fields", "scene_of"]


def scene_of(row: Row, name: str, said: Facts, *, full: bool) -> Facts:
    """An element of scene-search's results, for a row of dataset ``name``; ``said`` are the facts of its scenes."""
    ring = [list(point) for point in row.ring or ((0, 0),) * 4]
    midnight = f"{row.day} 00:00:00{central(row.day)}"
    return {
        "browse": [_browse(row, name, one) for one in said.get("browse", ())],
        "cloudCover": row.cloud,
        "entityId": row.entity_id,
        "displayId": row.display_id,
        "orderingId": None,
        "metadata": _metadata(row, name, said) if full else [],
        "hasCustomizedMetadata": None,
        "options": {**said["options"], "bulk": said["options"]["bulk"] and row.download, "download": row.download},
        "selected": {"bulk": False, "compare": False, "order": False},
        "spatialBounds": _bounds(row.ring) if row.bounded else None,
        "spatialCoverage": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        "temporalCoverage": {"endDate": midnight, "startDate": midnight},
        "publishDate": row.published,
    }


def _bounds(ring: Ring) -> Facts:
    if not ring:
        return {"type": "Point", "coordinates": [0, 0]}
    west, east = min(x for x, _y in ring), max(x for x, _y in ring)
    south, north = min(y for _x, y in ring), max(y for _x, y in ring)
    box = [[west, south], [west, north], [east, north], [east, south], [west, south]]
    return {"type": "Polygon", "coordinates": [box]}


def _browse(row: Row, name: str, said: Facts) -> Facts:
    picture = f"{BASE}/browse/{name}/{row.display_id}.jpg"
    return {
        "id": said["id"],
        "browseRotationEnabled": None,
        "browseName": said["name"],
        "browsePath": picture,
        "overlayPath": picture,
        "overlayType": "file",
        "thumbnailPath": f"{BASE}/thumbnail/{name}/{row.display_id}.jpg",
    }


def _metadata(row: Row, name: str, said: Facts) -> list[Facts]:
    return [
        {
            "id": _field_id(name, label),
            "fieldName": label,
            "dictionaryLink": said["dictionary"] and said["dictionary"] + _anchor(label),
            "value": value,
        }
        for label, value in fields(row, said).items()
    ]


@lru_cache(maxsize=1024)
def _field_id(name: str, label: str) -> str:
    return f"5{int(mixed(*f'{name}/{label}'.encode())) & 0xFFFFFFFFFFFFFFF:015x}"


@lru_cache(maxsize=512)
def _anchor(label: str) -> str:
    return "_".join(label.lower().split())


def fields(row: Row, said: Facts) -> Facts:
    """Labels → values; ``places`` of the facts names the lines that follow from the ring."""
    return {**row.own, **{label: _place(row.ring, *what.split()) for label, what in said.get("places", {}).items()}}


def _place(ring: Ring, corner: str, axis: str, form: str) -> str:
    point = _CORNERS[corner](ring or ((0.0, 0.0),))
    value = point[1] if axis == "lat" else point[0]
    return _dms(value, "NS" if axis == "lat" else "EW") if form == "dms" else f"{value:.6f}"


_CORNERS: dict[str, Any] = {
    "NW": lambda ring: max(ring, key=lambda point: point[1] - point[0]),
    "NE": lambda ring: max(ring, key=lambda point: point[1] + point[0]),
    "SE": lambda ring: min(ring, key=lambda point: point[1] - point[0]),
    "SW": lambda ring: min(ring, key=lambda point: point[1] + point[0]),
    "centre": lambda ring: _middle(ring),
}


def _middle(ring: Ring) -> Point:
    return sum(x for x, _y in ring) / len(ring), sum(y for _x, y in ring) / len(ring)


def _dms(value: float, letters: str) -> str:
    seconds = round(abs(value) * 360000)  # hundredths
    degrees, minutes = seconds // 360000, seconds // 6000 % 60
    return f"{degrees:02}&deg;{minutes:02}'{seconds % 6000 / 100:05.2f}\"{letters[int(value < 0)]}"
