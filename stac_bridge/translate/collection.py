"""A dataset and its mapping → a Collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from stac_bridge.mapping.convert import day_end, day_start
from stac_bridge.translate.assets import asset_templates
from stac_bridge.translate.extensions import EXTENSIONS, prefix_of
from stac_bridge.translate.geometry import WORLD, dataset_bbox
from stac_bridge.translate.queryables import QUERYABLES, SCHEMA, SORTABLES

if TYPE_CHECKING:
    from stac_bridge.catalog import Entry
    from stac_bridge.m2m.models import Dataset

__all__ = ["collection"]

EARLIEST = "1850"
"""No camera saw the Earth from above before; M2M has dates such as 0021-09-16 [REFERENCE §4]."""

_USGS = {
    "name": "USGS Earth Resources Observation and Science (EROS) Center",
    "roles": ["host"],
    "url": "https://www.usgs.gov/centers/eros",
}
_LICENSE = "https://www.usgs.gov/information-policies-and-instructions/copyrights-and-credits"


def collection(entry: Entry, base: str) -> dict[str, Any]:
    """The Collection of a catalog entry. ``base`` is the API's address with its last slash."""
    dataset, text = entry.dataset, entry.mapping.collection
    title = text.title or dataset.name or dataset.alias
    said: dict[str, Any] = {
        "type": "Collection",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": entry.id,
        "title": title,
        "description": text.description or (dataset.abstract or "").strip() or dataset.long_name or title,
        "license": text.license,
        "providers": [provider.model_dump(exclude_none=True) for provider in text.providers] or [_USGS],
        "extent": {"spatial": {"bbox": [_bbox(dataset)]}, "temporal": {"interval": [_interval(dataset)]}},
    }
    if keywords := list(text.keywords) or _keywords(dataset):
        said["keywords"] = keywords
    doi = text.doi or _doi(dataset)
    if doi:
        said["sci:doi"] = doi
    if text.summaries:
        said["summaries"] = text.summaries
    templates = asset_templates(entry)
    if templates:
        said["item_assets"] = {template.key: template.said for template in templates}
    used = {prefix_of(name) for name in said}.union(*(template.extensions for template in templates))
    said["stac_extensions"] = [url for prefix, url in EXTENSIONS.items() if prefix in used]
    said["links"] = _links(entry, base, doi)
    return said


def _links(entry: Entry, base: str, doi: str | None) -> list[dict[str, str]]:
    here = f"{base}collections/{quote(entry.id, safe='')}"
    links = [
        {"rel": "self", "type": "application/json", "href": here},
        {"rel": "parent", "type": "application/json", "href": base},
        {"rel": "root", "type": "application/json", "href": base},
        {"rel": "items", "type": "application/geo+json", "href": f"{here}/items"},
        {"rel": QUERYABLES, "type": SCHEMA, "href": f"{here}/queryables", "title": "What a filter may name"},
        {"rel": SORTABLES, "type": SCHEMA, "href": f"{here}/sortables", "title": "What items may be sorted by"},
        {"rel": "license", "href": entry.mapping.collection.license_url or _LICENSE},
    ]
    if doi:
        links.append({"rel": "cite-as", "href": f"https://doi.org/{doi}"})
    return links


def _bbox(dataset: Dataset) -> list[float]:
    bounds = dataset.spatial_bounds
    return dataset_bbox(bounds.west, bounds.south, bounds.east, bounds.north) if bounds else WORLD


def _interval(dataset: Dataset) -> list[str | None]:
    """From the earliest sane start that M2M tells to its end; open where it tells none."""
    coverage = dataset.temporal_coverage or (None, None)
    starts = [day_start(said) for said in (dataset.acquisition_start, coverage[0])]
    sane = [start for start in starts if start and start >= EARLIEST]
    start, end = min(sane, default=None), day_end(dataset.acquisition_end)
    return [start, end if end and (start is None or end >= start) else None]


def _keywords(dataset: Dataset) -> list[str]:
    words = (word.strip() for word in (dataset.keywords or "").split(","))
    return list(dict.fromkeys(word for word in words if word and word != "None"))


def _doi(dataset: Dataset) -> str | None:
    """The DOI without its resolver's address; M2M writes it with a trailing blank at times [REFERENCE §7]."""
    return (dataset.doi or "").strip().rpartition("doi.org/")[2].strip("/ ") or None
