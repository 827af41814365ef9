"""Logging in with an application token, as an httpx auth flow."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import orjson

from stac_bridge.errors import UpstreamLogin
from stac_bridge.m2m.errors import KEY_GONE, read_answer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

__all__ = ["LoginToken"]

KEY_LIFETIME = 110 * 60
"""Seconds until a key is renewed: M2M lets it live for two hours [REFERENCE §9]."""

REFUSED_FOR = 60
"""Seconds for which a refused login is not tried again, so that wrong settings do not lock the account."""

ERROR_SIZE = 16_384
"""Bytes that an answer which is an error stays under; a larger one is not read twice."""


class LoginToken(httpx.Auth):
    """Gets a key with login-token when there is none, when it is old, and when M2M does not know it any more.

    The client's gate lets one request of the account through at a time, and the login is part of that request,
    so no two logins ever run side by side. Raises what ``read_answer`` raises.
    """

    def __init__(self, base: httpx.URL, username: str, token: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._base = base
        self._username = username
        self._token = token
        self._clock = clock
        self._key: str | None = None
        self._since = 0.0
        self._refused_until = 0.0
        self._refusal: UpstreamLogin | None = None

    @property
    def has_key(self) -> bool:
        """Whether there is a key to log out with."""
        return self._key is not None

    def forget(self) -> None:
        """Log in again before the next request."""
        self._key = None

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """The request with a key; with a new one where M2M refuses the old."""
        if self._key is None or self._clock() - self._since > KEY_LIFETIME:
            await self._renew_by((yield self._login(request)))
        request.headers["X-Auth-Token"] = self._key or ""
        response = yield request
        await response.aread()
        if _error_code(response) in KEY_GONE:
            self.forget()
            await self._renew_by((yield self._login(request)))
            request.headers["X-Auth-Token"] = self._key or ""
            yield request

    def _login(self, request: httpx.Request) -> httpx.Request:
        if self._refusal and self._clock() < self._refused_until:
            raise UpstreamLogin(str(self._refusal), code=self._refusal.code)
        body = orjson.dumps({"username": self._username, "token": self._token})
        return httpx.Request(
            "POST",
            self._base.join("login-token"),
            content=body,
            headers={"Content-Type": "application/json"},
            extensions=dict(request.extensions),  # carries the client's time limits
        )

    async def _renew_by(self, response: httpx.Response) -> None:
        await response.aread()
        try:
            key = str(read_answer(response))
        except UpstreamLogin as refused:
            self._refused_until, self._refusal = self._clock() + REFUSED_FOR, refused
            raise
        self._key, self._since, self._refusal = key, self._clock(), None


def _error_code(response: httpx.Response) -> str | None:
    if len(response.content) > ERROR_SIZE:
        return None
    try:
        said = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    return said.get("errorCode") if isinstance(said, dict) else None
