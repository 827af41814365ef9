"""The title of an Item: when, by what and where the scene was taken, and how cloudy it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.text import without_markup
from stac_bridge.translate.links import address_filler
from stac_bridge.translate.names.dataset import dataset_title

_MAX_SPAN_YEARS = 1
"""Longer spans are those of a whole dataset, and say nothing about a scene."""

_SHORT_NAME = re.compile(r"[a-z]{2,3}-\w+")
"""Platforms that are written in capitals, such as kh-7, eo-1 and sts-99."""

_SPELLINGS = {
    "geoeye": "GeoEye",
    "ikonos": "IKONOS",
    "orbview": "OrbView",
    "quickbird": "QuickBird",
    "radarsat": "RADARSAT",
    "rapideye": "RapidEye",
    "spot": "SPOT",
    "terrasar": "TerraSAR",
    "uas": "UAS",
    "uav": "UAV",
    "worldview": "WorldView",
}
"""Platforms that are not written as other words are."""

_HYPHENATED = frozenset({"geoeye", "orbview", "radarsat", "sentinel", "terrasar", "worldview"})
"""Platforms with a hyphen before their number."""


def title_maker(entry: Entry) -> Callable[[dict[str, Any]], str]:
    """Return a function from an Item to its title: its id, if the mapping's parts have nothing to show."""
    collection = dataset_title(entry.dataset, entry.mapping.collection)
    parts = [
        [address_filler(template) for template in ((part,) if isinstance(part, str) else part)]
        for part in entry.mapping.item.title
    ]

    def title(item: dict[str, Any]) -> str:
        words = {"collection": collection, **_words(item["properties"])}
        readable = {"id": item["id"], "properties": {**item["properties"], **words}}
        texts = (next((text for fill in part if (text := fill(readable))), None) for part in parts)
        # M2M's ids stay as they are, because they identify the scene, but a title is shown
        return without_markup(", ".join(text for text in texts if text) or str(item["id"]))

    return title


def _words(properties: dict[str, Any]) -> dict[str, str | None]:
    """The parts of a title that a property is not written as it is."""
    cloud = properties.get("eo:cloud_cover")
    return {
        "date": _date(properties),
        "platform": _platform(properties.get("platform")),
        "cloud": None if cloud is None else f"{cloud:.0f}% cloud",
    }


def _date(properties: dict[str, Any]) -> str | None:
    """The day of a scene, or its first and last day.

    >>> _date({"datetime": None, "start_datetime": "1972-05-31T00:00:00Z", "end_datetime": "1972-05-31T23:59:59Z"})
    '1972-05-31'
    """
    if properties["datetime"]:
        return str(properties["datetime"][:10])
    start, end = properties["start_datetime"][:10], properties["end_datetime"][:10]
    if int(end[:4]) - int(start[:4]) > _MAX_SPAN_YEARS:
        return None
    return start if start == end else f"{start} to {end}"


def _platform(name: Any) -> str | None:
    """The name of a platform as people write it.

    >>> [_platform(name) for name in ("landsat-8", "kh-4b", "sentinel-2a", "eo-1", "aircraft", "worldview-2", "spot-5")]
    ['Landsat 8', 'KH-4B', 'Sentinel-2A', 'EO-1', 'Aircraft', 'WorldView-2', 'SPOT 5']
    """
    if not isinstance(name, str) or not name:
        return None
    if _SHORT_NAME.fullmatch(name):
        return name.upper()
    first, _, number = name.partition("-")
    word = _SPELLINGS.get(first, first.capitalize())
    separator = "-" if first in _HYPHENATED else " "
    return f"{word}{separator}{number.upper() if number[:1].isdigit() else number}" if number else word
