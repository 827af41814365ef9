"""What else a server is asked for: another href in place of one that is not believed, and Collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from stac_bridge.client.download.plan import rebased, root_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stac_bridge.client.download.plan import File, Parcel

__all__ = ["another_href", "collections_of"]


async def another_href(file: File, stale: str, http: httpx.AsyncClient) -> str | None:
    """Signed again by the bridge that made it, else taken from the Item as it is now; None where neither helps."""
    root = root_of(stale)
    signed = await _json(http, f"{root}/sign", href=stale) if root else {}
    fresh = signed.get("href")
    if not isinstance(fresh, str) and file.item_href:
        assets = (await _json(http, file.item_href)).get("assets")
        asset = assets.get(file.key) if isinstance(assets, dict) else None
        fresh = asset.get("href") if isinstance(asset, dict) else None
    if not isinstance(fresh, str):
        return None
    fresh = rebased(fresh, root)
    return fresh if fresh != stale else None


async def collections_of(parcels: Iterable[Parcel], http: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """The Collections of Items, by the folders of theirs; empty where there is none to be had."""
    addresses = {parcel.path.parent.parent.name: _collection_href(parcel) for parcel in parcels}
    return {name: await _json(http, address) if address else {} for name, address in addresses.items()}


def _collection_href(parcel: Parcel) -> str | None:
    bridged = next((file.item_href for file in parcel.files if root_of(file.href)), None)
    if bridged:
        return bridged.rpartition("/items/")[0]
    return next((str(link["href"]) for link in parcel.item.get("links", ()) if link.get("rel") == "collection"), None)


async def _json(http: httpx.AsyncClient, address: str, **query: str) -> dict[str, Any]:
    """An object; empty where there is none."""
    try:
        answer = await http.get(address, params=query or None, headers={"Accept": "application/json"})
        said = answer.json() if answer.is_success else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        said = None
    return said if isinstance(said, dict) else {}
