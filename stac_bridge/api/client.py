"""HTTP → the bridge's questions, its answers → HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attr
from stac_fastapi.types.core import AsyncBaseCoreClient

from stac_bridge.api.errors import too_wide
from stac_bridge.api.links import base_of, landing_links, page_links, posted_links
from stac_bridge.api.respond import GEOJSON, respond
from stac_bridge.errors import BadRequest, SearchTooWide
from stac_bridge.search import parse
from stac_bridge.translate import collection

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from stac_bridge.api.models import SearchPost
    from stac_bridge.bridge import Bridge
    from stac_bridge.delivery.sign import Signer

__all__ = ["CONFORMANCE", "Client"]

_STAC = "https://api.stacspec.org/v1.0.0"
_OGC = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"

CONFORMANCE = [
    f"{_STAC}/core",
    f"{_STAC}/collections",
    f"{_STAC}/ogcapi-features",
    f"{_STAC}/item-search",
    f"{_OGC}/core",
    f"{_OGC}/geojson",
    f"{_OGC}/oas30",
]

MAX_COLLECTIONS = 500
"""Collections on a page, unless fewer are asked for: all that a catalog group usually has."""

_LISTS = ("collections", "ids")


@attr.s(auto_attribs=True)
class Client(AsyncBaseCoreClient):
    """The STAC API's pages. stac-fastapi routes; every answer leaves here as bytes."""

    bridge: Bridge = attr.ib(kw_only=True)
    signer: Signer = attr.ib(kw_only=True)
    max_items: int = attr.ib(kw_only=True)
    max_age: int = attr.ib(kw_only=True)
    public_url: str | None = attr.ib(kw_only=True, default=None)
    notice: str = attr.ib(kw_only=True, default="")

    async def landing_page(self, *, request: Request, **_: Any) -> Response:
        """GET /."""
        base = base_of(request, self.public_url)
        said = {
            "type": "Catalog",
            "stac_version": "1.1.0",
            "id": "stac-bridge",
            "title": self.title,
            "description": self.description,
            "conformsTo": CONFORMANCE,
            "links": landing_links(base),
        }
        return respond(said, request, max_age=self.max_age)

    async def conformance(self, *, request: Request, **_: Any) -> Response:
        """GET /conformance."""
        return respond({"conformsTo": CONFORMANCE}, request, max_age=self.max_age)

    async def all_collections(self, *, request: Request, **_: Any) -> Response:
        """GET /collections. A page's token is the id of the first collection on it."""
        base, asked = base_of(request, self.public_url), _asked(request)
        if unknown := set(asked) - {"limit", "token"}:
            raise BadRequest(f"/collections has no parameter {min(unknown)!r}; there are limit and token.")
        entries = (await self.bridge.catalog()).entries
        ids, size = list(entries), _page_size(asked.get("limit"))
        start = _place(ids, asked.get("token"))
        shown, after = ids[start : start + size], ids[start + size : start + size + 1]
        said = {
            "collections": [collection(entries[one], base) for one in shown],
            "links": page_links(base, "collections", asked, after[0] if after else None, "application/json"),
            "numberMatched": len(ids),
            "numberReturned": len(shown),
        }
        return respond(said, request, max_age=self.max_age)

    async def get_collection(self, collection_id: str, *, request: Request, **_: Any) -> Response:
        """GET /collections/{collection_id}."""
        base = base_of(request, self.public_url)
        return respond(collection(await self.bridge.entry(collection_id), base), request, max_age=self.max_age)

    async def get_item(self, item_id: str, collection_id: str, *, request: Request, **_: Any) -> Response:
        """GET /collections/{collection_id}/items/{item_id}."""
        found = await self.bridge.item(collection_id, item_id)
        item = found.item(base_of(request, self.public_url), self.signer)
        return respond(item, request, media_type=GEOJSON, max_age=self.max_age)

    async def item_collection(self, collection_id: str, *, request: Request, **_: Any) -> Response:
        """GET /collections/{collection_id}/items."""
        base, asked = base_of(request, self.public_url), _asked(request)
        if asked.get("collections", collection_id) != collection_id:  # pystac-client repeats what the address says
            raise BadRequest("The address names another collection: leave collections out, or use /search.")
        path = str(request.url.path).removeprefix(request.scope.get("root_path", "")).lstrip("/")
        said = {**asked, "collections": [collection_id]}
        return await self._answer(said, request, lambda token: page_links(base, path, asked, token, GEOJSON))

    async def get_search(self, *, request: Request, **_: Any) -> Response:
        """GET /search."""
        base, asked = base_of(request, self.public_url), _asked(request)
        return await self._answer(asked, request, lambda token: page_links(base, "search", asked, token, GEOJSON))

    async def post_search(self, search_request: SearchPost, *, request: Request, **_: Any) -> Response:
        """POST /search."""
        base, said = base_of(request, self.public_url), search_request.root
        return await self._answer(said, request, lambda token: posted_links(base, "search", said, token))

    async def explain(self, *, request: Request, said: dict[str, Any] | None = None) -> Response:
        """GET and POST /explain: what the same search would ask M2M."""
        search = parse(_asked(request) if said is None else said, self.max_items)
        return respond(await self.bridge.explain(search), request)

    async def _answer(
        self, said: dict[str, Any], request: Request, links: Callable[[str | None], list[dict[str, Any]]]
    ) -> Response:
        """A page of a search; one that found nothing within its calls is a problem that leads on all the same."""
        base = base_of(request, self.public_url)
        try:
            page, token = await self.bridge.search(parse(said, self.max_items))
        except SearchTooWide as wide:
            return too_wide(wide, base, links(wide.token))
        features = [found.item(base, self.signer) for found in page.found]
        answer: dict[str, Any] = {"type": "FeatureCollection", "features": features, "links": links(token)}
        if page.matched is not None:
            answer["numberMatched"] = page.matched
        answer["numberReturned"] = len(features)
        return respond(answer, request, media_type=GEOJSON, max_age=self.max_age)


def _asked(request: Request) -> dict[str, str]:
    """The parameters of a GET; a list may be spread over several of the same name, nothing else may."""
    asked: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in asked and name not in _LISTS:
            raise BadRequest(f"{name} stands twice in the address; give it once.")
        asked[name] = f"{asked[name]},{value}" if name in asked else value
    return asked


def _page_size(limit: str | None) -> int:
    if limit in (None, ""):
        return MAX_COLLECTIONS
    if not limit.isdecimal() or int(limit) < 1:
        raise BadRequest(f"limit is a whole number from 1 to {MAX_COLLECTIONS}, not {limit!r}.")
    return min(int(limit), MAX_COLLECTIONS)


def _place(ids: list[str], token: str | None) -> int:
    if not token:
        return 0
    if token not in ids:
        raise BadRequest("This token is of no page of collections: follow the next link as it is, or start again.")
    return ids.index(token)
