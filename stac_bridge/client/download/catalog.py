"""Writes the Collections and the Catalog above the Items of a download folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

CATALOG_FILE, COLLECTION_FILE = "catalog.json", "collection.json"

_API_RELATIONS = frozenset({"self", "root", "parent", "collection", "item", "items", "child", "next", "prev"})

_COPIED_FIELDS = ("title", "description", "keywords", "license", "providers", "extent", "summaries")


def make_link(rel: str, href: str, media_type: str = "application/json") -> dict[str, Any]:
    """Return a STAC link object."""
    return {"rel": rel, "href": href, "type": media_type}


def external_links(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the links of an Item or Collection that do not lead to pages of the API it came from."""
    return [link for link in document.get("links", ()) if not _is_api_relation(str(link.get("rel")))]


def _is_api_relation(rel: str) -> bool:
    return rel in _API_RELATIONS or "opengis.net" in rel or rel.startswith("aggreg")


def static_collection(name: str, source: Mapping[str, Any], items: Iterable[str]) -> dict[str, Any]:
    """Return the Collection above the Items at these relative hrefs.

    ``source`` is the API's Collection; if it is empty, the members that STAC requires get neutral values.
    """
    defaults = {
        "description": f"Items of {name}.",
        "license": "other",
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
    }
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": str(source.get("id") or name),
        **defaults,
        **{key: source[key] for key in _COPIED_FIELDS if key in source},
        "links": [
            *(make_link(rel, f"../{CATALOG_FILE}") for rel in ("root", "parent")),
            *(make_link("item", href, "application/geo+json") for href in items),
            *external_links(source),
        ],
    }


def write_catalog(folder: Path, collections: Mapping[str, dict[str, Any]]) -> None:
    """Write the Catalog and Collections over all Items in the folder, those of earlier runs included.

    ``collections`` maps folder names to the API's Collections. A Collection that is missing there keeps the fields of
    the file that an earlier run wrote. Raises OSError.
    """
    items_by_folder: dict[Path, list[str]] = {}
    for path in sorted(folder.glob("*/*/*.json")):
        if path.stem == path.parent.name:
            items_by_folder.setdefault(path.parent.parent, []).append(f"./{path.stem}/{path.name}")
    for subfolder, items in items_by_folder.items():
        source = collections.get(subfolder.name) or _read_object(subfolder / COLLECTION_FILE)
        write_json(subfolder / COLLECTION_FILE, static_collection(subfolder.name, source, items))
    if items_by_folder:
        children = [make_link("child", f"./{subfolder.name}/{COLLECTION_FILE}") for subfolder in items_by_folder]
        catalog = {
            "type": "Catalog",
            "stac_version": "1.1.0",
            "id": "stac-bridge-download",
            "description": "Files fetched by stac-bridge download, each Item beside its own.",
            "links": [make_link("root", f"./{CATALOG_FILE}"), *children],
        }
        write_json(folder / CATALOG_FILE, catalog)


def _read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; empty if there is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        document = None
    return document if isinstance(document, dict) else {}


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write the file completely or not at all. Raises OSError."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(document, indent=2, ensure_ascii=False), encoding="utf-8")
    new.replace(path)
