"""Every error as one shape: problem+json (RFC 9457) that also carries STAC's code and description."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from stac_bridge import errors

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

__all__ = ["DOCUMENTED", "STATUS", "add_handlers", "problem"]

_log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"

STATUS: dict[type[errors.BridgeError], int] = {
    errors.BadRequest: 400,
    errors.BadCursor: 400,
    errors.TooLarge: 413,
    errors.TooLong: 414,
    errors.TooOften: 429,
    errors.SearchTooWide: 504,
    errors.Refused: 403,
    errors.NotFound: 404,
    errors.AssetUnavailable: 404,
    errors.MappingInvalid: 500,
    errors.Staging: 503,
    errors.NoRoom: 503,
    errors.UpstreamBusy: 503,
    errors.UpstreamUnreachable: 503,
    errors.UpstreamTimeout: 504,
    errors.UpstreamLogin: 502,
    errors.UpstreamFault: 502,
}
"""Upstream trouble is told as upstream trouble: never as a fault of the reader's (4xx) or of ours (500)."""

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
        400: "The question cannot be answered as asked; the text says what to change.",
        404: "There is no such collection or item.",
        405: "The address does not take this method.",
        413: "The body is larger than this server takes; the text says how large it may be.",
        414: "The address is longer than this server takes; the text says how long it may be.",
        429: "This caller asks too often; Retry-After says when to come back.",
        500: "A fault of stac-bridge.",
        502: "M2M answered with an error, or refuses the account.",
        503: "M2M is busy or cannot be reached; Retry-After says when to come back.",
        504: "M2M took too long; Retry-After says when to come back.",
    }.items()
}
"""The answers besides 200 that every address may give, for the OpenAPI document."""


def problem(status: int, code: str, detail: str, *, retry_after: int | None = None, **more: Any) -> Response:
    """An error's answer."""
    said = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "description": detail,
        **more,
    }
    headers = {"Cache-Control": "no-store"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Response(orjson.dumps(said), status, headers, media_type=PROBLEM)


def of_bridge(error: errors.BridgeError) -> Response:
    """The answer to an error of ours."""
    status = STATUS.get(type(error), 500)
    more = {}
    if isinstance(error, errors.UpstreamError) and error.code:
        more["upstream_code"] = error.code
    return problem(status, type(error).__name__, str(error), retry_after=error.retry_after, **more)


def too_wide(error: errors.SearchTooWide, base: str, links: list[dict[str, Any]]) -> Response:
    """The answer to a search that met no match within its calls; its ``next`` link goes on from there."""
    kind = f"{base}problems/search-too-wide"
    return problem(STATUS[type(error)], type(error).__name__, str(error), type=kind, links=links)


def of_http(error: HTTPException) -> Response:
    """The answer to what the framework refuses: an unknown address, a method it does not take."""
    code = HTTPStatus(error.status_code).phrase.replace(" ", "")
    detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else _SENTENCES.get(error.status_code)
    answer = problem(error.status_code, code, detail or str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


_SENTENCES = {
    404: "There is nothing at this address; the landing page links to everything there is.",
    405: "This address does not take this method; see the Allow header.",
}


def of_validation(error: RequestValidationError) -> Response:
    """The answer to a request that the framework could not read."""
    told = "; ".join(_why(one) for one in error.errors())
    return problem(400, "BadRequest", f"The request cannot be read ({told}); the body of a search is a JSON object.")


def _why(error: dict[str, Any]) -> str:
    """Where and what, with the parser's own reason if there is one."""
    reason = (error.get("ctx") or {}).get("error")
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: {error['msg']}" + (f", {reason}" if isinstance(reason, str) else "")


def of_any(error: Exception) -> Response:
    """The answer to what should not have happened: logged in full, told without details."""
    _log.error("A request failed", exc_info=error)
    return problem(500, "InternalError", "stac-bridge failed here, which is its own fault; its log has the details.")


def add_handlers(app: FastAPI) -> None:
    """Put one shape in place of all that the frameworks would answer."""
    for kind, told in (
        (errors.BridgeError, of_bridge),
        (HTTPException, of_http),
        (RequestValidationError, of_validation),
    ):
        app.add_exception_handler(kind, _handler(told))


def _handler(told: Any) -> Any:
    async def handle(_request: Request, error: Exception) -> Response:
        answer: Response = told(error)
        return answer

    return handle
