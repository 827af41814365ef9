"""Settings → a server: every piece made once and handed to those that need it."""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import orjson
from brotli_asgi import BrotliMiddleware
from fastapi import APIRouter, FastAPI
from stac_fastapi.api.app import StacApi
from stac_fastapi.types.config import ApiSettings
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

from stac_bridge import __version__
from stac_bridge.api.assets import asset_route
from stac_bridge.api.browser import BUILT, browser_routes, pictures
from stac_bridge.api.callers import Proxied
from stac_bridge.api.client import Client
from stac_bridge.api.errors import DOCUMENTED, add_handlers
from stac_bridge.api.explain import explain_routes
from stac_bridge.api.extension import schema_route
from stac_bridge.api.hang_up import HangUp
from stac_bridge.api.health import Witness, health_routes
from stac_bridge.api.json_body import JsonRoute
from stac_bridge.api.links import OPENAPI
from stac_bridge.api.metrics import Metrics, metrics_route
from stac_bridge.api.middleware import ButAssets, Cors, Cost, HeadAsGet, LastResort
from stac_bridge.api.models import CollectionsGet, ItemsGet, SearchGet, SearchPost
from stac_bridge.api.observed import Observed
from stac_bridge.api.pulse import Pulse, log_call
from stac_bridge.api.rate import Limited
from stac_bridge.api.respond import JSON
from stac_bridge.api.schemas import SchemaPages
from stac_bridge.api.sign import sign_routes
from stac_bridge.api.staging import staging_answer
from stac_bridge.bridge import Bridge, Catalogue, Notices, SceneReader
from stac_bridge.delivery import PATIENT, Alive, Archive, Hosts, Patience, Resolver, Signer, Spool, Streamer, load_keys
from stac_bridge.errors import Staging
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.gate import Gate
from stac_bridge.mapping import load_mappings
from stac_bridge.search import Limits
from stac_bridge.store import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.requests import Request

    from stac_bridge.m2m.breaker import Breaker
    from stac_bridge.m2m.calls import Call
    from stac_bridge.m2m.client import Backoff
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
    backoff: Backoff | None = None,
    breaker: Breaker | None = None,
    patience: Patience = PATIENT,
    browser: Path = BUILT,
) -> FastAPI:
    """The server. ``notice`` is told on the landing page and in the OpenAPI description.

    ``transport`` carries the requests to M2M, ``download_transport`` those to the hosts of files; ``own_origin``
    is where downloads may come from besides the settings' allow-list, which is how the embedded sandbox hands
    out its own; ``keep_in`` is the folder for what is kept of this M2M service (one below the data folder
    unless told); ``backoff`` is how a call that failed is tried again, ``breaker`` how long M2M is left alone when it
    is down; ``patience`` is what is waited for the hosts of files; ``browser`` is the folder of the built STAC Browser.
    Raises BridgeError.
    """
    keys = load_keys([key.get_secret_value() for key in settings.signing_keys], settings.data_dir)
    metrics, pulse = Metrics(), Pulse()
    account = (str(settings.m2m_url), settings.m2m_username)
    sharing = open_store(settings.store, account=account, secrets=keys, listener=metrics.looked_up)
    m2m = M2MClient(
        str(settings.m2m_url),
        settings.m2m_username,
        settings.m2m_token.get_secret_value(),
        timeout=settings.m2m_timeout,
        transport=transport,
        backoff=backoff,
        breaker=breaker,
        gate=Gate(settings.queue, sharing.slot),
        keys=sharing.key,
        listener=_all_of(metrics.called, pulse.heard, log_call),
    )
    folder = keep_in or settings.data_dir / _folder_name(str(settings.m2m_url))
    store, http = sharing.store, httpx.AsyncClient(timeout=settings.m2m_timeout, transport=download_transport)
    hosts, spool = _hosts(settings, own_origin), Spool(folder / "spool", settings.spool_bytes, patience)
    archive = Archive(http, spool, store, patience)
    resolver = Resolver(
        m2m, store, http, hosts, label=_LABEL, url_ttl=settings.url_ttl, archive=archive, stale=settings.stale_ttl
    )
    catalogue = Catalogue(
        m2m,
        load_mappings(settings.mappings),
        store,
        kept_at=folder / "catalogue.json",
        groups=settings.catalogs,
        ttl=settings.catalog_ttl,
        stale=settings.stale_ttl,
    )
    reader = SceneReader(m2m, store, settings.cache_ttl, settings.stale_ttl)
    notices = Notices(m2m, store, settings.catalogs, settings.notices_ttl)
    bridge = Bridge(
        m2m,
        catalogue,
        reader,
        resolver,
        notices,
        keys=keys,
        deadline=settings.deadline,
        max_collections=settings.max_collections,
        told=metrics.sought,
        logs_out=sharing.key is None,
    )
    streamer = Streamer(http, spool, Alive(http, hosts, store, patience), patience)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await spool.start()
        await bridge.start()
        yield
        await bridge.stop()
        await spool.stop()
        await http.aclose()
        await store.aclose()
        metrics.close()

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
        limits=_limits(settings),
        max_age=settings.cache_ttl,
        public_url=public_url,
        browser=browser,
    )
    _Api(
        settings=_framework_settings(),
        client=client,
        app=app,
        router=APIRouter(route_class=JsonRoute),
        title=_TITLE,
        description=description,
        stac_version="1.1.0",
        search_get_request_model=SearchGet,
        search_post_request_model=SearchPost,
        items_get_request_model=ItemsGet,
        collections_get_request_model=CollectionsGet,
        middlewares=_middlewares(settings, metrics),
    )
    app.router.routes.insert(0, schema_route())
    app.router.routes.insert(0, asset_route(bridge, signer, streamer, settings.delivery, metrics.resolved))
    app.router.routes[:0] = [*browser_routes(settings, _TITLE, browser), pictures()]
    app.include_router(explain_routes(client))
    app.include_router(sign_routes(signer, public_url))
    SchemaPages(bridge, public_url, settings.cache_ttl).serve(app)
    app.include_router(health_routes(Witness(bridge, catalogue, pulse, m2m.gate, m2m.breaker, store).health))
    if settings.metrics:
        app.router.routes.append(metrics_route(metrics.exposition))
    add_handlers(app)
    app.add_exception_handler(Staging, staging_answer(public_url))
    _serve_openapi(app)
    return app


class _Api(StacApi):
    """stac-fastapi's routes, but for its health check, which knows nothing of ours."""

    def add_health_check(self) -> None:
        """See ``health_routes``."""


def _all_of(*listeners: Callable[[Call], None]) -> Callable[[Call], None]:
    def heard(call: Call) -> None:
        for listener in listeners:
            listener(call)

    return heard


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


def _middlewares(settings: Settings, metrics: Metrics) -> list[Middleware]:
    """From the innermost to the outermost, which is how stac-fastapi takes them."""
    return [
        # the lowest qualities worth having: a fifth of the time, or a third, for a tenth more bytes, or the half
        Middleware(ButAssets, through=BrotliMiddleware, quality=1, gzip_fallback=False),
        Middleware(ButAssets, through=GZipMiddleware, compresslevel=3),
        Middleware(HeadAsGet),
        Middleware(LastResort),
        Middleware(HangUp, most=settings.max_body, larger={"/sign": settings.max_sign_body}),
        Middleware(Limited, rate=settings.rate, longest=settings.max_url),
        Middleware(Cost, seconds=settings.deadline),
        Middleware(Cors),
        Middleware(Observed, metrics=metrics),
        Middleware(Proxied, trusted=settings.trusted_proxies),
    ]


def _limits(settings: Settings) -> Limits:
    return Limits(
        items=settings.max_items,
        ids=settings.max_ids,
        collections=settings.max_collections,
        vertices=settings.max_vertices,
        filter=settings.max_filter,
        depth=settings.max_depth,
    )


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
    """The OpenAPI document under the version that it is written in; stac-fastapi names another.

    Those who ask for JSON and do not know of that version, as GDAL's OAPIF does, get it as JSON.
    """
    app.router.routes = [route for route in app.router.routes if getattr(route, "path", "") != app.openapi_url]

    async def openapi(request: Request) -> Response:
        wanted = request.headers.get("accept", "")
        kind = JSON if JSON in wanted and OPENAPI not in wanted else OPENAPI
        return Response(orjson.dumps(_as_answered(app.openapi())), headers={"Vary": "Accept"}, media_type=kind)

    app.add_route("/api", openapi, include_in_schema=False)
