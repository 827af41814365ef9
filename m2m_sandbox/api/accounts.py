"""Accounts: any name with any token but ``wrong``; names that start with ``search`` may not download."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from m2m_sandbox.api.errors import Refusal
from m2m_sandbox.api.scene_lists import SceneLists

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    IsLeft = Callable[[], Awaitable[bool]]

__all__ = ["Account", "Accounts"]


_WRONG = "wrong"


@dataclass
class Account:
    """Who asks: scene lists and downloads belong to an account. ``address`` is where it last logged in from.

    ``is_left`` tells of the request that runs, where one does, whether its asker has gone.
    """

    username: str
    contact_id: int
    lists: SceneLists
    address: str = "127.0.0.1"
    is_left: IsLeft | None = field(default=None, compare=False)
    fetching: int = field(default=0, compare=False)

    @property
    def roles(self) -> list[str]:
        """What it may do."""
        return ["user"] if self.username.startswith("search") else ["user", "download", "order"]


class Accounts:
    """Keys, and whose turn it is. A key lives ``lifetime`` seconds after its last use."""

    def __init__(self, lifetime: float, clock: Callable[[], float]) -> None:
        self._lifetime = lifetime
        self._clock = clock
        self._accounts: dict[str, Account] = {}
        self._keys: dict[str, tuple[Account, float]] = {}
        self.most_at_once = 0
        self.refused = 0
        self.refused_beside_left = 0

    def log_in(self, payload: dict[str, Any], address: str = "127.0.0.1") -> Account:
        """The account of a login-token request. Raises Refusal."""
        username, token = payload.get("username"), payload.get("token")
        if not username or not token or token == _WRONG:
            raise Refusal("AUTH_INVALID", "User credential verification failed")
        new = Account(str(username), 10_000 + len(self._accounts), SceneLists(self._clock))
        account = self._accounts.setdefault(str(username), new)
        account.address = address
        return account

    def new_key(self, account: Account) -> str:
        """A key for a logged-in account."""
        key = secrets.token_urlsafe(48)
        self._keys[key] = account, self._clock()
        return key

    def of_key(self, key: str | None) -> Account:
        """Whose key it is. Raises Refusal."""
        if not key:
            raise Refusal("UNAUTHORIZED_USER", "No API key was provided")
        if key not in self._keys:
            raise Refusal("AUTH_KEY_INVALID", "The API key is not valid")
        account, used = self._keys[key]
        if self._clock() - used > self._lifetime:
            del self._keys[key]
            raise Refusal("AUTH_EXPIRED", "The API key has expired")
        self._keys[key] = account, self._clock()
        return account

    def forget(self, key: str | None) -> None:
        """End a key."""
        self._keys.pop(key or "", None)

    def forget_all(self) -> None:
        """End every key, as a restart of M2M may."""
        self._keys.clear()

    @asynccontextmanager
    async def turn(self, account: Account, is_left: IsLeft) -> AsyncIterator[None]:
        """One request of an account at a time, login included [REFERENCE §10]. Raises Refusal.

        A request whose asker has gone runs on all the same, as long as it takes.
        """
        if account.is_left:
            self.most_at_once = max(self.most_at_once, 2)
            self.refused += 1
            self.refused_beside_left += await account.is_left()
            raise Refusal("RATE_LIMIT", "Your account does not support multiple requests at a time.")
        account.is_left = is_left
        self.most_at_once = max(self.most_at_once, 1)
        try:
            yield
        finally:
            account.is_left = None
