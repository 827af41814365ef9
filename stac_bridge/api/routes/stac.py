"""The core STAC routes: HTTP requests to calls of the bridge, and results to HTTP responses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attr
from fastapi import APIRouter, FastAPI
from stac_fastapi.api.app import StacApi
from stac_fastapi.types.config import ApiSettings
from stac_fastapi.types.core import AsyncBaseCoreClient
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from stac_bridge.api.conformance import CONFORMANCE
from stac_bridge.api.errors import too_wide_response
from stac_bridge.api.json_body import JsonRoute
from stac_bridge.api.links import base_of, collection_search_links, landing_links, page_links, posted_links
from stac_bridge.api.models import CollectionsGet, ItemsGet, SearchGet, SearchPost
from stac_bridge.api.respond import GEOJSON, JSON, respond
from stac_bridge.api.routes.browser import BROWSER, is_expected, leads_to_browser
from stac_bridge.api.warnings import add_warnings
from stac_bridge.assets.href import Signer
from stac_bridge.bridge import Bridge
from stac_bridge.catalog import Catalog, Entry, Together
from stac_bridge.errors import BadRequest, SearchTooWide
from stac_bridge.fair_work import Pauses, in_thread, in_thread_if
from stac_bridge.search import LONG_SEARCH, Limits, Search, parse, read_collection_search
from stac_bridge.search.collections import CollectionPage, CollectionSearch
from stac_bridge.translate import collection, union_collection, with_messages, with_notifications

_LISTS = ("collections", "ids", "datetime")
"""Parameters that may be repeated in a URL. GDAL repeats datetime, and each of its intervals has to intersect."""

_STAC_VERSION = "1.1.0"

_LARGE_PAGE = 50
"""Items of a page that is turned into bytes in a thread: together some hundred kilobytes."""


@attr.s(auto_attribs=True)
class CoreClient(AsyncBaseCoreClient):
    """Handlers of the core routes. stac-fastapi only routes; every handler returns a finished response."""

    bridge: Bridge = attr.ib(kw_only=True)
    signer: Signer = attr.ib(kw_only=True)
    limits: Limits = attr.ib(kw_only=True)
    max_age: int = attr.ib(kw_only=True)
    browser: Path | None = attr.ib(kw_only=True, default=None)

    async def landing_page(self, *, request: Request, **_: Any) -> Response:
        """GET /: JSON for programs; people are redirected to the browser if it was or is being built."""
        base = base_of(request)
        if self.browser and leads_to_browser(request) and is_expected(self.browser):
            headers = {"Vary": "Accept", "Cache-Control": "no-cache"}
            return RedirectResponse(f"{base}{BROWSER}/", 303, headers)
        landing = {
            "type": "Catalog",
            "stac_version": _STAC_VERSION,
            "id": "stac-bridge",
            "title": self.title,
            "description": self.description,
            "conformsTo": CONFORMANCE,
            "links": landing_links(base),
        }
        document = with_notifications(landing, self.bridge.notices.service, base)
        response = respond(document, request, max_age=self.max_age)
        response.headers["Vary"] = "Accept, Accept-Encoding"
        return response

    async def conformance(self, *, request: Request, **_: Any) -> Response:
        """GET /conformance."""
        return respond({"conformsTo": CONFORMANCE}, request, max_age=self.max_age)

    async def all_collections(self, *, request: Request, **_: Any) -> Response:
        """GET /collections: all of them, or the matches of a collection search."""
        base, parameters = base_of(request), _query_parameters(request)
        # In threads: parsing a long q or filter, and matching a thousand Collections, would block all other requests.
        search = await in_thread(read_collection_search, parameters, self.limits)
        page = await in_thread(self._collection_page, search, await self.bridge.catalog(), base)
        document = {
            "collections": page.collections,
            "links": [*page_links(request, "collections", page.token, JSON), *collection_search_links(base)],
            "numberMatched": page.matched,
            "numberReturned": len(page.collections),
        }
        return respond(document, request, max_age=self.max_age)

    async def get_collection(self, collection_id: str, *, request: Request, **_: Any) -> Response:
        """GET /collections/{collection_id}."""
        base = base_of(request)
        entry = await self.bridge.collection(collection_id)
        return respond(self._collection(entry, base), request, max_age=self.max_age)

    async def get_item(self, item_id: str, collection_id: str, *, request: Request, **_: Any) -> Response:
        """GET /collections/{collection_id}/items/{item_id}."""
        match = await self.bridge.item(collection_id, item_id)
        item = match.item(base_of(request), self.signer)
        return respond(item, request, media_type=GEOJSON, max_age=self.max_age)

    async def item_collection(self, collection_id: str, *, request: Request, **_: Any) -> Response:
        """GET /collections/{collection_id}/items."""
        parameters = _query_parameters(request)
        # pystac-client repeats the id of the path in the query.
        if parameters.get("collections", collection_id) != collection_id:
            raise BadRequest("The path names another collection: leave collections out, or use /search.")
        path = f"collections/{quote(collection_id, safe='')}/items"
        search = {**parameters, "collections": [collection_id]}
        return await self._search(search, request, lambda token: page_links(request, path, token, GEOJSON))

    async def get_search(self, *, request: Request, **_: Any) -> Response:
        """GET /search."""
        parameters = _query_parameters(request)
        return await self._search(parameters, request, lambda token: page_links(request, "search", token, GEOJSON))

    async def post_search(self, search_request: SearchPost, *, request: Request, **_: Any) -> Response:
        """POST /search."""
        base, body = base_of(request), search_request.root
        if isinstance(body.get("bbox"), str):
            raise BadRequest("In the body of a POST, bbox is a list of numbers, not a string.")
        return await self._search(body, request, lambda token: posted_links(base, "search", body, token))

    async def explain(self, *, request: Request, body: dict[str, Any] | None = None) -> Response:
        """GET and POST /explain: the M2M requests that the same search would make."""
        search = await _parse(_query_parameters(request) if body is None else body, self.limits, request)
        return respond(await self.bridge.explain(search), request)

    def _collection_page(self, search: CollectionSearch, catalog: Catalog, base: str) -> CollectionPage:
        entries: list[Entry | Together] = [*catalog.entries.values(), *catalog.unions.values()]
        return search.page([self._collection(entry, base) for entry in entries])

    def _collection(self, entry: Entry | Together, base: str) -> dict[str, Any]:
        members = entry.members if isinstance(entry, Together) else (entry,)
        document = union_collection(entry, base) if isinstance(entry, Together) else collection(entry, base)
        messages = self.bridge.notices.about([member.dataset.alias for member in members])
        return with_messages(document, messages, base)

    async def _search(
        self, parameters: dict[str, Any], request: Request, links: Callable[[str | None], list[dict[str, Any]]]
    ) -> Response:
        """A page of Items; if no scene matched within the call budget, a problem whose ``next`` link continues."""
        base = base_of(request)
        search = await _parse(parameters, self.limits, request)
        try:
            page, token = await self.bridge.search(search)
        except SearchTooWide as error:
            return too_wide_response(error, base, links(error.token))
        features, pauses = [], Pauses()
        for match in page.items:
            await pauses.pause_if_due()
            features.append(match.item(base, self.signer, search.fields))
        document: dict[str, Any] = {"type": "FeatureCollection", "features": features, "links": links(token)}
        if page.matched is not None:
            document["numberMatched"] = page.matched
        document["numberReturned"] = len(features)
        # In a thread, because a page can have megabytes, whose hash is its ETag.
        response_of = partial(respond, document, request, media_type=GEOJSON, max_age=self.max_age)
        response = await asyncio.to_thread(response_of) if len(features) > _LARGE_PAGE else response_of()
        add_warnings(response, page.warnings)
        return response


async def _parse(parameters: dict[str, Any], limits: Limits, request: Request) -> Search:
    """The search; in a thread if it is long. Raises BadRequest."""
    is_long = len(request.scope["query_string"]) + len(await request.body()) > LONG_SEARCH
    return await in_thread_if(is_long, parse, parameters, limits)


def _query_parameters(request: Request) -> dict[str, str]:
    """The query of a GET. Lists may be spread over repeated parameters; repeating any other raises BadRequest."""
    parameters: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name in parameters and name not in _LISTS:
            raise BadRequest(f"{name} appears twice in the URL; pass it once.")
        parameters.setdefault(name, []).append(value)
    return {name: ",".join(values) for name, values in parameters.items()}


def add_stac_routes(app: FastAPI, client: CoreClient) -> None:
    """Adds the routes of the STAC API to ``app``, and gives ``client`` the app's title and description."""
    _StacApi(
        settings=_framework_settings(app),
        client=client,
        app=app,
        router=APIRouter(route_class=JsonRoute),
        title=app.title,
        description=app.description,
        stac_version=_STAC_VERSION,
        search_get_request_model=SearchGet,
        search_post_request_model=SearchPost,
        items_get_request_model=ItemsGet,
        collections_get_request_model=CollectionsGet,
        middlewares=[],
    )


class _StacApi(StacApi):
    def add_health_check(self) -> None:
        """Adds none: ``routes/health.py`` does."""


def _framework_settings(app: FastAPI) -> ApiSettings:
    """Everything stac-fastapi would otherwise read from environment variables or a file."""
    return ApiSettings(
        _env_file=None,
        stac_fastapi_title=app.title,
        stac_fastapi_description=app.description,
        stac_fastapi_version=app.version,
        stac_fastapi_landing_id=app.title,
        enable_response_models=False,
        enable_direct_response=False,
        openapi_url="/api",
        docs_url="/api.html",
        root_path="",
    )
