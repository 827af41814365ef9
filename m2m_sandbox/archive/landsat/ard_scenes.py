"""A tile of Analysis Ready Data in M2M's words. Which lines its metadata has is known only from its filters."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.calendar_days import spelt
from m2m_sandbox.archive.landsat.metadata_fields import lines
from m2m_sandbox.archive.landsat.scenes import browse, outline, published

if TYPE_CHECKING:
    from m2m_sandbox.archive.landsat.ard import TileFacts

__all__ = ["tile_scene"]


def tile_scene(facts: TileFacts, *, full: bool) -> dict[str, Any]:
    """An element of scene-search's results."""
    day = f"{spelt(facts.day).dashes} 00:00:00"
    return {
        "browse": browse(facts.dataset, facts.display_id),
        "cloudCover": -1 if facts.cloud is None else round(facts.cloud / 100),
        "entityId": facts.entity_id,
        "displayId": facts.display_id,
        "orderingId": None,
        "metadata": lines(facts.dataset, _said(facts)) if full else [],
        "hasCustomizedMetadata": None,
        "options": {"bulk": True, "download": True, "order": False, "secondary": False},
        "selected": {"bulk": False, "compare": False, "order": False},
        **_placed(facts),
        "temporalCoverage": {"endDate": day, "startDate": day},
        "publishDate": published(facts.processed, facts.bits),
    }


def _placed(facts: TileFacts) -> dict[str, Any]:
    return _outlined(facts.region, facts.horizontal, facts.vertical)


@lru_cache(maxsize=1024)
def _outlined(region: str, horizontal: int, vertical: int) -> dict[str, Any]:
    from m2m_sandbox.archive.landsat.ard import tile_grid

    return outline(tile_grid(region, horizontal, vertical).footprint)


def _said(facts: TileFacts) -> dict[str, Any]:
    return {
        "Tile Identifier": facts.display_id,
        "Region": facts.region,
        "Tile Grid Horizontal": f" {facts.horizontal:03}",
        "Tile Grid Vertical": f" {facts.vertical:03}",
        "Date Acquired": spelt(facts.day).slashes,
        "Tile Production Date": spelt(facts.processed).slashes,
        "Spacecraft Identifier": f"LANDSAT_{facts.satellite}",
        "Sensor Identifier": facts.sensor,
        "Cloud Cover": None if facts.cloud is None else f"{facts.cloud / 100:.2f}",
        "Snow Ice": f"{facts.bits >> 24 & 0xF}",
        "Fill": f"{facts.bits >> 28 & 0xF}",
    }
