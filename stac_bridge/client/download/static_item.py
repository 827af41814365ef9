"""The Item beside its downloaded files, readable without a server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stac_bridge.client.download.catalog import CATALOG_FILE, COLLECTION_FILE, external_links, make_link, write_json
from stac_bridge.client.download.plan import bridge_root

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from stac_bridge.client.download.outcome import Outcome
    from stac_bridge.client.download.plan import ItemDownload

FILE_EXTENSION = "https://stac-extensions.github.io/file/v2.1.0/schema.json"

_REMOTE_FIELDS = ("auth:", "order:", "m2m:unavailable", "m2m:href_expires")
"""Prefixes of fields that describe how a remote href is opened: meaningless for a local file."""

_REMOTE_EXTENSIONS = ("/authentication/", "/order/")


def static_item(item: dict[str, Any], files: dict[str, tuple[str, int]], previous: dict[str, Any]) -> dict[str, Any]:
    """Return the Item for local files, without links and fields that only its API needs.

    ``files`` maps asset keys to (file name, bytes); ``previous`` maps keys to the assets that earlier runs wrote.
    """
    current = {
        key: {**_without_remote_fields(item["assets"][key]), "href": f"./{name}", "file:size": size}
        for key, (name, size) in files.items()
    }
    collection = f"../{COLLECTION_FILE}"
    links = [
        make_link("root", f"../../{CATALOG_FILE}"),
        make_link("parent", collection),
        make_link("collection", collection),
        *external_links(item),
    ]
    extensions = [uri for uri in item.get("stac_extensions", ()) if not _is_remote_extension(uri, item)]
    keys = [key for key in {**item["assets"], **previous} if key in current or key in previous]
    return {
        **_without_remote_fields(item),
        "stac_extensions": list(dict.fromkeys([*extensions, FILE_EXTENSION])),
        "properties": _without_remote_fields(item["properties"]),
        "links": links,
        "assets": {key: current.get(key) or previous[key] for key in keys},
    }


def _is_remote_extension(uri: str, item: dict[str, Any]) -> bool:
    """Return whether an extension describes remote access, or its schema is on a server that may be gone later."""
    if any(part in uri for part in _REMOTE_EXTENSIONS):
        return True
    roots = {bridge_root(str(asset["href"])) for asset in item["assets"].values()} - {None}
    return any(uri.startswith(f"{root}/") for root in roots)


def _without_remote_fields(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if not name.startswith(_REMOTE_FIELDS)}


def write_item(download: ItemDownload, outcomes: Iterable[Outcome]) -> None:
    """Write the Item beside its files, if at least one is complete. Raises OSError."""
    complete = [outcome for outcome in outcomes if outcome.is_complete]
    files = {outcome.file.key: (outcome.file.path.name, outcome.size or 0) for outcome in complete}
    previous = {
        key: asset
        for key, asset in _read_assets(download.path).items()
        if (download.path.parent / asset["href"]).is_file() and key not in files
    }
    if files:
        write_json(download.path, static_item(download.item, files, previous))


def recorded_sizes(path: Path) -> dict[str, int]:
    """Return the bytes of each file, by its name, that the Item at ``path`` records."""
    assets = _read_assets(path).values()
    return {
        asset["href"].removeprefix("./"): asset["file:size"]
        for asset in assets
        if isinstance(asset.get("file:size"), int)
    }


def recorded_names(path: Path) -> dict[str, str]:
    """Return the file name of each asset, by its key, that the Item at ``path`` records."""
    return {key: asset["href"].removeprefix("./") for key, asset in _read_assets(path).items()}


def _read_assets(path: Path) -> dict[str, dict[str, Any]]:
    """Return the assets of an Item that an earlier run wrote; empty if there is none, or it is another program's.

    Hrefs that leave the folder are ignored: another program may have written the file.
    """
    try:
        assets = json.loads(path.read_text(encoding="utf-8"))["assets"]
        return {
            key: asset for key, asset in assets.items() if asset["href"].startswith("./") and ".." not in asset["href"]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
