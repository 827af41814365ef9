"""Merges the Collections of a union's members into one. It needs no call to M2M."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from stac_bridge.catalog import Together
from stac_bridge.translate.assets.access import auth_schemes
from stac_bridge.translate.collection import about_link, collection, example_picture
from stac_bridge.translate.extensions import declared_extensions, prefix_of

Document = dict[str, Any]


def union_collection(union: Together, base: str) -> Document:
    """Return the Collection of a union. ``base`` is the API's address and ends with a slash."""
    members = [collection(entry, base) for entry in union.members]
    text = union.union.collection
    document: Document = {
        "type": "Collection",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": union.id,
        "title": text.title or union.id,
        "description": text.description or "; ".join(member["title"] for member in members),
        "license": members[0]["license"],
        "providers": _joined(members, "providers"),
        "extent": _extent(members),
        "keywords": list(text.keywords) or _joined(members, "keywords"),
        "updated": max((member["updated"] for member in members if "updated" in member), default=None),
        "summaries": _summaries(members),
        **example_picture(text, base),
        "item_assets": _item_assets(members),
        "renders": _shared_renders(members),
        "sci:publications": [{"doi": member["sci:doi"]} for member in members if "sci:doi" in member],
    }
    document = {name: value for name, value in document.items() if value or name == "stac_extensions"}
    asset_fields = (name for asset in document.get("item_assets", {}).values() for name in asset)
    used = {prefix_of(name) for name in chain(document, asset_fields)}
    if any("auth:schemes" in member for member in members):
        used.add("auth")
        document["auth:schemes"] = auth_schemes(base)
    document["stac_extensions"] = declared_extensions(used, base)
    document["links"] = _links(members, text.page)
    return document


def _extent(members: Sequence[Document]) -> Document:
    """Return an extent around those of all members; all longitudes if one of them crosses the antimeridian."""
    boxes = [member["extent"]["spatial"]["bbox"][0] for member in members]
    intervals = [member["extent"]["temporal"]["interval"][0] for member in members]
    starts, ends = ([interval[side] for interval in intervals] for side in (0, 1))
    west, south, east, north = zip(*boxes, strict=True)
    crosses = any(box[0] > box[2] for box in boxes)
    bbox = [-180.0 if crosses else min(west), min(south), 180.0 if crosses else max(east), max(north)]
    interval = [None if None in starts else min(starts), None if None in ends else max(ends)]
    return {"spatial": {"bbox": [bbox]}, "temporal": {"interval": [interval]}}


def _summaries(members: Sequence[Document]) -> Document:
    """Join the members' value lists of each property; a property that a member does not summarize has none."""
    summaries = [member.get("summaries", {}) for member in members]
    names = [name for name in summaries[0] if all(isinstance(summary.get(name), list) for summary in summaries)]
    datasets = {"m2m:dataset": [member["m2m:dataset"] for member in members]}
    return {name: _distinct(chain(*(summary[name] for summary in summaries))) for name in names} | datasets


def _item_assets(members: Sequence[Document]) -> Document:
    """Return every asset of the members' Items, with the members of it that all datasets with this asset share."""
    tables = [member.get("item_assets", {}) for member in members]
    return {key: _intersection([table[key] for table in tables if key in table]) for key in _distinct(chain(*tables))}


def _shared_renders(members: Sequence[Document]) -> Document:
    """Return the ways to show assets that are the same in all members."""
    first, *others = (member.get("renders", {}) for member in members)
    return {name: render for name, render in first.items() if all(other.get(name) == render for other in others)}


def _intersection(values: Sequence[Any]) -> Any:
    """Return what equal parts the values have, within tables and single-element lists; None if nothing."""
    first = values[0]
    if all(value == first for value in values):
        return first
    if all(isinstance(value, dict) for value in values):
        shared_keys = [key for key in first if all(key in value for value in values)]
        shared = {key: _intersection([value[key] for value in values]) for key in shared_keys}
        return {key: value for key, value in shared.items() if value is not None} or None
    if all(isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) for value in values):
        element = _intersection([value[0] for value in values])
        return element and [element]
    return None


def _links(members: Sequence[Document], page: str | None) -> list[Document]:
    """Return the members' links, which already have the union's id, with the union's own page if it has one."""
    links = [link for link in _joined(members, "links") if not (page and link["rel"] == "about")]
    return [*links, about_link(page)] if page else links


def _joined(members: Sequence[Document], name: str) -> list[Any]:
    return _distinct(chain(*(member.get(name, ()) for member in members)))


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Return values without repetitions, in order. Not a set, because values can be dicts."""
    distinct: list[Any] = []
    for value in values:
        if value not in distinct:
            distinct.append(value)
    return distinct
