"""Read M2M's responses (body first, then status) and map its errorCodes to exceptions."""

from __future__ import annotations

import math
import time
from typing import Any

import httpx
import orjson

from stac_bridge.errors import (
    UpstreamBusy,
    UpstreamError,
    UpstreamFault,
    UpstreamLogin,
    UpstreamUnreachable,
)
from stac_bridge.http_headers import read_retry_after
from stac_bridge.m2m.large_json import loads
from stac_bridge.m2m.models.text import plain_line

_RETRIED_CODES = frozenset({"RATE_LIMIT", "RATE_LIMIT_USER", "UNKNOWN", "SERVER_ERROR"})

_ROLE = "the M2M account lacks the role for this (downloads need the MACHINE role, which USGS grants on request)"
_LOGIN = "USGS rejects the M2M account's username or token"
_DATASET = "the dataset is closed to this M2M account, retired, or does not support this"
_REQUEST = "M2M rejected the request of stac-bridge, which is a bug in stac-bridge"
_SEARCH = "M2M could not carry out the search"
_ORDER = "M2M's ordering failed"
_CUSTOM = "M2M's store of customizations failed"

TABLE: dict[str, tuple[type[UpstreamError], str]] = {
    "ENDPOINT_UNAVAILABLE": (UpstreamFault, "this version of M2M does not have the endpoint"),
    "UNKNOWN": (UpstreamUnreachable, "M2M has an internal error"),
    "SERVER_ERROR": (UpstreamUnreachable, "M2M has an internal error"),
    "INPUT_FORMAT": (UpstreamFault, _REQUEST),
    "INPUT_PARAMETER_REQUIRED": (UpstreamFault, _REQUEST),
    "INPUT_PARAMETER_INVALID": (UpstreamFault, _REQUEST),
    "INPUT_INVALID": (UpstreamFault, _REQUEST),
    "NOT_FOUND": (UpstreamFault, "M2M does not have the requested object"),
    "VERSION_UNKNOWN": (UpstreamFault, "M2M does not have the version in STAC_BRIDGE_M2M_URL"),
    "AUTH_INVALID": (UpstreamLogin, _LOGIN),
    "AUTH_UNAUTHORIZED": (UpstreamLogin, _ROLE),
    "AUTH_UNAUTHROIZED": (UpstreamLogin, _ROLE),  # the server's own spelling [REFERENCE §9]
    "AUTH_KEY_INVALID": (UpstreamLogin, "M2M no longer accepts its own login key"),
    "AUTH_EXPIRED": (UpstreamLogin, "M2M's login key has expired"),
    "UNAUTHORIZED_USER": (UpstreamLogin, "the M2M account may not use the service"),
    "RATE_LIMIT": (UpstreamBusy, "another request of the M2M account is running"),
    "RATE_LIMIT_USER": (UpstreamBusy, "another request of the M2M account is running"),
    "RATE_LIMIT_USER_DL": (UpstreamBusy, "the M2M account's download quota is used up"),
    "DOWNLOAD_ERROR": (UpstreamFault, "the download belongs to another account"),
    "EXPORT_ERROR": (UpstreamFault, "M2M could not export metadata"),
    "DATASET_ERROR": (UpstreamFault, _DATASET),
    "DATASET_UNAUTHORIZED": (UpstreamFault, _DATASET),
    "DATASET_AUTH": (UpstreamFault, _DATASET),
    "DATASET_INVALID": (UpstreamFault, "M2M no longer has the dataset"),
    "DATASET_CUSTOM_CLEAR_ERROR": (UpstreamFault, _CUSTOM),
    "DATASET_CUSTOM_GET_ERROR": (UpstreamFault, _CUSTOM),
    "DATASET_CUSTOM_SET_ERROR": (UpstreamFault, _CUSTOM),
    "DATASET_CUSTOMS_GET_ERROR": (UpstreamFault, _CUSTOM),
    "DATASET_CUSTOMS_SET_ERROR": (UpstreamFault, _CUSTOM),
    "SEARCH_CREATE_ERROR": (UpstreamFault, _SEARCH),
    "SEARCH_ERROR": (UpstreamFault, _SEARCH),
    "SEARCH_EXECUTE_ERROR": (UpstreamFault, _SEARCH),
    "SEARCH_FAILED": (UpstreamFault, _SEARCH),
    "SEARCH_RESULT_ERROR": (UpstreamFault, _SEARCH),
    "SEARCH_UPDATE_ERROR": (UpstreamFault, _SEARCH),
    "SEARCH_UNAVAILABLE": (UpstreamBusy, "M2M has not finished the search"),
    "ORDER_ERROR": (UpstreamFault, _ORDER),
    "ORDER_AUTH": (UpstreamFault, _ORDER),
    "ORDER_INVALID": (UpstreamFault, _ORDER),
    "RESTORE_ORDER_ERROR": (UpstreamFault, _ORDER),
    "SUBSCRIPTION_ERROR": (UpstreamFault, "M2M could not create the subscription"),
}
"""errorCode → (exception, start of its text): all codes of [REFERENCE §11]. Any other is an UpstreamFault."""

_RETRY_AFTER = {"RATE_LIMIT_USER_DL": 905, "AUTH_KEY_INVALID": 60, "AUTH_EXPIRED": 60}
"""errorCode → seconds. The download quota counts over 15 minutes [REFERENCE §10]. A key that M2M rejects right after
issuing it is M2M's problem, not the account's, so a retry may help."""

_MAX_REQUEST_ID = 64
"""Characters of M2M's requestId in the log."""

_MAX_MESSAGE = 300
"""Characters of M2M's own message, which may be a whole page, in an error's text."""

_DEFAULT_RETRY_AFTER: dict[type[UpstreamError], int] = {UpstreamBusy: 5, UpstreamUnreachable: 60}


class Transient(Exception):
    """A failure that a retry may fix; ``error`` is raised instead if it does not.

    ``wait`` is M2M's own Retry-After in seconds, None without one.
    """

    def __init__(self, error: UpstreamError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


def upstream_error(code: str, message: str | None) -> UpstreamError:
    """Return the exception for an errorCode; its text ends with M2M's own message."""
    error, reason = TABLE.get(code, (UpstreamFault, "M2M answered with an error"))
    code, plain = (plain_line(code) or "UNKNOWN")[:_MAX_MESSAGE], (plain_line(message) or "")[:_MAX_MESSAGE]
    text = f"{reason[0].upper()}{reason[1:]} ({code}{': ' + plain if plain else ''})."
    return error(text, code=code, retry_after=_RETRY_AFTER.get(code, _DEFAULT_RETRY_AFTER.get(error)))


def read_envelope(response: httpx.Response) -> dict[str, Any] | None:
    """Return the JSON object that M2M wraps each response in; None if the body is something else."""
    try:
        body = loads(response.content)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(body, dict):
        return None
    return {**body, **{name: _text(body.get(name)) for name in ("errorCode", "errorMessage")}}


def _text(value: Any) -> str | None:
    """Return an error's code or message as text: None for M2M's empty values, JSON for what is not text."""
    if not value:
        return None
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # orjson parses deeper nesting than it serializes
        return "nested too deeply to be read"


def m2m_request_id(envelope: dict[str, Any] | None) -> str | None:
    """Return M2M's requestId, by which USGS finds a request in its logs."""
    value = envelope.get("requestId") if envelope else None
    return str(value)[:_MAX_REQUEST_ID] if isinstance(value, int | str) else None


def read_data(envelope: dict[str, Any] | None, response: httpx.Response) -> Any:
    """Return the ``data`` of a response. Raises UpstreamError, wrapped in Transient if a retry may help."""
    if envelope and (code := envelope.get("errorCode")):
        error = upstream_error(code, envelope.get("errorMessage"))
        if code in _RETRIED_CODES:
            raise Transient(error, _retry_after(response))
        raise error
    if envelope and "data" in envelope and response.is_success:
        return envelope["data"]
    raise _unreadable(response)


def _unreadable(response: httpx.Response) -> Transient:
    """Return the error for a maintenance page, a proxy's error, or a truncated body."""
    wait = _retry_after(response)
    retry_after = math.ceil(wait) if wait else None
    if response.status_code == 429:
        return Transient(UpstreamBusy("M2M requires fewer requests (HTTP 429).", retry_after=retry_after or 30), wait)
    error = UpstreamUnreachable(
        f"M2M's response is not readable (HTTP {response.status_code}); it may be under maintenance.",
        retry_after=retry_after or 60,
    )
    return Transient(error, wait)


def _retry_after(response: httpx.Response) -> float | None:
    """Return the Retry-After in seconds; None without one, or if it is over already."""
    return read_retry_after(response.headers.get("retry-after"), time.time()) or None
