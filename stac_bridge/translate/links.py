"""Addresses that a mapping writes with ``{…}`` in place of an id or a property → links and folders of an Item."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stac_bridge.translate.assets import conditions

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.mapping.model import LinkRow, Mapping

    Fill = Callable[[dict[str, Any]], str | None]

__all__ = ["filler", "native_record", "row_links"]

_PLACE = re.compile(r"\{([^{}]+)\}")


def filler(address: str) -> Fill:
    """A function from an Item to an address, or None where the Item lacks what belongs in it.

    >>> year = filler("s3://bucket/{year}/{landsat:wrs_path}/{id}/")
    >>> said = {"datetime": None, "start_datetime": "2020-12-04T00:00:00Z", "landsat:wrs_path": "047"}
    >>> year({"id": "A", "properties": said})
    's3://bucket/2020/047/A/'
    """
    parts = _PLACE.split(address)
    texts, names = parts[::2], parts[1::2]

    def fill(item: dict[str, Any]) -> str | None:
        filled = [texts[0]]
        for name, text in zip(names, texts[1:], strict=True):
            value = _value(item, name)
            if value is None:
                return None
            filled += (str(value), text)
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
    """A function from an Item to the links that its mapping's rows give it."""
    rows = [(filler(row.href), _said(row), conditions(row.only)) for row in mapping.links]

    def links(item: dict[str, Any]) -> list[dict[str, str]]:
        properties = item["properties"]
        return [
            {**said, "href": href}
            for fill, said, only in rows
            if all(properties.get(name) in values for name, values in only) and (href := fill(item))
        ]

    return links


def native_record(dataset_id: str, entity_id: str) -> str:
    """The page of EarthExplorer that shows a scene's own metadata."""
    return f"https://earthexplorer.usgs.gov/scene/metadata/full/{dataset_id}/{entity_id}/"


def _said(row: LinkRow) -> dict[str, str]:
    return {"rel": row.rel, **{name: said for name, said in (("type", row.type), ("title", row.title)) if said}}
