"""An Item as it lies beside its files, to be opened without a server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stac_bridge.client.download.catalog import CATALOGUE, COLLECTION, lasting_links, link, write_json
from stac_bridge.client.download.plan import root_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from stac_bridge.client.download.outcome import Outcome
    from stac_bridge.client.download.plan import Parcel

__all__ = ["noted_sizes", "static_item", "write_item"]

FILE_EXTENSION = "https://stac-extensions.github.io/file/v2.1.0/schema.json"

_OF_THE_HREF = ("auth:", "order:", "m2m:unavailable", "m2m:href_expires")
_EXTENSIONS_OF_IT = ("/authentication/", "/order/")


def static_item(item: dict[str, Any], there: dict[str, tuple[str, int]], kept: dict[str, Any]) -> dict[str, Any]:
    """The Item of the files that are there, by asset key their (name, bytes); ``kept`` are assets of earlier runs.

    What only an API's Item needs, its links there and what opens its hrefs, is left out.
    """
    now = {
        key: {**_plain(item["assets"][key]), "href": f"./{name}", "file:size": size}
        for key, (name, size) in there.items()
    }
    up = f"../{COLLECTION}"
    links = [link("root", f"../../{CATALOGUE}"), link("parent", up), link("collection", up), *lasting_links(item)]
    extensions = [one for one in item.get("stac_extensions", ()) if not _is_of_server(one, item)]
    return {
        **_plain(item),
        "stac_extensions": list(dict.fromkeys([*extensions, FILE_EXTENSION])),
        "properties": _plain(item["properties"]),
        "links": links,
        "assets": {key: now.get(key) or kept[key] for key in {**item["assets"], **kept} if key in now or key in kept},
    }


def _is_of_server(extension: str, item: dict[str, Any]) -> bool:
    """Whether it is about how a file is reached, or served by what may be gone by then."""
    roots = {root_of(str(asset["href"])) for asset in item["assets"].values()} - {None}
    return any(one in extension for one in _EXTENSIONS_OF_IT) or any(extension.startswith(f"{root}/") for root in roots)


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if not name.startswith(_OF_THE_HREF)}


def write_item(parcel: Parcel, outcomes: Iterable[Outcome]) -> None:
    """Beside its files, where there are any. Raises OSError."""
    there = {one.file.key: (one.file.path.name, one.size or 0) for one in outcomes if one.is_there}
    kept = {
        key: asset
        for key, asset in _assets(parcel.path).items()
        if (parcel.path.parent / asset["href"]).is_file() and key not in there
    }
    if there:
        write_json(parcel.path, static_item(parcel.item, there, kept))


def noted_sizes(path: Path) -> dict[str, int]:
    """Bytes of each file, by its name, as the Item beside it notes them."""
    assets = _assets(path).values()
    return {one["href"].removeprefix("./"): one["file:size"] for one in assets if isinstance(one.get("file:size"), int)}


def _assets(path: Path) -> dict[str, dict[str, Any]]:
    """The assets of an Item of ours; none where there is none, or somebody else's."""
    try:
        assets = json.loads(path.read_text(encoding="utf-8"))["assets"]
        return {key: one for key, one in assets.items() if one["href"].startswith("./") and ".." not in one["href"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
