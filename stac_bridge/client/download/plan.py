"""Items × the assets wanted × a folder → which file goes where. Pure."""

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

__all__ = ["File", "Parcel", "parcels", "rebased", "root_of"]

_BRIDGED = re.compile(
    r"(?P<root>https?://[^?#]*?)(?P<place>/collections/[^/?#]+/items/[^/?#]+)/assets/[^/?#]+/[^/?#]+\?"
)


@dataclass(frozen=True, slots=True)
class File:
    """An asset of an Item, and where it goes.

    ``item_href`` is where the Item can be had again; ``size`` (bytes) and ``checksum`` (a multihash in hex) are what
    the Item says of the file; ``unavailable`` is why it cannot be had at all.
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


@dataclass(frozen=True, slots=True)
class Parcel:
    """An Item, its files, and the path of the Item beside them."""

    item: dict[str, Any]
    path: Path
    files: tuple[File, ...]


def parcels(
    items: Iterable[dict[str, Any]], folder: Path, keys: Sequence[str] = (), api: str | None = None
) -> tuple[Parcel, ...]:
    """What to fetch: of each Item once, the assets with these keys (none named: all).

    Hrefs of a bridge are asked of ``api`` where it is named. Raises BadRequest for a key that no Item has.
    """
    distinct = {(str(one.get("collection") or ""), str(one["id"])): one for one in items}
    known = dict.fromkeys(key for item in distinct.values() for key in item["assets"])
    unknown = [key for key in keys if key not in known]
    if unknown and distinct:
        raise BadRequest(f"No Item has an asset {unknown[0]!r}; there are: {', '.join(known) or 'none'}.")
    return tuple(_parcel(item, folder, keys, api) for item in distinct.values())


def _parcel(item: dict[str, Any], folder: Path, keys: Sequence[str], api: str | None) -> Parcel:
    below = folder / safe_name(str(item.get("collection") or "items")) / safe_name(item["id"])
    path = below / f"{safe_name(item['id'])}.json"
    # All are named before some are chosen: a file has one name, whatever is fetched with it.
    names = _names(item["assets"], path.name)
    chosen = [key for key in item["assets"] if not keys or key in keys]
    return Parcel(item, path, tuple(_file(item, key, below / names[key], api) for key in chosen))


def _file(item: dict[str, Any], key: str, path: Path, api: str | None) -> File:
    asset = item["assets"][key]
    href = rebased(str(asset["href"]), api)
    return File(
        collection=str(item.get("collection") or ""),
        item=item["id"],
        key=key,
        href=href,
        path=path,
        item_href=_item_href(item, href),
        media_type=str(asset.get("type") or ""),
        size=asset.get("file:size"),
        checksum=asset.get("file:checksum"),
        unavailable=asset.get("m2m:unavailable") or _unreachable(href),
    )


def _names(assets: dict[str, Any], taken: str) -> dict[str, str]:
    """By key, the name in the href; with the key before it where another asset has the name, too."""
    names: dict[str, str] = {}
    used = {taken.casefold()}
    for key, asset in assets.items():
        name = _name(key, asset)
        names[key] = name if name.casefold() not in used else safe_name(f"{key}_{name}")
        used.add(names[key].casefold())
    return names


def _name(key: str, asset: dict[str, Any]) -> str:
    last = PurePosixPath(unquote(re.split(r"[?#]", str(asset["href"]))[0])).name
    if PurePosixPath(last).suffix:
        return safe_name(last)
    media_type = str(asset.get("type") or "").partition(";")[0].strip()
    return safe_name(f"{key}{mimetypes.guess_extension(media_type) or ''}")


def _unreachable(href: str) -> str | None:
    try:
        address = httpx.URL(href)
    except (httpx.InvalidURL, ValueError):
        address = httpx.URL()
    is_on_the_web = address.scheme in ("http", "https") and address.host and (address.port or 0) < 2**16
    return None if is_on_the_web else "Its href is no http or https address."


def _item_href(item: dict[str, Any], href: str) -> str | None:
    bridged = _BRIDGED.match(href)
    if bridged:
        return f"{bridged['root']}{bridged['place']}"
    return next((str(link["href"]) for link in item.get("links", ()) if link.get("rel") == "self"), None)


def root_of(href: str) -> str | None:
    """The address of the bridge that made an href; None where none did.

    >>> root_of("http://bridge.example/stac/collections/naip/items/a/assets/d441/a.zip?e=1&x=2&s=3")
    'http://bridge.example/stac'
    """
    bridged = _BRIDGED.match(href)
    return bridged["root"] if bridged else None


def rebased(href: str, api: str | None) -> str:
    """A bridge's href, asked of another address of it: the signature does not cover where it is reached.

    >>> rebased("http://old.example/collections/naip/items/a/assets/d441/a.zip?e=1", "http://127.0.0.1:8000")
    'http://127.0.0.1:8000/collections/naip/items/a/assets/d441/a.zip?e=1'
    """
    root = root_of(href)
    return f"{api.rstrip('/')}{href[len(root) :]}" if api and root is not None else href
