"""Fills address templates of a mapping, such as ``…/{id}``, to make links and folders of an Item."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from stac_bridge.mapping.model import LinkRow, Mapping
from stac_bridge.translate.assets.templates import are_met, conditions_of

Fill = Callable[[dict[str, Any]], str | None]

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def address_filler(template: str, encode: Callable[[str], str] = str) -> Fill:
    """Return a function from an Item to an address, or None if the Item lacks a property of the template.

    ``encode`` is applied to each value.

    >>> fill = address_filler("s3://bucket/{year}/{landsat:wrs_path}/{id}/")
    >>> properties = {"datetime": None, "start_datetime": "2020-12-04T00:00:00Z", "landsat:wrs_path": "047"}
    >>> fill({"id": "A", "properties": properties})
    's3://bucket/2020/047/A/'
    """
    parts = _PLACEHOLDER.split(template)
    texts, names = parts[::2], parts[1::2]

    def fill(item: dict[str, Any]) -> str | None:
        filled = [texts[0]]
        for name, text in zip(names, texts[1:], strict=True):
            value = _value(item, name)
            if value is None:
                return None
            filled += (encode(str(value)), text)
        return "".join(filled)

    return fill


def _value(item: dict[str, Any], name: str) -> Any:
    properties = item["properties"]
    if name == "id":
        return item["id"]
    if name == "year":
        return (properties["datetime"] or properties["start_datetime"])[:4]
    return properties.get(name)


def row_links(mapping: Mapping) -> Callable[[dict[str, Any]], list[dict[str, str]]]:
    """Return a function from an Item to the links of the mapping's link rows."""
    rows = [(address_filler(row.href, _quoted), _members(row), conditions_of(row.only)) for row in mapping.links]

    def links(item: dict[str, Any]) -> list[dict[str, str]]:
        return [
            {**members, "href": href}
            for fill, members, conditions in rows
            if are_met(conditions, item["properties"]) and (href := fill(item))
        ]

    return links


def _quoted(value: str) -> str:
    """A value that stays within its part of an address, whatever M2M wrote."""
    return quote(value, safe=":")


def earth_explorer_url(dataset_id: str, entity_id: str) -> str:
    """Return the EarthExplorer page with a scene's metadata. ``entity_id`` is percent-encoded."""
    return f"https://earthexplorer.usgs.gov/scene/metadata/full/{quote(dataset_id, safe='')}/{entity_id}/"


def _members(row: LinkRow) -> dict[str, str]:
    return {"rel": row.rel, **{name: text for name, text in (("type", row.type), ("title", row.title)) if text}}
