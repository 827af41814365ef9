"""The ASGI application: routes and middleware around the services."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from fastapi import FastAPI
from starlette.middleware import Middleware

from stac_bridge import __version__
from stac_bridge.api.errors import DOCUMENTED, add_handlers
from stac_bridge.api.metrics import Metrics, metrics_route
from stac_bridge.api.middleware.access_log import AccessLog
from stac_bridge.api.middleware.client_address import TrustedProxies
from stac_bridge.api.middleware.compression import CompressPages
from stac_bridge.api.middleware.cors import Cors
from stac_bridge.api.middleware.cost import Cost
from stac_bridge.api.middleware.disconnect import CancelOnDisconnect
from stac_bridge.api.middleware.head import HeadAsGet
from stac_bridge.api.middleware.last_resort import LastResort
from stac_bridge.api.middleware.public_address import PublicAddress
from stac_bridge.api.middleware.rate_limit import RateLimit
from stac_bridge.api.middleware.security_headers import SecurityHeaders
from stac_bridge.api.routes.assets import asset_route
from stac_bridge.api.routes.browser import BUILT, browser_routes, pictures
from stac_bridge.api.routes.explain import explain_routes
from stac_bridge.api.routes.extension_schema import schema_route
from stac_bridge.api.routes.health import health_routes
from stac_bridge.api.routes.openapi import serve_openapi
from stac_bridge.api.routes.queryables import SchemaPages
from stac_bridge.api.routes.sign import sign_routes
from stac_bridge.api.routes.stac import CoreClient, add_stac_routes
from stac_bridge.api.services import Overrides, build_services
from stac_bridge.api.staging import handle_staging
from stac_bridge.errors import Staging
from stac_bridge.settings import Settings

TITLE = "stac-bridge"
DESCRIPTION = "A live STAC API over the USGS/EROS archive: no data is copied, every response comes from M2M."


def create_app(
    settings: Settings, *, notice: str = "", browser: Path = BUILT, **overrides: Unpack[Overrides]
) -> FastAPI:
    """Builds the server.

    ``notice`` is added to the description on the landing page and in the OpenAPI document; ``browser`` is the folder
    of the built STAC Browser; for the other parameters see ``Overrides``. Raises BridgeError.
    """
    services = build_services(settings, **overrides)
    bridge, signer = services.bridge, services.signer
    app = FastAPI(
        title=TITLE,
        version=__version__,
        description=f"{DESCRIPTION} {notice}".strip(),
        openapi_url="/api",
        docs_url=None,
        redoc_url=None,
        responses=DOCUMENTED,
        lifespan=lambda _app: services.running(),
        middleware=_middleware(settings, services.metrics),
    )
    client = CoreClient(
        bridge=bridge,
        signer=signer,
        limits=services.limits,
        max_age=settings.cache_ttl,
        browser=browser,
    )
    add_stac_routes(app, client)
    # These go before the STAC routes: readers request assets most often, and routes are tried in order.
    assets = asset_route(bridge, signer, services.streamer, settings.delivery, services.metrics.record_resolution)
    app.router.routes[:0] = [*browser_routes(settings, TITLE, browser), pictures(), assets, schema_route()]
    app.include_router(explain_routes(client))
    app.include_router(sign_routes(signer))
    SchemaPages(bridge, settings.cache_ttl, settings.max_collections).add_to(app)
    app.include_router(health_routes(services))
    if settings.metrics:
        app.router.routes.append(metrics_route(services.metrics.exposition))
    add_handlers(app)
    app.add_exception_handler(Staging, handle_staging)
    serve_openapi(app)
    return app


def _middleware(settings: Settings, metrics: Metrics) -> list[Middleware]:
    """The middleware, outermost first: a request passes it from top to bottom, the response from bottom to top."""
    return [
        Middleware(TrustedProxies, trusted=settings.trusted_proxies),
        Middleware(AccessLog, metrics=metrics),
        Middleware(Cors),
        Middleware(SecurityHeaders),
        Middleware(Cost, seconds=settings.deadline),
        Middleware(RateLimit, rate=settings.rate, max_url=settings.max_url),
        Middleware(CancelOnDisconnect, max_body=settings.max_body, by_path={"/sign": settings.max_sign_body}),
        Middleware(LastResort),
        Middleware(HeadAsGet),
        Middleware(CompressPages),
        Middleware(PublicAddress, public_url=str(settings.public_url) if settings.public_url else None),
    ]
