"""What leads to Items in a folder: a Collection above those of one, and a catalogue above all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["CATALOGUE", "COLLECTION", "lasting_links", "link", "static_collection", "write_catalogue", "write_json"]

CATALOGUE, COLLECTION = "catalog.json", "collection.json"

_OF_AN_API = frozenset({"self", "root", "parent", "collection", "item", "items", "child", "next", "prev"})

_KEPT = ("title", "description", "keywords", "license", "providers", "extent", "summaries")


def link(rel: str, href: str, media_type: str = "application/json") -> dict[str, Any]:
    """A link."""
    return {"rel": rel, "href": href, "type": media_type}


def lasting_links(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The links that lead to something else than the API's own pages."""
    return [one for one in said.get("links", ()) if not _is_of_an_api(str(one.get("rel")))]


def _is_of_an_api(rel: str) -> bool:
    return rel in _OF_AN_API or "opengis.net" in rel or rel.startswith("aggreg")


def static_collection(name: str, said: Mapping[str, Any], items: Iterable[str]) -> dict[str, Any]:
    """The Collection over Items at these addresses below it; where nothing was said of it, what must be."""
    unknown = {
        "description": f"Items of {name}.",
        "license": "other",
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
    }
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": str(said.get("id") or name),
        **unknown,
        **{key: said[key] for key in _KEPT if key in said},
        "links": [
            *(link(rel, f"../{CATALOGUE}") for rel in ("root", "parent")),
            *(link("item", href, "application/geo+json") for href in items),
            *lasting_links(said),
        ],
    }


def write_catalogue(folder: Path, collections: Mapping[str, dict[str, Any]]) -> None:
    """Over all Items below the folder, of earlier runs, too. ``collections`` by their folders. Raises OSError."""
    found: dict[Path, list[str]] = {}
    for path in sorted(folder.glob("*/*/*.json")):
        if path.stem == path.parent.name:
            found.setdefault(path.parent.parent, []).append(f"./{path.stem}/{path.name}")
    for above, items in found.items():
        said = collections.get(above.name) or _read(above / COLLECTION)
        write_json(above / COLLECTION, static_collection(above.name, said, items))
    if found:
        children = [link("child", f"./{above.name}/{COLLECTION}") for above in found]
        said = {"type": "Catalog", "stac_version": "1.1.0", "id": "stac-bridge-download"}
        described = {"description": "Files fetched by stac-bridge download, each Item beside its own."}
        write_json(folder / CATALOGUE, said | described | {"links": [link("root", f"./{CATALOGUE}"), *children]})


def _read(path: Path) -> dict[str, Any]:
    """An object; empty where there is none."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        said = None
    return said if isinstance(said, dict) else {}


def write_json(path: Path, said: dict[str, Any]) -> None:
    """Whole or not at all. Raises OSError."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(said, indent=2, ensure_ascii=False), encoding="utf-8")
    new.replace(path)
