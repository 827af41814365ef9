"""M2M's error codes, and the exception that an endpoint raises for them."""

from __future__ import annotations

_STATUS = {
    "AUTH_INVALID": 401,
    "UNAUTHORIZED_USER": 401,
    "AUTH_EXPIRED": 403,
    "AUTH_KEY_INVALID": 403,
    "AUTH_UNAUTHORIZED": 403,
    "AUTH_UNAUTHROIZED": 403,
    "DATASET_AUTH": 403,
    "DATASET_UNAUTHORIZED": 403,
    "RATE_LIMIT": 500,
    "RATE_LIMIT_USER": 500,
    "SERVER_ERROR": 500,
    "UNKNOWN": 500,
    "NOT_FOUND": 404,
    "ENDPOINT_UNAVAILABLE": 404,
    "VERSION_UNKNOWN": 404,
    "INPUT_FORMAT": 400,
    "INPUT_INVALID": 400,
    "INPUT_PARAMETER_INVALID": 400,
    "INPUT_PARAMETER_REQUIRED": 400,
}
"""Error code → HTTP status. Only 500 for RATE_LIMIT and 401 or 403 for a login were recorded from M2M; the other
statuses are the sandbox's choice."""

_CODES_WITH_STATUS_200 = """
DATASET_CUSTOM_CLEAR_ERROR DATASET_CUSTOM_GET_ERROR DATASET_CUSTOM_SET_ERROR DATASET_CUSTOMS_GET_ERROR
DATASET_CUSTOMS_SET_ERROR DATASET_ERROR DATASET_INVALID DOWNLOAD_ERROR EXPORT_ERROR ORDER_AUTH ORDER_ERROR
ORDER_INVALID RATE_LIMIT_USER_DL RESTORE_ORDER_ERROR SEARCH_CREATE_ERROR SEARCH_ERROR SEARCH_EXECUTE_ERROR
SEARCH_FAILED SEARCH_RESULT_ERROR SEARCH_UNAVAILABLE SEARCH_UPDATE_ERROR SUBSCRIPTION_ERROR
"""

AUTH_CODES = (
    "AUTH_EXPIRED",
    "AUTH_INVALID",
    "AUTH_KEY_INVALID",
    "AUTH_UNAUTHORIZED",
    "AUTH_UNAUTHROIZED",
    "UNAUTHORIZED_USER",
)
"""Codes that M2M may refuse a dead key with; which one it is was not recorded [REFERENCE §9]."""

CODES: dict[str, int] = {**dict.fromkeys(_CODES_WITH_STATUS_200.split(), 200), **_STATUS}
"""Every errorCode → the HTTP status that the sandbox sends with it [REFERENCE §11]."""


class EndpointError(Exception):
    """An error that an endpoint responds with: an errorCode and a message [REFERENCE §9, §11].

    ``status`` is the HTTP status of the response; it follows from the code if it is not set.
    """

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or CODES[code]
