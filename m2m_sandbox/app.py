"""The sandbox as an ASGI app: M2M's JSON API, and the hosts that its download URLs point at."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from m2m_sandbox.api.accounts import Accounts
from m2m_sandbox.api.endpoints import Service, existing
from m2m_sandbox.api.errors import Refusal
from m2m_sandbox.archive.landsat.scenes import BASE
from m2m_sandbox.downloads.queue import Downloads
from m2m_sandbox.downloads.quotas import Quotas
from m2m_sandbox.faults.active import Faults
from m2m_sandbox.faults.injection import LATENCY, places, struck
from m2m_sandbox.faults.kinds import KeysLost
from m2m_sandbox.faults.routes import fault_routes
from m2m_sandbox.files.routes import FileRoutes
from m2m_sandbox.files.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from m2m_sandbox.downloads.download import Queued

__all__ = ["Sandbox", "create_sandbox"]

_API = "/api/api/json/{version}/{endpoint}"
_NO_LIMITS = Quotas()


def create_sandbox(
    *,
    base_url: str,
    api_latency: float = 0,
    key_lifetime: float = 7200,
    url_lifetime: float = 3600,
    staging_seconds: float = 2,
    faults: bool = False,
    quotas: Quotas = _NO_LIMITS,
    parallel: int = 10,
    clock: Callable[[], float] = time.time,
) -> Sandbox:
    """A sandbox that is reached at ``base_url`` (without a last slash).

    Times are in seconds: how long an answer takes at least, how long a key lives after its last use, how long a
    signed URL is good for, how long the dds host stages a file. ``faults`` opens ``/__sandbox/`` to everybody who
    reaches the sandbox; ``parallel`` is how many files the dds host gives an account at once.
    """
    base = base_url.rstrip("/")
    standing = Faults()
    downloads = Downloads(staging_seconds, quotas, Signer(url_lifetime, clock), standing, clock)
    parts = _Parts(
        Accounts(key_lifetime, clock), Service(downloads, clock), FileRoutes(downloads, base, parallel), standing
    )
    return Sandbox(base, parts, api_latency, open_to_all=faults)


@dataclass(frozen=True)
class _Parts:
    """What a sandbox is made of."""

    accounts: Accounts
    service: Service
    files: FileRoutes
    faults: Faults


class Sandbox:
    """The app. ``calls`` lists the endpoints asked so far, ``downloads`` the files fetched; ``faults`` may be added."""

    def __init__(self, base: str, parts: _Parts, latency: float, *, open_to_all: bool) -> None:
        self.calls: list[str] = []
        self.downloads = parts.files.served
        self.faults = parts.faults
        self._base = base
        self._accounts = parts.accounts
        self._service = parts.service
        self._latency = latency
        more = [*fault_routes(parts.faults), Route("/__sandbox/seen", self._seen)] if open_to_all else []
        self._app = Starlette(
            routes=[
                Route(_API, self._answer, methods=["GET", "POST"]),
                Route(_API + "/", self._answer, methods=["GET", "POST"]),
                *parts.files.routes,
                Route("/login", lambda _request: HTMLResponse("<html><title>Sign in</title>Sign in to go on.</html>")),
                *more,
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. The faults that strike a request lie around the app, the first of them outermost."""
        app: ASGIApp = self._app
        if scope["type"] == "http":
            where = places(scope["path"].removeprefix(scope.get("root_path", "")))
            for standing in reversed(self.faults.striking(where)):
                if isinstance(standing.fault, KeysLost):
                    self._accounts.forget_all()
                app = struck(app, standing)
        await app(scope, receive, send)

    @property
    def in_flight_max(self) -> int:
        """The most requests of one account that ever ran at once; M2M allows one."""
        return self._accounts.most_at_once

    def queue(self) -> list[Queued]:
        """Everybody's downloads, as they stand."""
        return self._service.queue()

    async def _seen(self, _request: Request) -> Response:
        """How often each endpoint was asked, and what an account had in flight and was refused for.

        Of what was refused, that beside a request whose asker had gone is told apart: nobody could know of it.
        """
        said = {
            "calls": Counter(self.calls),
            "in_flight_max": self.in_flight_max,
            "refused_parallel": self._accounts.refused,
            "refused_beside_left": self._accounts.refused_beside_left,
        }
        return JSONResponse(said)

    async def _answer(self, request: Request) -> Response:
        endpoint = request.path_params["endpoint"]
        self.calls.append(endpoint)
        try:
            data = await self._data(existing(endpoint), await _payload(request), request)
        except Refusal as refusal:
            return self._envelope(None, refusal)
        return self._envelope(data, None)

    async def _data(self, endpoint: str, payload: dict[str, Any], request: Request) -> Any:
        key = request.headers.get("x-auth-token")
        takes = self._latency + request.scope.get(LATENCY, 0)
        if endpoint == "login-token":
            account = self._accounts.log_in(payload, request.client.host if request.client else "127.0.0.1")
            async with self._accounts.turn(account, request.is_disconnected):
                await asyncio.sleep(takes)
                return self._accounts.new_key(account)
        account = self._accounts.of_key(key)
        async with self._accounts.turn(account, request.is_disconnected):
            await asyncio.sleep(takes)
            if endpoint == "logout":
                return self._accounts.forget(key)
            return await run_in_threadpool(self._service.answer, endpoint, account, payload)

    def _envelope(self, data: Any, refusal: Refusal | None) -> Response:
        said = {
            "requestId": 100_000_000 + len(self.calls),
            "version": "stable",
            "sessionId": 40_000_000,
            "data": data,
            "errorCode": refusal.code if refusal else None,
            "errorMessage": refusal.message if refusal else None,
        }
        body = orjson.dumps(said).replace(BASE.encode(), self._base.encode())
        return Response(body, refusal.status if refusal else 200, media_type="application/json")


async def _payload(request: Request) -> dict[str, Any]:
    """The body, of a GET too; nothing and ``null`` are as good as an empty object. Raises Refusal."""
    if request.path_params["version"] != "stable":
        raise Refusal("VERSION_UNKNOWN", "The version is unknown; the sandbox speaks stable")
    body = await request.body()
    try:
        said = orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        raise Refusal("INPUT_FORMAT", "The request is not valid JSON") from None
    return said if isinstance(said, dict) else {}
