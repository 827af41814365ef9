"""The sandbox as an ASGI app: M2M's JSON API, and the hosts that its download URLs point to."""

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
from m2m_sandbox.api.endpoints import Service, check_endpoint
from m2m_sandbox.api.errors import EndpointError
from m2m_sandbox.archive.landsat.scenes import BASE
from m2m_sandbox.downloads.queue import DownloadQueue
from m2m_sandbox.downloads.quotas import Quotas
from m2m_sandbox.faults.active import Faults
from m2m_sandbox.faults.injection import LATENCY, request_targets, with_fault
from m2m_sandbox.faults.kinds import KeysLost
from m2m_sandbox.faults.routes import fault_routes
from m2m_sandbox.files.routes import FileRoutes
from m2m_sandbox.files.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from m2m_sandbox.downloads.download import QueuedDownload

_API_ROUTE = "/api/api/json/{version}/{endpoint}"
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
    """Create a sandbox.

    Args:
        base_url: the URL at which clients reach the sandbox; it is the base of the URLs in responses.
        api_latency: minimum duration of an API response, in seconds.
        key_lifetime: seconds after its last use when an API key expires.
        url_lifetime: seconds for which a signed URL is valid.
        staging_seconds: how long the dds host stages a file.
        faults: whether ``/__sandbox/`` is served, where any client may add faults.
        quotas: the download quotas of each account and each IP address.
        parallel: maximum number of files that an account may read from the dds host at a time.
        clock: the current time, in seconds since 1970.
    """
    base = base_url.rstrip("/")
    active = Faults()
    downloads = DownloadQueue(staging_seconds, quotas, Signer(url_lifetime, clock), active, clock)
    parts = _Parts(
        Accounts(key_lifetime, clock), Service(downloads, clock), FileRoutes(downloads, base, parallel), active
    )
    return Sandbox(base, parts, api_latency, control=faults)


@dataclass(frozen=True)
class _Parts:
    """The parts of a sandbox."""

    accounts: Accounts
    service: Service
    files: FileRoutes
    faults: Faults


class Sandbox:
    """The ASGI app. ``control`` adds the routes of ``/__sandbox/``.

    For tests in the same process, ``calls`` lists the endpoints of all API requests so far, ``downloads`` the paths of
    the files served, and ``faults`` takes faults.
    """

    def __init__(self, base: str, parts: _Parts, latency: float, *, control: bool) -> None:
        self.calls: list[str] = []
        self.downloads = parts.files.served
        self.faults = parts.faults
        self._base = base
        self._accounts = parts.accounts
        self._service = parts.service
        self._latency = latency
        control_routes = [*fault_routes(parts.faults), Route("/__sandbox/seen", self._seen)] if control else []
        self._app = Starlette(
            routes=[
                Route(_API_ROUTE, self._respond, methods=["GET", "POST"]),
                Route(_API_ROUTE + "/", self._respond, methods=["GET", "POST"]),
                *parts.files.routes,
                Route("/login", lambda _request: HTMLResponse("<html><title>Sign in</title>Sign in to go on.</html>")),
                *control_routes,
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI request, wrapped in the faults that it triggers, the first one outermost."""
        app: ASGIApp = self._app
        if scope["type"] == "http":
            targets = request_targets(scope["path"].removeprefix(scope.get("root_path", "")))
            for active in reversed(self.faults.trigger_on(targets)):
                if isinstance(active.fault, KeysLost):
                    self._accounts.revoke_all_keys(active.fault.code)
                app = with_fault(app, active)
        await app(scope, receive, send)

    @property
    def in_flight_max(self) -> int:
        """The maximum number of requests that one account has had in flight so far; M2M allows one."""
        return self._accounts.max_in_flight

    def queue(self) -> list[QueuedDownload]:
        """Return the downloads of all accounts; they are not copies."""
        return self._service.queue()

    async def _seen(self, _request: Request) -> Response:
        """Count the requests to each endpoint, and those rejected because the account had another one in flight.

        ``refused_beside_left`` counts those of them for which the other request's client had already disconnected:
        M2M runs such a request to its end, and the account cannot know when that is.
        """
        counts = {
            "calls": Counter(self.calls),
            "in_flight_max": self.in_flight_max,
            "refused_parallel": self._accounts.rejected,
            "refused_beside_left": self._accounts.rejected_beside_disconnected,
        }
        return JSONResponse(counts)

    async def _respond(self, request: Request) -> Response:
        endpoint = request.path_params["endpoint"]
        self.calls.append(endpoint)
        try:
            check_endpoint(endpoint)
            data = await self._data(endpoint, await _payload(request), request)
        except EndpointError as error:
            return self._envelope(None, error)
        return self._envelope(data, None)

    async def _data(self, endpoint: str, payload: dict[str, Any], request: Request) -> Any:
        key = request.headers.get("x-auth-token")
        latency = self._latency + request.scope.get(LATENCY, 0)
        if endpoint == "login-token":
            account = self._accounts.log_in(payload, request.client.host if request.client else "127.0.0.1")
            async with self._accounts.single_request(account, request.is_disconnected):
                await asyncio.sleep(latency)
                return self._accounts.issue_key(account)
        account = self._accounts.authenticate(key)
        async with self._accounts.single_request(account, request.is_disconnected):
            await asyncio.sleep(latency)
            if endpoint == "logout":
                return self._accounts.revoke_key(key)
            return await run_in_threadpool(self._service.respond, endpoint, account, payload)

    def _envelope(self, data: Any, error: EndpointError | None) -> Response:
        envelope = {
            "requestId": 100_000_000 + len(self.calls),
            "version": "stable",
            "sessionId": 40_000_000,
            "data": data,
            "errorCode": error.code if error else None,
            "errorMessage": error.message if error else None,
        }
        # The archive does not know its address: it writes a placeholder into the URLs of pictures and files.
        body = orjson.dumps(envelope).replace(BASE.encode(), self._base.encode())
        return Response(body, error.status if error else 200, media_type="application/json")


async def _payload(request: Request) -> dict[str, Any]:
    """Return the JSON body, of GET requests too; an empty body and ``null`` count as an empty object.

    Raises:
        EndpointError: for an unknown version of the API, or a body that is not JSON.
    """
    if request.path_params["version"] != "stable":
        raise EndpointError("VERSION_UNKNOWN", "The version is unknown; the sandbox has only stable")
    body = await request.body()
    try:
        payload = orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        raise EndpointError("INPUT_FORMAT", "The request is not valid JSON") from None
    return payload if isinstance(payload, dict) else {}
