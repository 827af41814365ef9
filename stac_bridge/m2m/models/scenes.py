"""What M2M answers: tolerant of every quirk that was seen, and gone through once.

Names are Python's (``display_id`` for ``displayId``); values stay as M2M wrote them where their meaning is a
mapping's business (cloud cover may be text, int, null or -1).
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from stac_bridge.m2m.models.datasets import Bounds, Dataset, DatasetFilter, DatasetProduct
from stac_bridge.m2m.models.values import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Bounds",
    "Browse",
    "Dataset",
    "DatasetFilter",
    "DatasetProduct",
    "Scene",
    "Scenes",
    "fold",
    "read_scene",
    "read_scenes",
]


@lru_cache(maxsize=8192)
def fold(label: str) -> str:
    """A field's or filter's label without what M2M varies: entities, doubled blanks, case [REFERENCE §5].

    >>> fold("Entity  ID"), fold("Sun Azimuth Angle  Mean ")
    ('entity id', 'sun azimuth angle mean')
    """
    return " ".join(html.unescape(label).split()).casefold()


# -- scenes --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Browse:
    """One ready-made picture of a scene."""

    name: str | None
    browse_path: str | None
    thumbnail_path: str | None
    overlay_path: str | None
    overlay_type: str | None


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene. ``fields`` holds its metadata by folded label, text unescaped and without outer blanks.

    Dates are M2M's text; ``spatial_coverage`` (the footprint) and ``spatial_bounds`` (the box around it) are
    GeoJSON as M2M gave it, which may leave the globe.
    """

    entity_id: str
    display_id: str
    cloud_cover: Any
    spatial_coverage: dict[str, Any] | None
    spatial_bounds: dict[str, Any] | None
    start_date: str | None
    end_date: str | None
    publish_date: str | None
    browse: tuple[Browse, ...]
    downloadable: bool
    orderable: bool
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scenes:
    """One page of scene-search.

    ``total_hits`` is certain only where ``exact``; ``next_record`` is never null, so it tells no end; ``size``
    is the answer's in bytes.
    """

    results: tuple[Scene, ...]
    total_hits: int
    exact: bool
    starting_number: int
    records_returned: int
    next_record: int
    size: int


def read_scene(raw: Mapping[str, Any]) -> Scene:
    """One element of ``results``. Raises KeyError, TypeError or ValueError where it is no scene."""
    temporal = raw.get("temporalCoverage") or {}
    options = raw.get("options") or {}
    return Scene(
        entity_id=_ident(raw["entityId"]),
        display_id=_ident(raw["displayId"]),
        cloud_cover=raw.get("cloudCover"),
        spatial_coverage=_figure(raw.get("spatialCoverage")),
        spatial_bounds=_figure(raw.get("spatialBounds")),
        start_date=as_text(temporal.get("startDate")),
        end_date=as_text(temporal.get("endDate")),
        publish_date=as_text(raw.get("publishDate")),
        browse=tuple(_browse(picture) for picture in raw.get("browse") or ()),
        downloadable=bool(options.get("download")),
        orderable=bool(options.get("order")),
        fields={fold(field["fieldName"]): _clean(field.get("value")) for field in raw.get("metadata") or ()},
    )


def read_scenes(raw: Mapping[str, Any], size: int = 0) -> Scenes:
    """The ``data`` of a scene-search answer of ``size`` bytes. Raises as ``read_scene`` does."""
    results = tuple(read_scene(scene) for scene in raw["results"] or ())
    return Scenes(
        results=results,
        total_hits=int(raw["totalHits"]),
        exact=raw.get("totalHitsAccuracy") in (None, "exact"),
        starting_number=int(raw.get("startingNumber") or 1),
        records_returned=int(raw.get("recordsReturned") or len(results)),
        next_record=int(raw.get("nextRecord") or 0),
        size=size,
    )


def _figure(value: Any) -> dict[str, Any] | None:
    """GeoJSON, or what looks like it; anything else is no place."""
    return value if isinstance(value, dict) and value else None


def _ident(value: Any) -> str:
    """An id. Raises ValueError where it is neither text nor a number: whatever it is, it names no scene."""
    ident = as_text(value)
    if not ident:
        raise ValueError("a scene has no id")
    return ident


def _browse(raw: Mapping[str, Any]) -> Browse:
    return Browse(
        name=as_text(raw.get("browseName")),
        browse_path=as_text(raw.get("browsePath")),
        thumbnail_path=as_text(raw.get("thumbnailPath")),
        overlay_path=as_text(raw.get("overlayPath")),
        overlay_type=as_text(raw.get("overlayType")),
    )


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return html.unescape(value).strip() if "&" in value else value.strip()
    return None if isinstance(value, list | dict) else value  # a field has one value; anything else is not known
