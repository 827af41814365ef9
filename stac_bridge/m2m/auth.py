"""Logging in with an application token, as an httpx auth flow."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import orjson

from stac_bridge.errors import UpstreamError, UpstreamFault, UpstreamLogin
from stac_bridge.http_headers import read_text
from stac_bridge.m2m.calls import Call, outcome_of
from stac_bridge.m2m.errors import KEY_GONE, Transient, envelope, read_data, request_id

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from stac_bridge.m2m.calls import Told

__all__ = ["Keys", "LoginToken", "OwnKey"]

KEY_LIFETIME = 110 * 60
"""Seconds until a key is renewed: M2M lets it live for two hours [REFERENCE §9]."""

REFUSED_FOR = 60
"""Seconds for which a refused login is not tried again, so that wrong settings do not lock the account."""

ERROR_SIZE = 16_384
"""Bytes that an answer which is an error stays under; a larger one is not read twice."""

_SENDINGS = 3
"""A request is sent with the key that is known, with another worker's newer one, and with a new one, then no more."""


class Keys(Protocol):
    """Where the account's key is kept, among several processes where there are such. Nothing here raises."""

    async def get(self) -> str | None:
        """The key that is good as far as anybody knows."""
        ...

    async def put(self, key: str, seconds: float) -> None:
        """Keep a new key for so long."""
        ...

    async def drop(self, key: str) -> None:
        """Forget a dead key, if it is still the one that is kept."""
        ...


class OwnKey:
    """The key of a process that shares it with nobody."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._key: str | None = None
        self._until = 0.0

    async def get(self) -> str | None:
        """The key, until its time is over."""
        return self._key if self._clock() < self._until else None

    async def put(self, key: str, seconds: float) -> None:
        """Keep a new key for so long."""
        self._key, self._until = key, self._clock() + seconds

    async def drop(self, key: str) -> None:
        """Forget a dead key, if it is still the one that is kept."""
        if key == self._key:
            self._key = None


class LoginToken(httpx.Auth):
    """Gets a key with login-token when there is none, when it is old, and when M2M does not know it any more.

    The client's gate lets one request of the account through at a time, and the login is part of that request,
    so no two logins ever run side by side. Raises what ``read_answer`` raises.
    """

    def __init__(self, base: httpx.URL, username: str, token: str, keys: Keys, told: Told = lambda _call: None) -> None:
        self._base = base
        self._username = username
        self._token = token
        self._keys = keys
        self._told = told
        self._refused_until = 0.0
        self._refusal: UpstreamLogin | None = None

    async def has_key(self) -> bool:
        """Whether there is a key to log out with."""
        return await self._keys.get() is not None

    async def forget(self) -> None:
        """Log in again before the next request."""
        if key := await self._keys.get():
            await self._keys.drop(key)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """The request with a key; with another where M2M refuses the first."""
        key = await self._keys.get()
        for _ in range(_SENDINGS):
            if key is None:
                begun = time.monotonic()
                response = yield self._login(request)
                key = await self._renewed(response, begun)
            request.headers["X-Auth-Token"] = key
            response = yield request
            await response.aread()
            if _error_code(response) not in KEY_GONE:
                return
            key = await self._other_than(key)

    async def _other_than(self, dead: str) -> str | None:
        """A key that another worker got meanwhile: its login has thrown ours away, and ours would throw away its."""
        await self._keys.drop(dead)
        key = await self._keys.get()
        return key if key != dead else None

    def _login(self, request: httpx.Request) -> httpx.Request:
        if self._refusal and time.monotonic() < self._refused_until:
            refusal = self._refusal
            raise UpstreamLogin(str(refusal), code=refusal.code, retry_after=refusal.retry_after)
        body = orjson.dumps({"username": self._username, "token": self._token})
        return httpx.Request(
            "POST",
            self._base.join("login-token"),
            content=body,
            headers={"Content-Type": "application/json"},
            extensions=dict(request.extensions),  # carries the client's time limits
        )

    async def _renewed(self, response: httpx.Response, begun: float) -> str:
        await response.aread()
        said, error = envelope(response), None
        try:
            key = _key(read_data(said, response))
        except (UpstreamError, Transient) as failed:
            error = failed
            self._refuse(failed)
            raise
        finally:
            self._told(Call("login-token", outcome_of(error), 0, time.monotonic() - begun, request_id(said)))
        self._refusal = None
        await self._keys.put(key, KEY_LIFETIME)
        return key

    def _refuse(self, failed: Exception) -> None:
        """What M2M says of a key that it has just given tells nothing of the settings."""
        if isinstance(failed, UpstreamLogin) and failed.code not in KEY_GONE:
            self._refused_until, self._refusal = time.monotonic() + REFUSED_FOR, failed


def _key(data: Any) -> str:
    """The key of a login's answer. Raises UpstreamFault for what no header can carry."""
    key = read_text(data) if isinstance(data, str) else None
    if not key:
        raise UpstreamFault("M2M's answer to the login has no key.")
    return key


def _error_code(response: httpx.Response) -> str | None:
    if len(response.content) > ERROR_SIZE:
        return None
    answer = envelope(response)
    return answer["errorCode"] if answer else None
