"""Settings → a server: every piece made once and handed to those that need it."""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import orjson
from brotli_asgi import BrotliMiddleware
from fastapi import FastAPI
from stac_fastapi.api.app import StacApi
from stac_fastapi.types.config import ApiSettings
from starlette.middleware import Middleware
from starlette.responses import Response

from stac_bridge import __version__
from stac_bridge.api.assets import asset_route
from stac_bridge.api.browser import browser_routes, pictures
from stac_bridge.api.client import Client
from stac_bridge.api.errors import DOCUMENTED, add_handlers
from stac_bridge.api.explain import explain_routes
from stac_bridge.api.extension import schema_route
from stac_bridge.api.links import OPENAPI
from stac_bridge.api.middleware import Cors, Cost, HeadAsGet, LastResort
from stac_bridge.api.models import CollectionsGet, ItemsGet, SearchGet, SearchPost
from stac_bridge.api.schemas import SchemaPages
from stac_bridge.api.sign import sign_routes
from stac_bridge.api.staging import staging_answer
from stac_bridge.bridge import Bridge, Catalogue, SceneReader
from stac_bridge.delivery import Alive, Archive, Hosts, Resolver, Signer, Spool, Streamer, load_keys
from stac_bridge.errors import Staging
from stac_bridge.m2m.client import M2MClient
from stac_bridge.mapping import load_mappings
from stac_bridge.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

    from stac_bridge.settings import Settings

__all__ = ["create_app"]

_TITLE = "stac-bridge"
_LABEL = "stac-bridge"
_DESCRIPTION = "A live STAC API over the USGS/EROS archive: nothing is copied, every answer is asked of M2M."


def create_app(
    settings: Settings,
    *,
    notice: str = "",
    transport: httpx.AsyncBaseTransport | None = None,
    download_transport: httpx.AsyncBaseTransport | None = None,
    own_origin: str | None = None,
    keep_in: Path | None = None,
) -> FastAPI:
    """The server. ``notice`` is told on the landing page and in the OpenAPI description.

    ``transport`` carries the requests to M2M, ``download_transport`` those to the hosts of files; ``own_origin``
    is where downloads may come from besides the settings' allow-list, which is how the embedded sandbox hands
    out its own; ``keep_in`` is the folder for what is kept of this M2M service (one below the data folder
    unless told). Raises BridgeError.
    """
    keys = load_keys([key.get_secret_value() for key in settings.signing_keys], settings.data_dir)
    m2m = M2MClient(
        str(settings.m2m_url),
        settings.m2m_username,
        settings.m2m_token.get_secret_value(),
        timeout=settings.m2m_timeout,
        transport=transport,
    )
    folder = keep_in or settings.data_dir / _folder_name(str(settings.m2m_url))
    store, http = Store(), httpx.AsyncClient(timeout=settings.m2m_timeout, transport=download_transport)
    hosts, spool = _hosts(settings, own_origin), Spool(folder / "spool", settings.spool_bytes)
    archive = Archive(http, spool, store)
    resolver = Resolver(m2m, store, http, hosts, label=_LABEL, url_ttl=settings.url_ttl, archive=archive)
    catalogue = Catalogue(
        m2m,
        load_mappings(settings.mappings),
        store,
        kept_at=folder / "catalogue.json",
        groups=settings.catalogs,
        ttl=settings.catalog_ttl,
    )
    reader = SceneReader(m2m, store, settings.cache_ttl)
    bridge = Bridge(m2m, catalogue, reader, resolver, keys=keys, deadline=settings.deadline)
    streamer = Streamer(http, spool, Alive(http, hosts, store))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await spool.start()
        await bridge.start()
        yield
        await bridge.stop()
        await spool.stop()
        await http.aclose()

    public_url = str(settings.public_url) if settings.public_url else None
    signer = Signer(keys, settings.href_lifetime)
    description = f"{_DESCRIPTION} {notice}".strip()
    app = FastAPI(
        title=_TITLE,
        version=__version__,
        description=description,
        openapi_url="/api",
        docs_url="/api.html",
        redoc_url=None,
        responses=DOCUMENTED,
        lifespan=lifespan,
    )
    client = Client(
        bridge=bridge,
        signer=signer,
        max_items=settings.max_items,
        max_age=settings.cache_ttl,
        public_url=public_url,
    )
    StacApi(
        settings=_framework_settings(),
        client=client,
        app=app,
        title=_TITLE,
        description=description,
        stac_version="1.1.0",
        search_get_request_model=SearchGet,
        search_post_request_model=SearchPost,
        items_get_request_model=ItemsGet,
        collections_get_request_model=CollectionsGet,
        middlewares=_middlewares(settings),
    )
    app.router.routes.insert(0, schema_route())
    app.router.routes.insert(0, asset_route(bridge, signer, streamer, settings.delivery))
    app.router.routes[:0] = [*browser_routes(settings, _TITLE), pictures()]
    app.include_router(explain_routes(client))
    app.include_router(sign_routes(signer, public_url))
    SchemaPages(bridge, public_url, settings.cache_ttl).serve(app)
    add_handlers(app)
    app.add_exception_handler(Staging, staging_answer(public_url))
    _serve_openapi(app)
    return app


def _framework_settings() -> ApiSettings:
    """All that stac-fastapi would otherwise read from the environment or from a file."""
    return ApiSettings(
        _env_file=None,
        stac_fastapi_title=_TITLE,
        stac_fastapi_description=_DESCRIPTION,
        stac_fastapi_version=__version__,
        stac_fastapi_landing_id=_TITLE,
        enable_response_models=False,
        enable_direct_response=False,
        openapi_url="/api",
        docs_url="/api.html",
        root_path="",
    )


def _middlewares(settings: Settings) -> list[Middleware]:
    """From the innermost to the outermost, which is how stac-fastapi takes them."""
    return [
        Middleware(BrotliMiddleware, excluded_handlers=[r"/collections/[^/]+/items/[^/]+/assets/"]),
        Middleware(HeadAsGet),
        Middleware(LastResort),
        Middleware(Cost, seconds=settings.deadline),
        Middleware(Cors),
    ]


def _hosts(settings: Settings, own_origin: str | None) -> Hosts:
    """The allow-list: what a person listed may go without TLS, what stands there by default may not."""
    listed = settings.download_hosts if "download_hosts" in settings.model_fields_set else ()
    return Hosts(settings.download_hosts, listed, own_origin)


def _folder_name(m2m_url: str) -> str:
    """A folder for each M2M service, so that one never answers with what was kept of another."""
    return hashlib.sha256(m2m_url.encode()).hexdigest()[:12]


def _as_answered(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI documents a 422 for every parameter; here whatever cannot be read is a 400."""
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    return document


def _serve_openapi(app: FastAPI) -> None:
    """The OpenAPI document under the version that it is written in; stac-fastapi names another."""
    app.router.routes = [route for route in app.router.routes if getattr(route, "path", "") != app.openapi_url]

    async def openapi(_request: Request) -> Response:
        return Response(orjson.dumps(_as_answered(app.openapi())), media_type=OPENAPI)

    app.add_route("/api", openapi, include_in_schema=False)
