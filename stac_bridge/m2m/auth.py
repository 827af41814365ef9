"""Login to M2M with an application token, as an httpx auth flow."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from typing import Any, Protocol

import httpx
import orjson

from stac_bridge.errors import UpstreamError, UpstreamFault, UpstreamLogin
from stac_bridge.http_headers import read_text
from stac_bridge.m2m.calls import Call, CallListener, ignore_call, outcome_of
from stac_bridge.m2m.errors import Transient, m2m_request_id, read_data, read_envelope
from stac_bridge.m2m.key_refusals import DEAD_KEY_CODES, KeyRefusals, Reply

KEY_TTL = 110 * 60
"""Seconds after which a key is renewed; M2M keeps one for two hours [REFERENCE §9]."""

LOGIN_PAUSE = 60
"""Seconds without another login after M2M rejected one, so that wrong settings do not lock the account."""

MAX_ERROR_SIZE = 16_384
"""Bytes. A larger response is not an error, and is not parsed a second time to look for one."""

_MAX_SENDS = 3
"""A request is sent with the known key, then with another worker's newer key, then with a new key."""


class KeyStore(Protocol):
    """The place of the account's key, possibly shared by several processes. No method raises."""

    async def get(self) -> str | None:
        """Return the newest key that is not known to be dead."""
        ...

    async def put(self, key: str, seconds: float) -> None:
        """Store a new key for ``seconds``."""
        ...

    async def drop(self, key: str) -> None:
        """Delete a dead key, unless a newer one has replaced it."""
        ...


class LocalKey:
    """The key of a process that has the account to itself."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._key: str | None = None
        self._expires_at = 0.0

    async def get(self) -> str | None:
        """Return the key until it expires."""
        return self._key if self._clock() < self._expires_at else None

    async def put(self, key: str, seconds: float) -> None:
        """Store a new key for ``seconds``."""
        self._key, self._expires_at = key, self._clock() + seconds

    async def drop(self, key: str) -> None:
        """Delete a dead key, unless a newer one has replaced it."""
        if key == self._key:
            self._key = None


class LoginToken(httpx.Auth):
    """Adds the key to each request, and logs in when there is no key, it has expired, or M2M may have ended it.

    ``refusals`` decides the last. The gate lets one request of the account through at a time, and a login is part of
    that request, so two logins never overlap. Raises what ``read_data`` raises.
    """

    def __init__(
        self, base_url: httpx.URL, username: str, token: str, keys: KeyStore, listener: CallListener = ignore_call
    ) -> None:
        self._base_url = base_url
        self._username = username
        self._token = token
        self._keys = keys
        self._listener = listener
        self.refusals = KeyRefusals()
        self._paused_until = 0.0
        self._rejection: UpstreamLogin | None = None

    async def has_key(self) -> bool:
        """Return whether there is a key to log out with."""
        return await self._keys.get() is not None

    async def drop_key(self) -> None:
        """Delete the key, so that the next request logs in."""
        if key := await self._keys.get():
            await self._keys.drop(key)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with the key; with another if M2M may have ended the first."""
        key = await self._keys.get()
        for _ in range(_MAX_SENDS):
            if key is None:
                started = time.monotonic()
                response = yield self._login_request()
                key = await self._store_key(response, started)
            request.headers["X-Auth-Token"] = key
            response = yield request
            await response.aread()
            if not self.refusals.may_be_dead(key, _reply(request, response)):
                return
            key = await self._replacement(key)

    async def _replacement(self, dead: str) -> str | None:
        """Return a key that another worker has stored meanwhile: its login ended our key, and ours would end its."""
        await self._keys.drop(dead)
        key = await self._keys.get()
        return key if key != dead else None

    def _login_request(self) -> httpx.Request:
        if self._rejection and time.monotonic() < self._paused_until:
            error = self._rejection
            raise UpstreamLogin(str(error), code=error.code, retry_after=error.retry_after)
        return httpx.Request(
            "POST",
            self._base_url.join("login-token"),
            content=orjson.dumps({"username": self._username, "token": self._token}),
            headers={"Content-Type": "application/json"},
        )

    async def _store_key(self, response: httpx.Response, started: float) -> str:
        await response.aread()
        envelope, error = read_envelope(response), None
        try:
            key = _key(read_data(envelope, response))
        except (UpstreamError, Transient) as failure:
            error = failure
            self._pause_logins(failure)
            raise
        finally:
            seconds = time.monotonic() - started
            self._listener(Call("login-token", outcome_of(error), 0, seconds, m2m_request_id(envelope)))
        self._rejection = None
        self.refusals.key_issued(key)
        await self._keys.put(key, KEY_TTL)
        return key

    def _pause_logins(self, failure: Exception) -> None:
        """Remember that M2M rejected the account. What it says about a key it has just issued is not about that."""
        if isinstance(failure, UpstreamLogin) and failure.code not in DEAD_KEY_CODES:
            self._paused_until, self._rejection = time.monotonic() + LOGIN_PAUSE, failure


def _key(data: Any) -> str:
    """Return the key from a login's data. Raises UpstreamFault for one that no header can carry."""
    key = read_text(data) if isinstance(data, str) else None
    if not key:
        raise UpstreamFault("M2M's response to the login has no key.")
    return key


def _reply(request: httpx.Request, response: httpx.Response) -> Reply:
    endpoint, is_large = request.url.path.rpartition("/")[2], len(response.content) > MAX_ERROR_SIZE
    envelope = None if is_large else read_envelope(response)
    code = envelope["errorCode"] if envelope else None
    is_success = response.is_success and (is_large or (envelope is not None and code is None))
    return Reply(endpoint, response.status_code, code, is_success)
