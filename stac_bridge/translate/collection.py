"""Translates a dataset and its mapping to a Collection."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.mapping.converters import CONVERTERS, zoned
from stac_bridge.mapping.model import CollectionText
from stac_bridge.mapping.rows import Row
from stac_bridge.translate.assets.access import auth_schemes
from stac_bridge.translate.assets.templates import asset_templates
from stac_bridge.translate.extensions import declared_extensions, prefix_of
from stac_bridge.translate.extent import spatial_extent, temporal_extent
from stac_bridge.translate.names import dataset_keywords, dataset_title
from stac_bridge.translate.queryables import QUERYABLES, SCHEMA, SORTABLES
from stac_bridge.translate.text import bare_doi

_USGS = {
    "name": "USGS Earth Resources Observation and Science (EROS) Center",
    "roles": ["host"],
    "url": "https://www.usgs.gov/centers/eros",
}
_LPDAAC = {
    "name": "NASA Land Processes Distributed Active Archive Center (LP DAAC)",
    "roles": ["producer"],
    "url": "https://www.earthdata.nasa.gov/centers/lp-daac",
}
_LICENSE = "https://www.usgs.gov/centers/eros/data-citation"
"""EROS's page on the use of its archive: most of it is in the public domain."""

_LPDAAC_LICENSE = "https://lpdaac.usgs.gov/data/data-citation-and-policies/"
_LICENSES = {
    "Landsat": "https://www.usgs.gov/faqs/are-landsat-data-cloud-still-considered-be-within-public-domain",
    "Sentinel": "https://sentinels.copernicus.eu/documents/247904/690755/Sentinel_Data_Legal_Notice",
}
"""By how a dataset's category begins: the license of such datasets without one in their mapping."""

_EXPLORERS = {"HDDS": ("HDDS Explorer", "https://hddsexplorer.usgs.gov/")}
"""(name, address) of the website of a catalog group. Neither website has a page per dataset with a known address."""

_EARTH_EXPLORER = ("EarthExplorer", "https://earthexplorer.usgs.gov/")

_NO_VALUE = frozenset({"", "null"})
"""Keys in a filter's value list that mean "all" and "none" [REFERENCE §7]."""

_SUMMARIZED_CONSTANTS = ("constellation", "platform", "instruments", "gsd")
"""The properties whose constants become summaries; other constants say nothing about the scenes."""


def collection(entry: Entry, base: str) -> dict[str, Any]:
    """Return the Collection of a catalog entry. ``base`` is the API's address and ends with a slash."""
    dataset, text = entry.dataset, entry.mapping.collection
    title = dataset_title(dataset, text)
    document: dict[str, Any] = {
        "type": "Collection",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": entry.id,
        "title": title,
        "description": _description(entry, title),
        "license": text.license,
        "providers": [provider.model_dump(exclude_none=True) for provider in text.providers] or _providers(dataset),
        "extent": {
            "spatial": {"bbox": [spatial_extent(dataset)]},
            "temporal": {"interval": [list(temporal_extent(entry))]},
        },
    }
    document |= _optional_members(entry, title)
    document |= example_picture(entry.mapping.collection, base)
    templates = asset_templates(entry)
    if templates:
        # Reversed, so that of several templates with the same key the first one counts, as in Items.
        fields = {template.key: template.fields for template in templates[::-1]}
        document["item_assets"] = {template.key: _for_all(fields[template.key]) for template in templates}
    document |= _renders(entry)
    used = {prefix_of(name) for name in document}.union(*(template.extensions for template in templates))
    used.discard("order")
    if "auth" in used:
        document["auth:schemes"] = auth_schemes(base)
    document["stac_extensions"] = declared_extensions(used, base)
    document["links"] = _links(entry, base, document.get("sci:doi"))
    return document


def _for_all(fields: dict[str, Any]) -> dict[str, Any]:
    """Return an asset's fields without its status: only some scenes are ordered."""
    return {name: value for name, value in fields.items() if name != "order:status"}


def _renders(entry: Entry) -> dict[str, Any]:
    """Return the ways to show the Items' assets. Not in Items, where they would be the same in each."""
    rows = entry.mapping.renders
    renders = {name: row.model_dump(mode="json", exclude_defaults=True) for name, row in rows.items()}
    return {"renders": renders} if renders else {}


def _description(entry: Entry, title: str) -> str:
    dataset, text = entry.dataset, entry.mapping.collection
    if text.description:
        return text.description.replace("{title}", title)
    return dataset.abstract or dataset.long_name or title


def _optional_members(entry: Entry, title: str) -> dict[str, Any]:
    dataset, text = entry.dataset, entry.mapping.collection
    members = {
        "keywords": dataset_keywords(dataset, text, title),
        "updated": zoned(dataset.date_updated),
        "sci:doi": text.doi or bare_doi(dataset.doi),
        "summaries": _summaries(entry),
        "m2m:dataset": dataset.alias,
    }
    return {name: value for name, value in members.items() if value}


def example_picture(text: CollectionText, base: str) -> dict[str, Any]:
    """Return the ``assets`` with an example picture of such scenes, because M2M has no pictures of datasets."""
    if text.picture is None:
        return {}
    picture = {
        "href": f"{base}pictures/{text.picture}.jpg",
        "type": "image/jpeg",
        "title": "Example of such scenes (computed; not a USGS scene)",
        "roles": ["thumbnail"],
    }
    return {"assets": {"thumbnail": picture}}


def _summaries(entry: Entry) -> dict[str, Any]:
    """Merge the value lists of M2M's filters, the mapping's constants and its own summaries; later ones win."""
    rows = entry.mapping.properties
    constants = {
        name: _as_list(rows[name].value) for name in _SUMMARIZED_CONSTANTS if name in rows and rows[name].is_constant
    }
    listed = {name: values for name, row in rows.items() if (values := _filter_values(entry, row))}
    return {**listed, **constants, **entry.mapping.collection.summaries}


def _filter_values(entry: Entry, row: Row) -> list[Any]:
    """Return the values that a property can have, converted from the value list of its M2M filter."""
    dataset_filter = entry.dataset_filter(row.filter) if row.filter and row.filter.label else None
    if row.filter is None or dataset_filter is None or not dataset_filter.value_list:
        return []
    keys = row.filter.keys
    if keys in ("text", "unchecked"):
        return []
    values: list[Any] = []
    for key in dataset_filter.value_list:
        if key in _NO_VALUE:
            continue
        converted = CONVERTERS[row.convert](key)
        if isinstance(keys, dict):
            value = keys.get(key)
        else:
            value = converted if row.values is None else row.values.get(str(converted))
        # Not a set, because values can be lists.
        values += [element for element in _as_list(value) if element is not None and element not in values]
    return values


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _providers(dataset: Dataset) -> list[dict[str, Any]]:
    return [_LPDAAC, _USGS] if _is_of_lpdaac(dataset) else [_USGS]


def _default_license(dataset: Dataset) -> str:
    if _is_of_lpdaac(dataset):
        return _LPDAAC_LICENSE
    category = dataset.category or ""
    return next((href for start, href in _LICENSES.items() if category.startswith(start)), _LICENSE)


def _is_of_lpdaac(dataset: Dataset) -> bool:
    return (dataset.owner or "").strip().upper() == "LPDAAC"


def _links(entry: Entry, base: str, doi: str | None) -> list[dict[str, str]]:
    here = f"{base}collections/{quote(entry.id, safe='')}"
    text = entry.mapping.collection
    explorer, address = next(
        (_EXPLORERS[group] for group in entry.dataset.catalogs if group in _EXPLORERS), _EARTH_EXPLORER
    )
    links = [
        {"rel": "self", "type": "application/json", "href": here, "title": "This collection"},
        {"rel": "parent", "type": "application/json", "href": base, "title": "All collections"},
        {"rel": "root", "type": "application/json", "href": base, "title": "stac-bridge"},
        {"rel": "items", "type": "application/geo+json", "href": f"{here}/items", "title": "Items"},
        {"rel": QUERYABLES, "type": SCHEMA, "href": f"{here}/queryables", "title": "What a filter may name"},
        {"rel": SORTABLES, "type": SCHEMA, "href": f"{here}/sortables", "title": "What items may be sorted by"},
        {"rel": "license", "href": text.license_url or _default_license(entry.dataset), "title": "License"},
        {"rel": "via", "type": "text/html", "title": explorer, "href": address},
    ]
    if text.page:
        links.append(about_link(text.page))
    if doi:
        links.append({"rel": "cite-as", "href": f"https://doi.org/{doi}", "title": "How to cite it"})
    return links


def about_link(page: str) -> dict[str, str]:
    """Return the link to the page of USGS that describes the data."""
    return {"rel": "about", "type": "text/html", "href": page, "title": "About the data"}
