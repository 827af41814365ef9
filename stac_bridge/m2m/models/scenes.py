"""Scenes in M2M's responses, read in a single pass that tolerates every quirk recorded so far.

Names are Python's (``display_id`` for ``displayId``). Values whose meaning a mapping decides stay as M2M wrote them
(cloud cover may be text, int, null or -1). Plain dataclasses, not models: a page has up to 50,000 scenes.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from stac_bridge.m2m.models.text import web_address, without_markup
from stac_bridge.m2m.models.values import as_count, as_flag, as_list, as_text

_MAX_LEVELS = 16
"""Levels of lists and objects in the value of a field. orjson parses a thousand, but serializes 254."""


@lru_cache(maxsize=8192)
def fold(label: str) -> str:
    """Normalize the label of a field or filter: M2M varies its entities, double spaces and case [REFERENCE §5].

    >>> fold("Entity  ID"), fold("Sun Azimuth Angle  Mean ")
    ('entity id', 'sun azimuth angle mean')
    """
    return " ".join(html.unescape(label).split()).casefold()


@dataclass(frozen=True, slots=True)
class Browse:
    """One preview picture of a scene, with its addresses on the web."""

    name: str | None
    browse_path: str | None
    thumbnail_path: str | None
    overlay_path: str | None
    overlay_type: str | None


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene. ``fields`` maps folded labels to metadata values; texts are plain and stripped.

    Dates are M2M's text; ``spatial_coverage`` (the footprint) and ``spatial_bounds`` (the box around it) are
    M2M's GeoJSON, which may exceed the globe.
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

    ``total_hits`` is reliable only if ``exact``. ``next_record`` is never null, so it does not mark the last page.
    ``size`` is that of the response, in bytes.
    """

    results: tuple[Scene, ...]
    total_hits: int
    exact: bool
    starting_number: int
    records_returned: int
    next_record: int
    size: int


def read_scene(raw: Mapping[str, Any]) -> Scene:
    """Read one element of ``results``. Raises KeyError, TypeError or ValueError if it is not a scene."""
    temporal = raw.get("temporalCoverage") or {}
    options = raw.get("options") or {}
    return Scene(
        entity_id=_id(raw["entityId"]),
        display_id=_id(raw["displayId"]),
        cloud_cover=_clean(raw.get("cloudCover")),
        spatial_coverage=_geojson(raw.get("spatialCoverage")),
        spatial_bounds=_geojson(raw.get("spatialBounds")),
        start_date=as_text(temporal.get("startDate")),
        end_date=as_text(temporal.get("endDate")),
        publish_date=as_text(raw.get("publishDate")),
        browse=tuple(_browse(raw_browse) for raw_browse in as_list(raw.get("browse"))),
        downloadable=as_flag(options.get("download")),
        orderable=as_flag(options.get("order")),
        fields=_fields(as_list(raw.get("metadata"))),
    )


def read_scenes(raw: Mapping[str, Any], size: int = 0) -> Scenes:
    """Read the ``data`` of a scene-search response of ``size`` bytes. Raises as ``read_scene`` does."""
    results = tuple(read_scene(scene) for scene in as_list(raw["results"]))
    total = as_count(raw["totalHits"])
    if total is None:
        raise ValueError("totalHits is no count")
    return Scenes(
        results=results,
        total_hits=total,
        exact=raw.get("totalHitsAccuracy") in (None, "exact"),
        starting_number=as_count(raw.get("startingNumber")) or 1,
        records_returned=as_count(raw.get("recordsReturned")) or len(results),
        next_record=as_count(raw.get("nextRecord")) or 0,
        size=size,
    )


def _fields(metadata: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    fields = {fold(field["fieldName"]): _clean(field.get("value")) for field in metadata}
    if len(fields) == len(metadata):
        return fields
    # Labels can differ in blanks only. The first value has the label, further ones get a number.
    fields = {}
    for field in metadata:
        label, value, count = fold(field["fieldName"]), _clean(field.get("value")), 1
        numbered = label
        while fields.get(numbered, value) not in (value, None, ""):
            count += 1
            numbered = f"{label} {count}"
        if fields.get(numbered) in (None, ""):
            fields[numbered] = value
    return fields


def _geojson(value: Any) -> dict[str, Any] | None:
    """Return what may be GeoJSON; None for anything else."""
    return value if isinstance(value, dict) and value else None


def _id(value: Any) -> str:
    """Return an id as text. Raises ValueError if it is neither text nor a number, or is empty."""
    text = as_text(value)
    if not text:
        raise ValueError("a scene has no id")
    return text


def _browse(raw: Mapping[str, Any]) -> Browse:
    return Browse(
        name=as_text(raw.get("browseName")),
        browse_path=web_address(raw.get("browsePath")),
        thumbnail_path=web_address(raw.get("thumbnailPath")),
        overlay_path=web_address(raw.get("overlayPath")),
        overlay_type=as_text(raw.get("overlayType")),
    )


def _clean(value: Any, levels: int = _MAX_LEVELS) -> Any:
    if isinstance(value, str):
        return without_markup(value).strip()
    # A field has a single value. No list or object was ever recorded; an empty one is no value.
    if isinstance(value, list):
        return [_clean(element, levels - 1) for element in value] if value and levels else None
    if isinstance(value, dict):
        members = value.items() if levels else ()
        return {without_markup(name): _clean(member, levels - 1) for name, member in members} or None
    return value
