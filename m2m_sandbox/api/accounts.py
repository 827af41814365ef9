"""Accounts and API keys.

Any username logs in with any token but ``wrong``; usernames that start with ``search`` may not download.
"""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from m2m_sandbox.api.errors import EndpointError
from m2m_sandbox.api.scene_lists import SceneLists

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    IsDisconnected = Callable[[], Awaitable[bool]]


_WRONG_TOKEN = "wrong"  # noqa: S105 -- documented, so that clients can test a failed login


@dataclass
class Account:
    """A user, who owns scene lists and downloads. ``address`` is the IP address of the last login.

    ``is_disconnected`` belongs to the request that is running, if any: whether its client has closed the connection.
    ``fetching`` is the number of files that the account is reading from the dds host.
    """

    username: str
    contact_id: int
    lists: SceneLists
    address: str = "127.0.0.1"
    is_disconnected: IsDisconnected | None = field(default=None, compare=False)
    fetching: int = field(default=0, compare=False)

    @property
    def roles(self) -> list[str]:
        """The account's roles, as the permissions endpoint lists them."""
        return ["user"] if self.username.startswith("search") else ["user", "download", "order"]


class Accounts:
    """All accounts and their API keys; allows one request per account at a time.

    A key expires ``key_lifetime`` seconds after its last use.

    ``/__sandbox/seen`` shows the counters: ``max_in_flight`` is the maximum number of requests of one account at a
    time, ``rejected`` the number of requests that came while another one was running, and
    ``rejected_beside_disconnected`` those of them that came after the other one's client had disconnected.
    """

    def __init__(self, key_lifetime: float, clock: Callable[[], float]) -> None:
        self._key_lifetime = key_lifetime
        self._clock = clock
        self._accounts: dict[str, Account] = {}
        self._keys: dict[str, tuple[Account, float]] = {}
        self._dead_keys: dict[str, str] = {}
        """Key → the code that it is refused with."""
        self.max_in_flight = 0
        self.rejected = 0
        self.rejected_beside_disconnected = 0

    def log_in(self, payload: dict[str, Any], address: str = "127.0.0.1") -> Account:
        """Return the account of a login-token request. Raises EndpointError for wrong credentials."""
        username, token = payload.get("username"), payload.get("token")
        if not username or not token or token == _WRONG_TOKEN:
            raise EndpointError("AUTH_INVALID", "User credential verification failed")
        new = Account(str(username), 10_000 + len(self._accounts), SceneLists(self._clock))
        account = self._accounts.setdefault(str(username), new)
        account.address = address
        return account

    def issue_key(self, account: Account) -> str:
        """Return a new API key for a logged-in account."""
        key = secrets.token_urlsafe(48)
        self._keys[key] = account, self._clock()
        return key

    def authenticate(self, key: str | None) -> Account:
        """Return the account of an API key and renew the key. Raises EndpointError."""
        if not key:
            raise EndpointError("UNAUTHORIZED_USER", "No API key was provided")
        if key in self._dead_keys:
            raise EndpointError(self._dead_keys[key], "The API key is not valid", 403)
        if key not in self._keys:
            raise EndpointError("AUTH_KEY_INVALID", "The API key is not valid")
        account, last_used = self._keys[key]
        if self._clock() - last_used > self._key_lifetime:
            del self._keys[key]
            raise EndpointError("AUTH_EXPIRED", "The API key has expired")
        self._keys[key] = account, self._clock()
        return account

    def revoke_key(self, key: str | None) -> None:
        """Invalidate a key."""
        self._keys.pop(key or "", None)

    def revoke_all_keys(self, code: str) -> None:
        """Invalidate every key, as a restart of M2M may; the keys are refused with HTTP 403 and this code."""
        self._dead_keys |= dict.fromkeys(self._keys, code)
        self._keys.clear()

    @asynccontextmanager
    async def single_request(self, account: Account, is_disconnected: IsDisconnected) -> AsyncIterator[None]:
        """Run one request of an account at a time, logins included [REFERENCE §10].

        A request runs to its end even if its client disconnects, and blocks the account until then, as at M2M.

        Raises:
            EndpointError: RATE_LIMIT, if another request of the account is running.
        """
        if account.is_disconnected:
            self.max_in_flight = max(self.max_in_flight, 2)
            self.rejected += 1
            self.rejected_beside_disconnected += await account.is_disconnected()
            raise EndpointError("RATE_LIMIT", "Your account does not support multiple requests at a time.")
        account.is_disconnected = is_disconnected
        self.max_in_flight = max(self.max_in_flight, 1)
        try:
            yield
        finally:
            account.is_disconnected = None
