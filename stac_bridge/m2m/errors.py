"""M2M's errorCode → exception, one table; and how an answer is read: the body first, then the status."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import orjson

from stac_bridge.errors import (
    UpstreamBusy,
    UpstreamError,
    UpstreamFault,
    UpstreamLogin,
    UpstreamUnreachable,
)
from stac_bridge.http_headers import read_retry_after

if TYPE_CHECKING:
    import httpx

__all__ = ["KEY_GONE", "TABLE", "Transient", "envelope", "read_answer", "read_data", "request_id", "upstream_error"]

KEY_GONE = frozenset({"AUTH_EXPIRED", "AUTH_KEY_INVALID"})
"""The key is too old or unknown: log in again."""

_RETRIED = frozenset({"RATE_LIMIT", "RATE_LIMIT_USER", "UNKNOWN", "SERVER_ERROR"})

_ROLE = "the M2M account lacks the role for this (downloads need the MACHINE role, which USGS grants on request)"
_LOGIN = "USGS refuses the M2M account's username or token"
_DATASET = "the dataset is closed to this M2M account, retired, or does not support this"
_ASKED = "M2M did not accept what stac-bridge asked, which is a fault of stac-bridge"
_SEARCH = "M2M could not carry out the search"
_ORDER = "M2M's ordering failed"
_CUSTOM = "M2M's store of customisations failed"

TABLE: dict[str, tuple[type[UpstreamError], str]] = {
    "ENDPOINT_UNAVAILABLE": (UpstreamFault, "this version of M2M does not have the endpoint"),
    "UNKNOWN": (UpstreamUnreachable, "M2M has a fault of its own"),
    "SERVER_ERROR": (UpstreamUnreachable, "M2M has a fault of its own"),
    "INPUT_FORMAT": (UpstreamFault, _ASKED),
    "INPUT_PARAMETER_REQUIRED": (UpstreamFault, _ASKED),
    "INPUT_PARAMETER_INVALID": (UpstreamFault, _ASKED),
    "INPUT_INVALID": (UpstreamFault, _ASKED),
    "NOT_FOUND": (UpstreamFault, "M2M does not know what was asked for"),
    "VERSION_UNKNOWN": (UpstreamFault, "STAC_BRIDGE_M2M_URL names a version that M2M does not have"),
    "AUTH_INVALID": (UpstreamLogin, _LOGIN),
    "AUTH_UNAUTHORIZED": (UpstreamLogin, _ROLE),
    "AUTH_UNAUTHROIZED": (UpstreamLogin, _ROLE),  # the server's own spelling [REFERENCE §9]
    "AUTH_KEY_INVALID": (UpstreamLogin, "M2M does not know its own login key any more"),
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
    "DATASET_INVALID": (UpstreamFault, "M2M does not have the dataset any more"),
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
    "SUBSCRIPTION_ERROR": (UpstreamFault, "M2M could not make the subscription"),
}
"""Every code of [REFERENCE §11]; any other is an UpstreamFault."""

_RETRY_AFTER = {"RATE_LIMIT_USER_DL": 905, "AUTH_KEY_INVALID": 60, "AUTH_EXPIRED": 60}
"""Seconds; the download quota counts over 15 minutes [REFERENCE §10]. A key that M2M has just given and does not
know is M2M's trouble, not the account's."""

_SOON: dict[type[UpstreamError], int] = {UpstreamBusy: 5, UpstreamUnreachable: 60}


class Transient(Exception):
    """What may pass by itself; ``error`` is what to say when it does not.

    ``wait`` is in seconds, where M2M itself said when to come back.
    """

    def __init__(self, error: UpstreamError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


def upstream_error(code: str, message: str | None) -> UpstreamError:
    """The exception for an errorCode, with M2M's own words after ours."""
    error, said = TABLE.get(code, (UpstreamFault, "M2M answered with an error"))
    words = f"{said[0].upper()}{said[1:]} ({code}{': ' + message.strip() if message else ''})."
    return error(words, code=code, retry_after=_RETRY_AFTER.get(code, _SOON.get(error)))


def envelope(response: httpx.Response) -> dict[str, Any] | None:
    """What M2M wraps its answers in; None where the answer is something else."""
    try:
        said = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict):
        return None
    return {**said, **{name: _text(said.get(name)) for name in ("errorCode", "errorMessage")}}


def _text(value: Any) -> str | None:
    """An error's code or message. M2M's empty values are none; whatever is not text is shown as JSON."""
    if not value:
        return None
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def request_id(said: dict[str, Any] | None) -> str | None:
    """M2M's own name for a request, by which USGS finds it in its logs."""
    found = said.get("requestId") if said else None
    return str(found) if isinstance(found, int | str) else None


def read_answer(response: httpx.Response) -> Any:
    """The ``data`` of an answer. Raises UpstreamError, wrapped in Transient where another attempt may help."""
    return read_data(envelope(response), response)


def read_data(said: dict[str, Any] | None, response: httpx.Response) -> Any:
    """The ``data`` of an answer that was opened already. Raises as ``read_answer`` does."""
    if said and (code := said.get("errorCode")):
        error = upstream_error(code, said.get("errorMessage"))
        if code in _RETRIED:
            raise Transient(error, _told_to_wait(response))
        raise error
    if said and "data" in said and response.is_success:
        return said["data"]
    raise _no_answer(response)


def _no_answer(response: httpx.Response) -> Transient:
    """A page for people in maintenance, a proxy's error, or a body that was cut."""
    wait = _told_to_wait(response)
    retry_after = math.ceil(wait) if wait else None
    if response.status_code == 429:
        return Transient(UpstreamBusy("M2M asks for fewer requests (HTTP 429).", retry_after=retry_after or 30), wait)
    error = UpstreamUnreachable(
        f"M2M gave no answer that can be read (HTTP {response.status_code}); it may be under maintenance.",
        retry_after=retry_after or 60,
    )
    return Transient(error, wait)


def _told_to_wait(response: httpx.Response) -> float | None:
    """Seconds; None if M2M names no time, or the present."""
    return read_retry_after(response.headers.get("retry-after"), time.time()) or None
