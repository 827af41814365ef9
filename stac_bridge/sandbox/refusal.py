"""How M2M says no."""

from __future__ import annotations

__all__ = ["Refusal"]

_STATUS = {
    "AUTH_INVALID": 401,
    "UNAUTHORIZED_USER": 401,
    "AUTH_EXPIRED": 403,
    "AUTH_KEY_INVALID": 403,
    "AUTH_UNAUTHROIZED": 403,
    "RATE_LIMIT": 500,
    "NOT_FOUND": 404,
    "INPUT_FORMAT": 400,
    "INPUT_INVALID": 400,
    "INPUT_PARAMETER_INVALID": 400,
}


class Refusal(Exception):
    """An errorCode and its message; the HTTP status follows from the code [REFERENCE §9, §11]."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """What HTTP says of it."""
        return _STATUS.get(self.code, 200)
