"""HTTP → the bridge's questions, its answers → HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import attr
from stac_fastapi.types.core import AsyncBaseCoreClient
from starlette.responses import RedirectResponse

from stac_bridge.api.browser import BROWSER, is_expected, leads_to_browser
from stac_bridge.api.conformance import CONFORMANCE
from stac_bridge.api.errors import too_wide
from stac_bridge.api.links import base_of, collection_search_links, landing_links, page_links, posted_links
from stac_bridge.api.respond import GEOJSON, JSON, respond
from stac_bridge.catalog import Together
from stac_bridge.errors import BadRequest, SearchTooWide
from stac_bridge.search import parse, read_collection_search
from stac_bridge.translate import collection, union_collection, with_messages, with_notifications

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from stac_bridge.api.models import SearchPost
    from stac_bridge.bridge import Bridge
    from stac_bridge.catalog import Catalog, Entry
    from stac_bridge.delivery.sign import Signer
    from stac_bridge.search import Limits
    from stac_bridge.search.collections import CollectionPage, CollectionSearch

__all__ = ["Client"]

_LISTS = ("collections", "ids")


@attr.s(auto_attribs=True)
class Client(AsyncBaseCoreClient):
    """The STAC API's pages. stac-fastapi routes; every answer leaves here as bytes."""

    bridge: Bridge = attr.ib(kw_only=True)
    signer: Signer = attr.ib(kw_only=True)
    limits: Limits = attr.ib(kw_only=True)
    max_age: int = attr.ib(kw_only=True)
    public_url: str | None = attr.ib(kw_only=True, default=None)
    notice: str = attr.ib(kw_only=True, default="")
    browser: Path | None = attr.ib(kw_only=True, default=None)

    async def landing_page(self, *, request: Request, **_: Any) -> Response:
        """GET /: JSON for programs, the browser for people; JSON for all if it neither was nor is being built."""
        base = base_of(request, self.public_url)
        if self.browser and leads_to_browser(request) and is_expected(self.browser):
            headers = {"Vary": "Accept", "Cache-Control": "no-cache"}
            return RedirectResponse(f"{base}{BROWSER}/", 303, headers)
        said = {
            "type": "Catalog",
            "stac_version": "1.1.0",
            "id": "stac-bridge",
            "title": self.title,
            "description": self.description,
            "conformsTo": CONFORMANCE,
            "links": landing_links(base),
        }
        told = with_notifications(said, self.bridge.notices.service, base)
        answer = respond(told, request, max_age=self.max_age)
        answer.headers["Vary"] = "Accept, Accept-Encoding"
        return answer

    async def conformance(self, *, request: Request, **_: Any) -> Response:
        """GET /conformance."""
        return respond({"conformsTo": CONFORMANCE}, request, max_age=self.max_age)

    async def all_collections(self, *, request: Request, **_: Any) -> Response:
        """GET /collections: all, or those that a collection search asks for."""
        base, asked = base_of(request, self.public_url), _asked(request)
        # reading a long q or filter, and trying it on a thousand Collections, would hold up every other request
        search = await asyncio.to_thread(read_collection_search, asked, self.limits)
        page = await asyncio.to_thread(self._collection_page, search, await self.bridge.catalog(), base)
        said = {
            "collections": page.collections,
            "links": [*page_links(base, "collections", asked, page.token, JSON), *collection_search_links(base)],
            "numberMatched": page.matched,
            "numberReturned": len(page.collections),
        }
        return respond(said, request, max_age=self.max_age)

    async def get_collection(self, collection_id: str, *, request: Request, **_: Any) -> Response:
        """GET /collections/{collection_id}."""
        base = base_of(request, self.public_url)
        found = await self.bridge.collection(collection_id)
        return respond(self._collection(found, base), request, max_age=self.max_age)

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
        if isinstance(said.get("bbox"), str):
            raise BadRequest("bbox is a list of numbers in the body of a POST, not a text.")
        return await self._answer(said, request, lambda token: posted_links(base, "search", said, token))

    async def explain(self, *, request: Request, said: dict[str, Any] | None = None) -> Response:
        """GET and POST /explain: what the same search would ask M2M."""
        search = parse(_asked(request) if said is None else said, self.limits)
        return respond(await self.bridge.explain(search), request)

    def _collection_page(self, search: CollectionSearch, catalog: Catalog, base: str) -> CollectionPage:
        every: list[Entry | Together] = [*catalog.entries.values(), *catalog.unions.values()]
        return search.page([self._collection(one, base) for one in every])

    def _collection(self, found: Entry | Together, base: str) -> dict[str, Any]:
        members = found.members if isinstance(found, Together) else (found,)
        said = union_collection(found, base) if isinstance(found, Together) else collection(found, base)
        return with_messages(said, self.bridge.notices.about([one.dataset.alias for one in members]), base)

    async def _answer(
        self, said: dict[str, Any], request: Request, links: Callable[[str | None], list[dict[str, Any]]]
    ) -> Response:
        """A page of a search; one that found nothing within its calls is a problem that leads on all the same."""
        base = base_of(request, self.public_url)
        search = parse(said, self.limits)
        try:
            page, token = await self.bridge.search(search)
        except SearchTooWide as wide:
            return too_wide(wide, base, links(wide.token))
        features = [found.item(base, self.signer, search.fields) for found in page.found]
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
