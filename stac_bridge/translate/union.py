"""A union → one Collection, which says what those of its members say. No call is spent on it."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from stac_bridge.translate.access import auth_schemes
from stac_bridge.translate.collection import collection, pictured
from stac_bridge.translate.extensions import declared, prefix_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stac_bridge.catalog import Together

__all__ = ["union_collection"]

Said = dict[str, Any]


def union_collection(found: Together, base: str) -> Said:
    """The Collection of a union. ``base`` is the API's address with its last slash."""
    members = [collection(entry, base) for entry in found.members]
    text = found.union.collection
    said: Said = {
        "type": "Collection",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": found.id,
        "title": text.title or found.id,
        "description": text.description or "; ".join(one["title"] for one in members),
        "license": members[0]["license"],
        "providers": _listed(members, "providers"),
        "extent": _extent(members),
        "keywords": list(text.keywords) or _listed(members, "keywords"),
        "updated": max((one["updated"] for one in members if "updated" in one), default=None),
        "summaries": _summaries(members),
        **pictured(text, base),
        "item_assets": _assets(members),
        "sci:publications": [{"doi": one["sci:doi"]} for one in members if "sci:doi" in one],
    }
    said = {name: value for name, value in said.items() if value or name == "stac_extensions"}
    asset_fields = (name for asset in said.get("item_assets", {}).values() for name in asset)
    used = {prefix_of(name) for name in chain(said, asset_fields)}
    if any("auth:schemes" in one for one in members):
        used.add("auth")
        said["auth:schemes"] = auth_schemes(base)
    said["stac_extensions"] = declared(used, base)
    said["links"] = _links(members, text.page)
    return said


def _extent(members: Sequence[Said]) -> Said:
    """Around all extents: the longer way round, where one crosses 180 degrees."""
    boxes = [one["extent"]["spatial"]["bbox"][0] for one in members]
    spans = [one["extent"]["temporal"]["interval"][0] for one in members]
    starts, ends = ([span[side] for span in spans] for side in (0, 1))
    west, south, east, north = zip(*boxes, strict=True)
    crosses = any(box[0] > box[2] for box in boxes)
    around = [-180.0 if crosses else min(west), min(south), 180.0 if crosses else max(east), max(north)]
    interval = [None if None in starts else min(starts), None if None in ends else max(ends)]
    return {"spatial": {"bbox": [around]}, "temporal": {"interval": [interval]}}


def _summaries(members: Sequence[Said]) -> Said:
    """Every value that a member's Items can have; only what all members tell is told of all."""
    told = [one.get("summaries", {}) for one in members]
    names = [name for name in told[0] if all(isinstance(one.get(name), list) for one in told)]
    datasets = {"m2m:dataset": [one["m2m:dataset"] for one in members]}
    return {name: _distinct(chain(*(one[name] for one in told))) for name in names} | datasets


def _assets(members: Sequence[Said]) -> Said:
    """Every asset that a member's Items may have, with what all those that have it say of it."""
    tables = [one.get("item_assets", {}) for one in members]
    return {key: _agreed([table[key] for table in tables if key in table]) for key in _distinct(chain(*tables))}


def _agreed(values: Sequence[Any]) -> Any:
    """What all values say alike, down to the words of tables and of a single band; None where it is nothing."""
    first = values[0]
    if all(one == first for one in values):
        return first
    if all(isinstance(one, dict) for one in values):
        words = [word for word in first if all(word in one for one in values)]
        agreed = {word: _agreed([one[word] for one in values]) for word in words}
        return {word: said for word, said in agreed.items() if said is not None} or None
    if all(isinstance(one, list) and len(one) == 1 and isinstance(one[0], dict) for one in values):
        inner = _agreed([one[0] for one in values])
        return inner and [inner]
    return None


def _links(members: Sequence[Said], page: str | None) -> list[Said]:
    """Those of all members, which stand under the union's id; its own page in place of theirs."""
    links = [link for link in _listed(members, "links") if not (page and link["rel"] == "about")]
    return [*links, {"rel": "about", "type": "text/html", "href": page, "title": "What it is"}] if page else links


def _listed(members: Sequence[Said], name: str) -> list[Any]:
    return _distinct(chain(*(one.get(name, ()) for one in members)))


def _distinct(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found
