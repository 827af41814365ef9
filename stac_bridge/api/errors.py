"""Error responses: problem+json (RFC 9457) that also has the ``code`` and ``description`` of the STAC API spec."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Mount

from stac_bridge import errors

_log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"

MAX_DETAIL = 2000
"""Maximum number of characters of a detail."""

STATUS: dict[type[errors.BridgeError], int] = {
    errors.BadRequest: 400,
    errors.BadCursor: 400,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.TooLong: 414,
    errors.TooOften: 429,
    errors.TooSlow: 408,
    errors.SearchTooWide: 504,
    errors.Refused: 403,
    errors.NotFound: 404,
    errors.AssetUnavailable: 404,
    errors.MappingInvalid: 500,
    errors.Staging: 503,
    errors.ServerBusy: 503,
    errors.NoRoom: 503,
    errors.UpstreamBusy: 503,
    errors.UpstreamUnreachable: 503,
    errors.UpstreamTimeout: 504,
    errors.UpstreamLogin: 502,
    errors.UpstreamFault: 502,
}
"""M2M's failures are reported as upstream failures: neither as the client's fault (4xx) nor as this server's (500)."""

_SCHEMA = {
    "type": "object",
    "required": ["status", "title", "detail", "code", "description"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "description": {"type": "string"},
    },
}

DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {PROBLEM: {"schema": _SCHEMA}}}
    for status, text in {
        400: "The request is invalid; the detail says what to change.",
        404: "No such collection or item.",
        405: "The URL does not support this method.",
        408: "The body does not arrive in time.",
        413: "The body exceeds the maximum; the detail has the limit.",
        414: "The URL exceeds the maximum; the detail has the limit.",
        429: "The client sends too many requests; see Retry-After for when to retry.",
        500: "A bug in stac-bridge.",
        502: "M2M returned an error, or refuses the account.",
        503: "M2M is busy or unreachable; see Retry-After for when to retry.",
        504: "M2M took too long; see Retry-After for when to retry.",
    }.items()
}
"""Responses besides 200 that every route may return, for the OpenAPI document."""


def problem(status: int, code: str, detail: str, *, retry_after: int | None = None, **members: Any) -> Response:
    """A problem document. ``retry_after`` in seconds; ``members`` are added to the document, or replace its own."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "description": detail,
        **members,
    }
    headers = {"Cache-Control": "no-store"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Response(orjson.dumps(document), status, headers, media_type=PROBLEM)


def bridge_error_response(error: errors.BridgeError) -> Response:
    """The response to an error of ``stac_bridge.errors``."""
    status = STATUS.get(type(error), 500)
    members = {}
    if isinstance(error, errors.UpstreamError) and error.code:
        members["upstream_code"] = error.code
    return problem(status, type(error).__name__, _shortened(str(error)), retry_after=error.retry_after, **members)


def _shortened(detail: str) -> str:
    """Shorten a detail that quotes megabytes of what the client sent to its beginning and its end."""
    return detail if len(detail) <= MAX_DETAIL else f"{detail[: MAX_DETAIL // 2]} … {detail[-MAX_DETAIL // 4 :]}"


def too_wide_response(error: errors.SearchTooWide, base: str, links: list[dict[str, Any]]) -> Response:
    """The response to a search without a match within its call budget; the ``next`` link continues it."""
    kind = f"{base}problems/search-too-wide"
    return problem(STATUS[type(error)], type(error).__name__, str(error), type=kind, links=links)


def http_error_response(error: HTTPException) -> Response:
    """The response to an error of the framework, such as an unknown URL or an unsupported method."""
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != phrase else _SENTENCES.get(error.status_code)
    response = problem(error.status_code, phrase.replace(" ", ""), detail or str(error.detail))
    response.headers.update(error.headers or {})
    return response


_SENTENCES = {
    404: "Nothing is at this URL; the landing page links to everything the API has.",
    405: "This URL does not support this method; see the Allow header.",
}
"""Details where the framework only repeats the status phrase."""


def validation_error_response(error: RequestValidationError) -> Response:
    """The response to a request that FastAPI could not parse."""
    reasons = "; ".join(_describe(one) for one in error.errors())
    # FastAPI does not parse a body with another Content-Type, such as curl's, and reports it as no dictionary.
    hint = (
        "send JSON with Content-Type: application/json"
        if error.body and isinstance(error.body, bytes)
        else "the body of a search is a JSON object"
    )
    return problem(400, "BadRequest", f"The request cannot be read ({reasons}); {hint}.")


def _describe(error: dict[str, Any]) -> str:
    """Location and message, with the parser's own reason if it has one."""
    reason = (error.get("ctx") or {}).get("error")
    location = ".".join(str(part) for part in error["loc"])
    return f"{location}: {error['msg']}" + (f", {reason}" if isinstance(reason, str) else "")


def unexpected_error_response(error: Exception) -> Response:
    """The response to a bug. The traceback is logged; the client gets no details, which could contain secrets."""
    _log.error("A request failed", exc_info=error)
    return problem(500, "InternalError", "stac-bridge failed because of a bug; the server's log has the details.")


def add_handlers(app: FastAPI) -> None:
    """Makes ``app`` answer all errors with problem documents."""
    for kind, to_response in (
        (errors.BridgeError, bridge_error_response),
        (RequestValidationError, validation_error_response),
    ):
        app.add_exception_handler(kind, _handler(to_response))
    app.add_exception_handler(HTTPException, _handle_http_error)


async def _handle_http_error(request: Request, error: Any) -> Response:
    response = http_error_response(error)
    if response.status_code == 405 and (methods := _methods(request)):
        response.headers["Allow"] = ", ".join(methods)
    return response


def _methods(request: Request) -> list[str]:
    """The methods that all routes of a URL support; the framework's Allow header has only those of the first route."""
    routes = [route for route in request.app.routes if not isinstance(route, Mount)]
    scopes = {"GET": {**request.scope, "method": "GET"}, "POST": {**request.scope, "method": "POST"}}
    allowed = [name for name, scope in scopes.items() if any(route.matches(scope)[0] is Match.FULL for route in routes)]
    return [*allowed, "HEAD"] if "GET" in allowed else allowed  # middleware/head.py answers HEAD


def _handler(to_response: Callable[[Any], Response]) -> Any:
    async def handle(_request: Request, error: Exception) -> Response:
        return to_response(error)

    return handle
