"""Other requests that a download needs: a new href for one that is refused, and the Items' Collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from stac_bridge.client.download.plan import bridge_root, rebase_href

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stac_bridge.client.download.plan import File, ItemDownload


async def renew_href(file: File, stale: str, http: httpx.AsyncClient) -> str | None:
    """Return a new href: signed again by the bridge that made it, otherwise from the current Item; None if neither."""
    root = bridge_root(stale)
    signed = await _get_object(http, f"{root}/sign", href=stale) if root else {}
    fresh = signed.get("href")
    if not isinstance(fresh, str) and file.item_href:
        assets = (await _get_object(http, file.item_href)).get("assets")
        asset = assets.get(file.key) if isinstance(assets, dict) else None
        fresh = asset.get("href") if isinstance(asset, dict) else None
    if not isinstance(fresh, str):
        return None
    fresh = rebase_href(fresh, root)
    return fresh if fresh != stale else None


async def fetch_collections(downloads: Iterable[ItemDownload], http: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """Return the Collections of the Items by folder name; a Collection that cannot be fetched is empty."""
    hrefs = {download.path.parent.parent.name: _collection_href(download) for download in downloads}
    return {name: await _get_object(http, href) if href else {} for name, href in hrefs.items()}


def _collection_href(download: ItemDownload) -> str | None:
    item_href = next((file.item_href for file in download.files if bridge_root(file.href)), None)
    if item_href:
        return item_href.rpartition("/items/")[0]
    links = download.item.get("links", ())
    return next((str(link["href"]) for link in links if link.get("rel") == "collection"), None)


async def _get_object(http: httpx.AsyncClient, url: str, **query: str) -> dict[str, Any]:
    """Return a JSON object; empty on any failure."""
    try:
        response = await http.get(url, params=query or None, headers={"Accept": "application/json"})
        body = response.json() if response.is_success else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        body = None
    return body if isinstance(body, dict) else {}
