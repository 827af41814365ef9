"""A row as M2M returns it, with the irregularities of M2M's responses [REFERENCE §5]."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.calendar_days import central_offset
from m2m_sandbox.archive.hashing import mix_bits
from m2m_sandbox.archive.landsat.scenes import BASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.archive.small.row import Facts, Point, Ring, Row


def scene_of(row: Row, name: str, scenes: Facts, *, full: bool) -> Facts:
    """Return an element of scene-search's results; ``scenes`` are the facts of the dataset's scenes."""
    ring = [list(point) for point in row.ring or ((0, 0),) * 4]
    midnight = f"{row.day} 00:00:00{central_offset(row.day)}"
    return {
        "browse": [_browse(row, name, browse) for browse in scenes.get("browse", ())],
        "cloudCover": row.cloud,
        "entityId": row.entity_id,
        "displayId": row.display_id,
        "orderingId": None,
        "metadata": _metadata(row, name, scenes) if full else [],
        "hasCustomizedMetadata": None,
        "options": {
            **scenes["options"],
            "bulk": scenes["options"]["bulk"] and row.download,
            "download": row.download,
            "order": scenes["options"]["order"] and not row.scanned,
        },
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


def _browse(row: Row, name: str, browse: Facts) -> Facts:
    url = f"{BASE}/browse/{name}/{row.display_id}.jpg"
    return {
        "id": browse["id"],
        "browseRotationEnabled": None,
        "browseName": browse["name"],
        "browsePath": url,
        "overlayPath": url,
        "overlayType": "file",
        "thumbnailPath": f"{BASE}/thumbnail/{name}/{row.display_id}.jpg",
    }


def _metadata(row: Row, name: str, scenes: Facts) -> list[Facts]:
    return [
        {
            "id": _field_id(name, label),
            "fieldName": label,
            "dictionaryLink": scenes["dictionary"] and scenes["dictionary"] + _anchor(label),
            "value": value,
        }
        for label, value in metadata_values(row, scenes).items()
    ]


@lru_cache(maxsize=1024)
def _field_id(name: str, label: str) -> str:
    return f"5{int(mix_bits(*f'{name}/{label}'.encode())) & 0xFFFFFFFFFFFFFFF:015x}"


@lru_cache(maxsize=512)
def _anchor(label: str) -> str:
    return "_".join(label.lower().split())


def metadata_values(row: Row, scenes: Facts) -> Facts:
    """Return metadata values by label; ``places`` of the facts names the fields that depend on the ring.

    ``display_id_label`` is the label of the display id, for datasets whose fields end with it.
    """
    places = {label: _coordinate(row.ring, *coordinate.split()) for label, coordinate in scenes["places"].items()}
    last = {scenes["display_id_label"]: row.display_id} if "display_id_label" in scenes else {}
    return {**row.fields, **places, **last}


def _coordinate(ring: Ring, corner: str, axis: str, style: str) -> str:
    point = _CORNERS[corner](ring or ((0.0, 0.0),))
    value = point[1] if axis == "lat" else point[0]
    return _STYLES[style](value, "NS" if axis == "lat" else "EW")


_CORNERS: dict[str, Any] = {
    "NW": lambda ring: max(ring, key=lambda point: point[1] - point[0]),
    "NE": lambda ring: max(ring, key=lambda point: point[1] + point[0]),
    "SE": lambda ring: min(ring, key=lambda point: point[1] - point[0]),
    "SW": lambda ring: min(ring, key=lambda point: point[1] + point[0]),
    "centre": lambda ring: _centroid(ring),
}


def _centroid(ring: Ring) -> Point:
    return sum(x for x, _y in ring) / len(ring), sum(y for _x, y in ring) / len(ring)


def _dms(value: float, letters: str) -> str:
    seconds = round(abs(value) * 360000)  # in hundredths of a second
    degrees, minutes = seconds // 360000, seconds // 6000 % 60
    return f"{degrees:02}&deg;{minutes:02}'{seconds % 6000 / 100:05.2f}\"{letters[int(value < 0)]}"


_STYLES: dict[str, Callable[[float, str], str]] = {
    "dms": _dms,
    "dms-short": lambda value, letters: _dms(round(value, 3), letters).replace('.00"', '"'),
    "dec": lambda value, _letters: f"{value:.6f}",
    "dec-short": lambda value, _letters: f"{round(value, 3):g}" if abs(value) >= 0.0005 else "0",
}
"""How angles are written; film has whole thousandths of a degree without trailing zeros."""
