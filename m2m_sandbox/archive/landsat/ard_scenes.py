"""A tile of Analysis Ready Data as M2M returns it. The fields of its metadata are inferred from its filters."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.calendar_days import day_text
from m2m_sandbox.archive.landsat.ard_grid import tile_grid
from m2m_sandbox.archive.landsat.metadata_fields import field_rows
from m2m_sandbox.archive.landsat.scenes import browse, footprint_members, publish_date

if TYPE_CHECKING:
    from m2m_sandbox.archive.landsat.ard import TileFacts


def tile_scene(facts: TileFacts, *, full: bool) -> dict[str, Any]:
    """Return an element of scene-search's results."""
    day = f"{day_text(facts.day).dashes} 00:00:00"
    return {
        "browse": browse(facts.dataset, facts.display_id),
        "cloudCover": -1 if facts.cloud is None else round(facts.cloud / 100),
        "entityId": facts.entity_id,
        "displayId": facts.display_id,
        "orderingId": None,
        "metadata": field_rows(facts.dataset, _field_values(facts)) if full else [],
        "hasCustomizedMetadata": None,
        "options": {"bulk": True, "download": True, "order": False, "secondary": False},
        "selected": {"bulk": False, "compare": False, "order": False},
        **_footprint(facts),
        "temporalCoverage": {"endDate": day, "startDate": day},
        "publishDate": publish_date(facts.processed, facts.bits),
    }


def _footprint(facts: TileFacts) -> dict[str, Any]:
    return _tile_footprint(facts.region, facts.horizontal, facts.vertical)


@lru_cache(maxsize=1024)
def _tile_footprint(region: str, horizontal: int, vertical: int) -> dict[str, Any]:
    return footprint_members(tile_grid(region, horizontal, vertical).footprint)


def _field_values(facts: TileFacts) -> dict[str, Any]:
    return {
        "Tile Identifier": facts.display_id,
        "Tile Grid Region": facts.region,
        "Tile Grid Horizontal": f"{facts.horizontal:03}",
        "Tile Grid Vertical": f"{facts.vertical:03}",
        "Date Acquired": day_text(facts.day).slashes,
        "Tile Production Date": day_text(facts.processed).slashes,
        "Spacecraft Identifier": f"LANDSAT_{facts.satellite}",
        "Sensor Identifier": facts.sensor,
        "Cloud Cover": None if facts.cloud is None else f"{facts.cloud / 100:.2f}",
        "Snow Ice": f"{facts.snow}",
        "Fill": f"{facts.fill}",
    }
