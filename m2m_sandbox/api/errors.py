"""How M2M says no."""

from __future__ import annotations

__all__ = ["CODES", "Refusal"]

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
"""Of these only 500 for RATE_LIMIT and 401 or 403 for a login are on record; the others are the sandbox's choice."""

_SAID_WITH_200 = """
DATASET_CUSTOM_CLEAR_ERROR DATASET_CUSTOM_GET_ERROR DATASET_CUSTOM_SET_ERROR DATASET_CUSTOMS_GET_ERROR
DATASET_CUSTOMS_SET_ERROR DATASET_ERROR DATASET_INVALID DOWNLOAD_ERROR EXPORT_ERROR ORDER_AUTH ORDER_ERROR
ORDER_INVALID RATE_LIMIT_USER_DL RESTORE_ORDER_ERROR SEARCH_CREATE_ERROR SEARCH_ERROR SEARCH_EXECUTE_ERROR
SEARCH_FAILED SEARCH_RESULT_ERROR SEARCH_UNAVAILABLE SEARCH_UPDATE_ERROR SUBSCRIPTION_ERROR
"""

CODES: dict[str, int] = {**dict.fromkeys(_SAID_WITH_200.split(), 200), **_STATUS}
"""Every errorCode → the HTTP status that the sandbox gives it [REFERENCE §11]."""


class Refusal(Exception):
    """An errorCode and its message; the HTTP status follows from the code [REFERENCE §9, §11]."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """What HTTP says of it."""
        return CODES[self.code]
