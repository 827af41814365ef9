"""/_mgmt/ping and /_mgmt/health: the server's state from what it already knows, without calling M2M."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from stac_bridge import __version__
from stac_bridge.api.services import Services


class Status(StrEnum):
    """Overall state.

    ``degraded`` answers requests, but not all of them or not from fresh data; ``down`` can answer none.
    """

    ok = "ok"
    degraded = "degraded"
    down = "down"


class StoreHealth(BaseModel):
    """The store that workers share. ``degraded``: each worker uses only its own memory."""

    kind: str
    status: Literal["ok", "degraded"]


class CatalogHealth(BaseModel):
    """The list of datasets. ``age`` in seconds, None if there is no list."""

    datasets: int
    age: float | None
    stale: bool


class M2MHealth(BaseModel):
    """Outcome of the latest calls; None before the first. ``last_answer`` is seconds since M2M last answered."""

    reachable: bool | None
    last_answer: float | None
    breaker: str
    waiting: int
    account: Literal["accepted", "refused", "unknown"]


class Health(BaseModel):
    """The document at /_mgmt/health."""

    status: Status
    version: str = Field(default=__version__)
    role: Literal["search-only", "download", "unknown"]
    store: StoreHealth
    catalog: CatalogHealth
    m2m: M2MHealth


def health_routes(services: Services) -> APIRouter:
    """Both routes."""
    router = APIRouter(tags=["Health"])

    @router.get("/_mgmt/ping", summary="Ping")
    async def ping() -> dict[str, str]:
        """Whether the server responds at all."""
        return {"message": "PONG"}

    down: dict[int | str, dict[str, Any]] = {
        503: {"description": "M2M refuses the account, or there is no list of datasets yet.", "model": Health}
    }

    @router.get("/_mgmt/health", summary="Health", response_model=Health, responses=down)
    async def health() -> Response:
        """The state of the server: 200 if ok or degraded, 503 if down."""
        document = (await check_health(services)).model_dump(mode="json")
        status_code = 503 if document["status"] == Status.down else 200
        headers = {"Cache-Control": "no-store"}
        return Response(orjson.dumps(document), status_code, headers, media_type="application/json")

    return router


async def check_health(services: Services) -> Health:
    """Collects the current state of all parts."""
    state = await services.store.health()
    # The reason for a degraded store is only logged, because it may contain host names.
    store = StoreHealth(kind=state.kind, status=state.state)
    known = services.catalog
    catalog = CatalogHealth(datasets=known.size, age=_rounded(known.age), stale=known.is_stale)
    m2m = _m2m_health(services)
    status = status_of(store, catalog, m2m)
    return Health(status=status, role=services.bridge.role, store=store, catalog=catalog, m2m=m2m)


def _m2m_health(services: Services) -> M2MHealth:
    calls = services.m2m_status
    return M2MHealth(
        reachable=calls.reachable,
        last_answer=_rounded(calls.age),
        breaker=str(services.breaker.state),
        waiting=services.gate.waiting,
        account="unknown" if calls.age is None else "refused" if calls.refused else "accepted",
    )


def status_of(store: StoreHealth, catalog: CatalogHealth, m2m: M2MHealth) -> Status:
    """The overall status: down without an account or a catalog, degraded if any part is not in order."""
    if m2m.account == "refused" or catalog.age is None:
        return Status.down
    ok = store.status == "ok" and not catalog.stale and m2m.reachable is not False and m2m.breaker == "closed"
    return Status.ok if ok else Status.degraded


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
