"""Titles of properties, for people who choose one in a form; the usual ones first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TITLES: dict[str, str] = {
    "id": "Item id",
    "title": "Title (date, platform, place, cloud cover)",
    "collection": "Collection id",
    "geometry": "Footprint",
    "datetime": "Acquisition time; null if only a span is known",
    "start_datetime": "Start of acquisition",
    "end_datetime": "End of acquisition",
    "eo:cloud_cover": "Cloud cover (%)",
    "platform": "Platform (satellite or aircraft)",
    "instruments": "Instruments",
    "constellation": "Constellation",
    "gsd": "Ground sample distance (m)",
    "landsat:wrs_path": "WRS Path",
    "landsat:wrs_row": "WRS Row",
    "landsat:collection_category": "Collection category (T1, T2, RT)",
    "landsat:correction": "Processing level (L2SP, L1TP, …)",
    "grid:code": "Tile of the grid",
    "m2m:month": "Month of acquisition (1 to 12)",
    "view:sun_elevation": "Sun elevation (°)",
    "view:sun_azimuth": "Sun azimuth (°)",
    "view:off_nadir": "Angle between the view and straight down (°)",
    "view:azimuth": "Azimuth of the view (°)",
    "view:incidence_angle": "Incidence angle (°)",
    "landsat:cloud_cover_land": "Cloud cover over land (%)",
    "eo:snow_cover": "Snow cover (%)",
    "landsat:wrs_type": "WRS type (1: Landsat 1 to 3, 2: later)",
    "landsat:collection_number": "Landsat collection number",
    "landsat:scene_id": "Landsat scene id",
    "landsat:product_generated": "Day of processing",
    "sat:orbit_state": "Direction of flight",
    "sat:absolute_orbit": "Orbit number",
    "sat:relative_orbit": "Relative orbit number",
    "processing:level": "Processing level",
    "proj:code": "Coordinate reference system",
    "proj:epsg": "EPSG code of the coordinate reference system",
    "published": "Time of publication",
    "created": "Time of creation",
    "updated": "Time of the last update",
    "description": "Description",
    "license": "License",
    "keywords": "Keywords",
    "sci:doi": "DOI",
    "m2m:cloud_cover": "Cloud cover as M2M has it",
    "m2m:download_available": "Whether the scene can be downloaded",
    "m2m:entity_id": "M2M entity id",
    "m2m:dataset": "M2M dataset alias",
}
"""By property."""

_RANK = {name: rank for rank, name in enumerate(TITLES)}
_WORDS = {"id": "id", "doi": "DOI", "dec": "(decimal degrees)", "dms": "(degrees, minutes, seconds)", "wrs": "WRS"}


def title_of(name: str, label: str | None = None) -> str:
    """Return the title of a property; ``label`` is M2M's name of the field that it comes from, if there is one.

    >>> title_of("eo:cloud_cover", "Scene Cloud Cover L1"), title_of("m2m:roll", "Roll")
    ('Cloud cover (%)', 'Roll')
    >>> title_of("m2m:nw_corner_lat_dec"), title_of("landsat:new_thing")
    ('NW corner lat (decimal degrees)', 'New thing')
    """
    if name in TITLES:
        return TITLES[name]
    words = " ".join((label or "").split()) or name.rpartition(":")[2].replace("_", " ")
    if words == name or label is None:
        words = " ".join(_WORDS.get(word, word.upper() if len(word) <= 2 else word) for word in words.split())
    return words[:1].upper() + words[1:]


def in_usual_order(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return properties in the order of ``TITLES``; those that it lacks come last, in their own order."""
    names = sorted(properties, key=lambda name: _RANK.get(name, len(_RANK)))
    return {name: properties[name] for name in names}
