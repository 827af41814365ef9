"""A Landsat scene in M2M's words, with the dirt that M2M's answers have [REFERENCE §5]."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.calendar_days import spelt
from m2m_sandbox.archive.fact_sheets import sheet
from m2m_sandbox.archive.hashing import mixed_one
from m2m_sandbox.archive.landsat.grid import grid_of
from m2m_sandbox.archive.landsat.metadata_fields import metadata

if TYPE_CHECKING:
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts

__all__ = ["BASE", "browse", "central", "field", "landsat_scene", "outline", "published"]

BASE = "sandbox://here"
"""Stands for the sandbox's own address until an answer leaves."""


def landsat_scene(facts: SceneFacts, *, full: bool) -> dict[str, Any]:
    """An element of scene-search's results."""
    day = f"{spelt(facts.day).dashes} 00:00:00"
    return {
        "browse": browse(facts.dataset, facts.level1_id),
        "cloudCover": _slot(facts),
        "entityId": facts.entity_id,
        "displayId": facts.display_id,
        "orderingId": None,
        "metadata": metadata(facts) if full else [],
        "hasCustomizedMetadata": None,
        "options": {"bulk": True, "download": True, "order": False, "secondary": False},
        "selected": {"bulk": False, "compare": False, "order": False},
        **_placed(facts.path, facts.row),
        "temporalCoverage": {"endDate": day, "startDate": day},
        "publishDate": published(facts.processed, facts.bits),
    }


@lru_cache(maxsize=4096)
def _placed(path: int, row: int) -> dict[str, Any]:
    return outline(grid_of(path, row).footprint)


def outline(corners: NDArray[np.float64]) -> dict[str, Any]:
    """Footprint and bounds of corners in degrees, as a scene has them."""
    ring = [[round(longitude, 5), round(latitude, 5)] for longitude, latitude in corners.tolist()]
    (west, east), (south, north) = ((min(axis), max(axis)) for axis in zip(*ring, strict=True))
    box = [[west, south], [west, north], [east, north], [east, south], [west, south]]
    return {
        "spatialBounds": {"type": "Polygon", "coordinates": [box]},
        "spatialCoverage": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }


def browse(dataset: str, product_id: str) -> list[dict[str, Any]]:
    """The pictures of a scene, as the dataset has them; they go by the Level-1 product's id."""
    return [_picture(ident, name, kind, product_id) for name, (ident, kind) in sheet(dataset)["browse"].items()]


def _picture(ident: str, name: str, kind: str, product_id: str) -> dict[str, Any]:
    """The colour picture lies over a map as tiles, the others as they are."""
    picture = f"{BASE}/gen-browse?size=rrb&type={kind}&product_id={product_id}"
    tiles = f"{BASE}/dynamic-tiler/scenes/{product_id}/tiles/{{z}}/{{x}}/{{y}}.png?layer=natural_color"
    return {
        "id": ident,
        "browseRotationEnabled": None,
        "browseName": name,
        "browsePath": picture,
        "overlayPath": tiles if kind == "refl" else picture,
        "overlayType": "ls_chs" if kind == "refl" else "file",
        "thumbnailPath": f"{BASE}/gen-browse?size=thumb&type={kind}&product_id={product_id}",
    }


def _slot(facts: SceneFacts) -> Any:
    """Text, whole number, null and -1 all occur."""
    if facts.cloud is None:
        return None if facts.bits & 1 else -1
    return f"{facts.cloud / 100:.2f}" if facts.bits % 5 == 0 else round(facts.cloud / 100)


def published(made: date, bits: int) -> str:
    """The time of ingest: with parts of seconds or none, with the zone (US Central) or without."""
    hour, minute, second = 1 + bits % 22, (bits >> 5) % 60, (bits >> 11) % 60
    parts = f".{bits % 1000000:06}" if bits % 4 == 1 else ""
    zone = "" if bits % 16 == 0 else central(made)
    return f"{spelt(made).dashes} {hour:02}:{minute:02}:{second:02}{parts}{zone}"


@lru_cache(maxsize=4096)
def central(day: date) -> str:
    """What US Central time is behind UTC on a day: daylight saving lasts from a Sunday in March to one in November."""
    begin, end = _sunday(day.replace(month=3, day=8)), _sunday(day.replace(month=11, day=1))
    return "-05" if begin <= day < end else "-06"


def _sunday(day: date) -> date:
    """The first one from a day on."""
    return day + timedelta(days=(6 - day.weekday()) % 7)


def field(name: str, value: Any, dictionary: str) -> dict[str, Any]:
    """One line of metadata."""
    return {"id": _field_id(name), "fieldName": name, "dictionaryLink": dictionary + _anchor(name), "value": value}


@lru_cache(maxsize=256)
def _field_id(name: str) -> str:
    return f"5{mixed_one(*name.encode()) & 0xFFFFFFFFFFFFFFF:015x}"


@lru_cache(maxsize=256)
def _anchor(name: str) -> str:
    return name.lower().replace(" ", "_")
