"""Decides which files to download and where they go, from Items, asset keys and a folder. Pure."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpx

from stac_bridge.client.download.names import safe_name
from stac_bridge.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BRIDGE_HREF = re.compile(
    r"(?P<root>https?://[^?#]*?)(?P<item>/collections/[^/?#]+/items/[^/?#]+)/assets/[^/?#]+/[^/?#]+\?"
)


@dataclass(frozen=True, slots=True)
class File:
    """An asset of an Item, and its path in the folder.

    ``item_href`` is the URL of the Item; ``size`` (bytes) and ``checksum`` (a multihash in hex) are the Item's own
    statements about the file; ``unavailable`` is the reason if the file cannot be downloaded at all. ``is_unnamed``
    says that the href has no file name, so that the one in the server's response replaces the one in ``path``.
    """

    collection: str
    item: str
    key: str
    href: str
    path: Path
    item_href: str | None = None
    media_type: str = ""
    size: int | None = None
    checksum: str | None = None
    unavailable: str | None = None
    is_unnamed: bool = False


@dataclass(frozen=True, slots=True)
class ItemDownload:
    """An Item, its files, and the path of the Item beside them.

    ``names`` are all names in its folder, without case, whichever assets are downloaded.
    """

    item: dict[str, Any]
    path: Path
    files: tuple[File, ...]
    names: frozenset[str] = frozenset()


def plan_downloads(
    items: Iterable[dict[str, Any]], folder: Path, keys: Sequence[str] = (), api: str | None = None
) -> tuple[ItemDownload, ...]:
    """Plan each Item once, with the assets of these keys (all assets if there are no keys).

    If ``api`` is given, hrefs of a bridge are requested from there. Raises BadRequest for a key that no Item has.
    """
    distinct = {(str(item.get("collection") or ""), str(item["id"])): item for item in items}
    known_keys = dict.fromkeys(key for item in distinct.values() for key in item["assets"])
    unknown = [key for key in keys if key not in known_keys]
    if unknown and distinct:
        raise BadRequest(f"No Item has an asset {unknown[0]!r}; there are: {', '.join(known_keys) or 'none'}.")
    return tuple(_plan_item(item, folder, keys, api) for item in distinct.values())


def _plan_item(item: dict[str, Any], folder: Path, keys: Sequence[str], api: str | None) -> ItemDownload:
    item_folder = folder / safe_name(str(item.get("collection") or "items")) / safe_name(item["id"])
    path = item_folder / f"{safe_name(item['id'])}.json"
    # All assets get their names before some are selected: a file has the same name whatever is downloaded with it.
    names = _file_names(item["assets"], path.name)
    selected = [key for key in item["assets"] if not keys or key in keys]
    files = tuple(_plan_file(item, key, item_folder / names[key], api) for key in selected)
    return ItemDownload(item, path, files, frozenset(name.casefold() for name in (path.name, *names.values())))


def _plan_file(item: dict[str, Any], key: str, path: Path, api: str | None) -> File:
    asset = item["assets"][key]
    # Items of other servers, or from files, may have anything in these fields.
    size, checksum = asset.get("file:size"), asset.get("file:checksum")
    href = rebase_href(str(asset["href"]), api)
    return File(
        collection=str(item.get("collection") or ""),
        item=item["id"],
        key=key,
        href=href,
        path=path,
        item_href=_item_href(item, href),
        media_type=str(asset.get("type") or ""),
        size=size if isinstance(size, int) else None,
        checksum=checksum if isinstance(checksum, str) else None,
        unavailable=asset.get("m2m:unavailable") or _invalid_href_reason(href),
        is_unnamed=_name_in(href) is None,
    )


def _file_names(assets: dict[str, Any], taken: str) -> dict[str, str]:
    """Return file names by asset key: the name in the href, preceded by the key if another asset has the same name.

    Names are compared without case, because some file systems do so, too.
    """
    names: dict[str, str] = {}
    used = {taken.casefold()}
    for key, asset in assets.items():
        name = _file_name(key, asset)
        names[key] = name if name.casefold() not in used else safe_name(f"{key}_{name}")
        used.add(names[key].casefold())
    return names


def _file_name(key: str, asset: dict[str, Any]) -> str:
    if name := _name_in(str(asset["href"])):
        return safe_name(name)
    media_type = str(asset.get("type") or "").partition(";")[0].strip()
    return safe_name(f"{key}{mimetypes.guess_extension(media_type) or ''}")


def _name_in(href: str) -> str | None:
    """Return the file name in an href, if it has one with a suffix; a query is no part of it, even if it is escaped.

    >>> _name_in("http://h/a/B4.TIF?e=1"), _name_in("http://h/a/B4.TIF%3Fe=1%26s=2"), _name_in("http://h/get?file=a.tif")
    ('B4.TIF', 'B4.TIF', None)
    """
    path = unquote(re.split(r"[?#]", href)[0]).partition("?")[0]
    name = PurePosixPath(path).name
    return name if PurePosixPath(name).suffix else None


def _invalid_href_reason(href: str) -> str | None:
    try:
        url = httpx.URL(href)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL()
    is_valid = url.scheme in ("http", "https") and url.host and (url.port or 0) < 2**16
    return None if is_valid else "Its href is no http or https address."


def _item_href(item: dict[str, Any], href: str) -> str | None:
    match = _BRIDGE_HREF.match(href)
    if match:
        return f"{match['root']}{match['item']}"
    return next((str(link["href"]) for link in item.get("links", ()) if link.get("rel") == "self"), None)


def bridge_root(href: str) -> str | None:
    """Return the root URL of the bridge that made an href; None if no bridge made it.

    >>> bridge_root("http://bridge.example/stac/collections/naip/items/a/assets/d441/a.zip?e=1&x=2&s=3")
    'http://bridge.example/stac'
    """
    match = _BRIDGE_HREF.match(href)
    return match["root"] if match else None


def rebase_href(href: str, api: str | None) -> str:
    """Move a bridge's href to another URL of the same bridge; its signature does not cover the server's address.

    >>> rebase_href("http://old.example/collections/naip/items/a/assets/d441/a.zip?e=1", "http://127.0.0.1:8000")
    'http://127.0.0.1:8000/collections/naip/items/a/assets/d441/a.zip?e=1'
    """
    root = bridge_root(href)
    return f"{api.rstrip('/')}{href[len(root) :]}" if api and root is not None else href
