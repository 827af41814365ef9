"""/_mgmt/ping and /_mgmt/health: how the server does, told from what is known; M2M is not asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from stac_bridge import __version__

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stac_bridge.api.m2m_health import Pulse
    from stac_bridge.bridge import Bridge
    from stac_bridge.catalog.live import LiveCatalog
    from stac_bridge.store import Health as StoreState
    from stac_bridge.store import Store

__all__ = ["Health", "Status", "Witness", "health_routes"]


class Status(StrEnum):
    """``degraded`` answers, but not all or not from fresh knowledge; ``down`` answers nothing that is worth it."""

    ok = "ok"
    degraded = "degraded"
    down = "down"


class StoreHealth(BaseModel):
    """Where workers share what they know: ``degraded`` where each goes on with what it knows itself."""

    kind: str
    status: Literal["ok", "degraded"]


class CatalogueHealth(BaseModel):
    """The list of datasets; ``age`` in seconds, None where there is none."""

    datasets: int
    age: float | None
    stale: bool


class M2MHealth(BaseModel):
    """By the last calls; None where none was made yet. ``last_answer`` is its age in seconds."""

    reachable: bool | None
    last_answer: float | None
    breaker: str
    waiting: int
    account: Literal["accepted", "refused", "unknown"]


class Health(BaseModel):
    """What /_mgmt/health says."""

    status: Status
    version: str = Field(default=__version__)
    role: Literal["search-only", "download", "unknown"]
    store: StoreHealth
    catalogue: CatalogueHealth
    m2m: M2MHealth


class Queue(Protocol):
    """What is asked of the gate."""

    @property
    def waiting(self) -> int:
        """Requests that wait for their turn."""
        ...


class Switch(Protocol):
    """What is asked of the breaker."""

    @property
    def state(self) -> str:
        """closed, open or half-open."""
        ...


@dataclass(frozen=True)
class Witness:
    """Those who know."""

    bridge: Bridge
    catalogue: LiveCatalog
    pulse: Pulse
    gate: Queue
    breaker: Switch
    store: Store

    async def health(self) -> Health:
        """How all of it does now."""
        m2m, catalogue, store = self._m2m(), self._catalogue(), _store(await self.store.health())
        status = status_of(store, catalogue, m2m)
        return Health(status=status, role=self.bridge.role, store=store, catalogue=catalogue, m2m=m2m)

    def _m2m(self) -> M2MHealth:
        pulse = self.pulse
        accepted = "unknown" if pulse.age is None else "refused" if pulse.refused else "accepted"
        return M2MHealth(
            reachable=pulse.reachable,
            last_answer=_rounded(pulse.age),
            breaker=str(self.breaker.state),
            waiting=self.gate.waiting,
            account=accepted,
        )

    def _catalogue(self) -> CatalogueHealth:
        known = self.catalogue
        return CatalogueHealth(datasets=known.size, age=_rounded(known.age), stale=known.is_stale)


def status_of(store: StoreHealth, catalogue: CatalogueHealth, m2m: M2MHealth) -> Status:
    """Down where no question can be answered, degraded where some cannot, or only from what was known before."""
    if m2m.account == "refused" or catalogue.age is None:
        return Status.down
    ill = store.status != "ok" or catalogue.stale or m2m.reachable is False or m2m.breaker != "closed"
    return Status.degraded if ill else Status.ok


def _store(told: StoreState) -> StoreHealth:
    """Why it is degraded stands in the log: the reason may name machines."""
    return StoreHealth(kind=told.kind, status=told.state)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def health_routes(health: Callable[[], Awaitable[Health]]) -> APIRouter:
    """Both pages."""
    router = APIRouter(tags=["Health"])

    @router.get("/_mgmt/ping", summary="Ping")
    async def ping() -> dict[str, str]:
        """Whether the server answers at all."""
        return {"message": "PONG"}

    down: dict[int | str, dict[str, Any]] = {
        503: {"description": "M2M refuses the account, or there is no list of datasets yet.", "model": Health}
    }

    @router.get("/_mgmt/health", summary="Health", response_model=Health, responses=down)
    async def told() -> Response:
        """How the server does; ok and degraded are 200, down is 503."""
        return _answer((await health()).model_dump(mode="json"))

    return router


def _answer(said: dict[str, Any]) -> Response:
    status = 503 if said["status"] == Status.down else 200
    return Response(orjson.dumps(said), status, {"Cache-Control": "no-store"}, media_type="application/json")
