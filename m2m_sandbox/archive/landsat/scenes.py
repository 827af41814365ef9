"""A Landsat scene as M2M returns it, with the irregularities of M2M's responses [REFERENCE §5]."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.calendar_days import central_offset, day_text
from m2m_sandbox.archive.fact_sheets import sheet
from m2m_sandbox.archive.landsat.grid import grid_of
from m2m_sandbox.archive.landsat.metadata_fields import metadata

if TYPE_CHECKING:
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts

BASE = "sandbox://here"
"""Placeholder for the sandbox's own address; the server replaces it in every response."""


def landsat_scene(facts: SceneFacts, *, full: bool) -> dict[str, Any]:
    """Return an element of scene-search's results."""
    day = f"{day_text(facts.day).dashes} 00:00:00"
    return {
        "browse": browse(facts.dataset, facts.level1_id),
        "cloudCover": _cloud_cover(facts),
        "entityId": facts.entity_id,
        "displayId": facts.display_id,
        "orderingId": None,
        "metadata": metadata(facts) if full else [],
        "hasCustomizedMetadata": None,
        "options": {"bulk": True, "download": True, "order": False, "secondary": False},
        "selected": {"bulk": False, "compare": False, "order": False},
        **_footprint(facts.path, facts.row, facts.family.pixel),
        "temporalCoverage": {"endDate": day, "startDate": day},
        "publishDate": publish_date(facts.processed, facts.bits),
    }


@lru_cache(maxsize=4096)
def _footprint(path: int, row: int, pixel: float) -> dict[str, Any]:
    return footprint_members(grid_of(path, row, pixel).footprint)


def footprint_members(corners: NDArray[np.float64]) -> dict[str, Any]:
    """Return the footprint and bounds of corners in degrees, as members of a scene."""
    ring = [[round(longitude, 5), round(latitude, 5)] for longitude, latitude in corners.tolist()]
    (west, east), (south, north) = ((min(axis), max(axis)) for axis in zip(*ring, strict=True))
    box = [[west, south], [west, north], [east, north], [east, south], [west, south]]
    return {
        "spatialBounds": {"type": "Polygon", "coordinates": [box]},
        "spatialCoverage": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }


def browse(dataset: str, product_id: str) -> list[dict[str, Any]]:
    """Return the browse images of a scene, as the dataset has them; their URLs use the Level-1 product's id."""
    return [
        _browse_image(browse_id, name, kind, product_id) for name, (browse_id, kind) in sheet(dataset)["browse"].items()
    ]


def _browse_image(browse_id: str, name: str, kind: str, product_id: str) -> dict[str, Any]:
    """Build one browse image. The color image is served as map tiles, the others as single images."""
    url = f"{BASE}/gen-browse?size=rrb&type={kind}&product_id={product_id}"
    tiles = f"{BASE}/dynamic-tiler/scenes/{product_id}/tiles/{{z}}/{{x}}/{{y}}.png?layer=natural_color"
    return {
        "id": browse_id,
        "browseRotationEnabled": None,
        "browseName": name,
        "browsePath": url,
        "overlayPath": tiles if kind == "refl" else url,
        "overlayType": "ls_chs" if kind == "refl" else "file",
        "thumbnailPath": f"{BASE}/gen-browse?size=thumb&type={kind}&product_id={product_id}",
    }


def _cloud_cover(facts: SceneFacts) -> Any:
    """Cloud cover as M2M writes it: text, whole number, null and -1 all occur."""
    if facts.cloud is None:
        return None if facts.bits & 1 else -1
    return f"{facts.cloud / 100:.2f}" if facts.bits % 5 == 0 else round(facts.cloud / 100)


def publish_date(processed: date, bits: int) -> str:
    """Format the time of ingest, with or without fractions of seconds and the zone (US Central)."""
    hour, minute, second = 1 + bits % 22, (bits >> 5) % 60, (bits >> 11) % 60
    fraction = f".{bits % 1000000:06}" if bits % 4 == 1 else ""
    zone = "" if bits % 16 == 0 else central_offset(processed)
    return f"{day_text(processed).dashes} {hour:02}:{minute:02}:{second:02}{fraction}{zone}"
