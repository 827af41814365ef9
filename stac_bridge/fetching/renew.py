"""Another href for a file whose own is not believed any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from stac_bridge.fetching.plan import rebased, root_of

if TYPE_CHECKING:
    from stac_bridge.fetching.plan import File

__all__ = ["another_href"]


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


async def _json(http: httpx.AsyncClient, address: str, **query: str) -> dict[str, Any]:
    """An object; empty where there is none."""
    try:
        answer = await http.get(address, params=query or None, headers={"Accept": "application/json"})
        said = answer.json() if answer.is_success else None
    except (httpx.HTTPError, ValueError):
        said = None
    return said if isinstance(said, dict) else {}
