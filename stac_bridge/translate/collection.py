"""A dataset and its mapping → a Collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from stac_bridge.m2m.models.scenes import fold
from stac_bridge.mapping.converters import CONVERTERS, zoned
from stac_bridge.translate.access import auth_schemes
from stac_bridge.translate.assets import asset_templates
from stac_bridge.translate.extensions import declared, prefix_of
from stac_bridge.translate.geometry import WORLD, dataset_bbox
from stac_bridge.translate.queryables import QUERYABLES, SCHEMA, SORTABLES
from stac_bridge.translate.text import doi, keywords, plain
from stac_bridge.translate.times import interval

if TYPE_CHECKING:
    from stac_bridge.catalog import Entry
    from stac_bridge.m2m.models.scenes import Dataset
    from stac_bridge.mapping.model import CollectionText
    from stac_bridge.mapping.rows import Row

__all__ = ["collection", "pictured"]

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
_LICENSE = "https://www.usgs.gov/information-policies-and-instructions/copyrights-and-credits"
_EXPLORERS = {"HDDS": ("HDDS Explorer", "https://hddsexplorer.usgs.gov/")}
_EARTH_EXPLORER = ("EarthExplorer", "https://earthexplorer.usgs.gov/")
"""Where a person finds a dataset. Neither has a known address for each of them."""

_NO_VALUE = frozenset({"", "null"})
"""Keys of a filter's list that stand for all, and for none [REFERENCE §7]."""

_SUMMED = ("constellation", "platform", "instruments", "gsd")


def collection(entry: Entry, base: str) -> dict[str, Any]:
    """The Collection of a catalog entry. ``base`` is the API's address with its last slash."""
    dataset, text = entry.dataset, entry.mapping.collection
    title = _title(entry)
    start, end = entry.mapping.item.constant_span or interval(dataset)
    said: dict[str, Any] = {
        "type": "Collection",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": entry.id,
        "title": title,
        "description": _description(entry, title),
        "license": text.license,
        "providers": [one.model_dump(exclude_none=True) for one in text.providers] or _providers(dataset),
        "extent": {"spatial": {"bbox": [_bbox(dataset)]}, "temporal": {"interval": [[start, end]]}},
    }
    said |= _if_known(entry)
    said |= pictured(entry.mapping.collection, base)
    templates = asset_templates(entry)
    if templates:
        said["item_assets"] = {one.key: one.said for one in templates}
    used = {prefix_of(name) for name in said}.union(*(template.extensions for template in templates))
    if "auth" in used:
        said["auth:schemes"] = auth_schemes(base)
    said["stac_extensions"] = declared(used, base)
    said["links"] = _links(entry, base, said.get("sci:doi"))
    return said


def _title(entry: Entry) -> str:
    dataset, text = entry.dataset, entry.mapping.collection
    named = plain(dataset.name) or plain(dataset.long_name)
    return (
        text.title or (named and CONVERTERS[text.name_as](named)) or plain(dataset.alias) or "A dataset without a name"
    )


def _description(entry: Entry, title: str) -> str:
    dataset, text = entry.dataset, entry.mapping.collection
    if text.description:
        return text.description.replace("{title}", title)
    return plain(dataset.abstract) or plain(dataset.long_name) or title


def _if_known(entry: Entry) -> dict[str, Any]:
    dataset, text = entry.dataset, entry.mapping.collection
    found = {
        "keywords": list(text.keywords) or keywords(dataset.keywords),
        "updated": zoned(dataset.date_updated),
        "sci:doi": text.doi or doi(dataset.doi),
        "summaries": _summaries(entry),
        "m2m:dataset": dataset.alias,
    }
    return {name: value for name, value in found.items() if value}


def pictured(text: CollectionText, base: str) -> dict[str, Any]:
    """The asset that shows what such scenes look like; M2M has no pictures of datasets."""
    if text.picture is None:
        return {}
    picture = {
        "href": f"{base}pictures/{text.picture}.jpg",
        "type": "image/jpeg",
        "title": "What such scenes look like: computed, not a scene of USGS's",
        "roles": ["thumbnail"],
    }
    return {"assets": {"thumbnail": picture}}


def _summaries(entry: Entry) -> dict[str, Any]:
    """What the mapping says, what its constants say, and what the lists of M2M's filters say."""
    rows = entry.mapping.properties
    constant = {name: _listed(rows[name].value) for name in _SUMMED if name in rows and rows[name].is_constant}
    listed = {name: values for name, row in rows.items() if (values := _values(entry, row))}
    return {**listed, **constant, **entry.mapping.collection.summaries}


def _values(entry: Entry, row: Row) -> list[Any]:
    """The values that a property can have, by the list of the filter that can be asked for it."""
    label = row.filter.label if row.filter else None
    found = entry.filters.get(fold(label)) if label else None
    if found is None or not found.value_list:
        return []
    values: list[Any] = []
    for key in found.value_list:
        if key in _NO_VALUE:
            continue
        converted = CONVERTERS[row.convert](key)
        value = converted if row.values is None else row.values.get(str(converted))
        values += [one for one in _listed(value) if one is not None and one not in values]
    return values


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _providers(dataset: Dataset) -> list[dict[str, Any]]:
    return [_LPDAAC, _USGS] if (dataset.owner or "").strip().upper() == "LPDAAC" else [_USGS]


def _links(entry: Entry, base: str, cited: str | None) -> list[dict[str, str]]:
    here = f"{base}collections/{quote(entry.id, safe='')}"
    text = entry.mapping.collection
    title, address = next((_EXPLORERS[one] for one in entry.dataset.catalogs if one in _EXPLORERS), _EARTH_EXPLORER)
    links = [
        {"rel": "self", "type": "application/json", "href": here, "title": "This collection"},
        {"rel": "parent", "type": "application/json", "href": base, "title": "All collections"},
        {"rel": "root", "type": "application/json", "href": base, "title": "stac-bridge"},
        {"rel": "items", "type": "application/geo+json", "href": f"{here}/items", "title": "Items"},
        {"rel": QUERYABLES, "type": SCHEMA, "href": f"{here}/queryables", "title": "What a filter may name"},
        {"rel": SORTABLES, "type": SCHEMA, "href": f"{here}/sortables", "title": "What items may be sorted by"},
        {"rel": "license", "href": text.license_url or _LICENSE, "title": "Licence"},
        {"rel": "via", "type": "text/html", "title": title, "href": address},
    ]
    if text.page:
        links.append({"rel": "about", "type": "text/html", "href": text.page, "title": "What it is"})
    if cited:
        links.append({"rel": "cite-as", "href": f"https://doi.org/{cited}", "title": "How to cite it"})
    return links


def _bbox(dataset: Dataset) -> list[float]:
    bounds = dataset.spatial_bounds
    return dataset_bbox(bounds.west, bounds.south, bounds.east, bounds.north) if bounds else WORLD
