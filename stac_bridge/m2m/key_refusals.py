"""Decides whether a refusal may mean that the login key is dead, so that a new login is worth its call.

M2M refuses a dead key with HTTP 403 and an errorCode of which there is no record [REFERENCE §9]. The same codes also
refuse an account that lacks a role, for which a new key would be refused as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DEAD_KEY_CODES = frozenset({"AUTH_EXPIRED", "AUTH_KEY_INVALID"})
"""The key has expired or is unknown to M2M: certainly dead."""

_ROLE_CODES = frozenset({"AUTH_UNAUTHORIZED", "AUTH_UNAUTHROIZED"})  # the second is the server's own spelling
_AUTH_CODES = DEAD_KEY_CODES | _ROLE_CODES | {"AUTH_INVALID", "UNAUTHORIZED_USER"}
_AUTH_STATUSES = (401, 403)

_ROLES = {"download": "download", "order": "order", "tram": "order"}
"""First word of an endpoint's name → the role among the account's permissions that it needs [REFERENCE §9]."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A response, as far as it is about the key. ``is_success``: it has the requested data."""

    endpoint: str
    status: int
    code: str | None
    is_success: bool

    @property
    def is_refusal(self) -> bool:
        """Whether M2M refused the key or the account. A code in the body counts more than the status."""
        return self.code in _AUTH_CODES or (self.code is None and self.status in _AUTH_STATUSES)


class KeyRefusals:
    """The knowledge that the decision needs: the account's roles, whether a key has worked, and what new keys get."""

    def __init__(self) -> None:
        self._roles: frozenset[str] | None = None
        self._unproven: str | None = None
        self._final: set[tuple[str, str | None]] = set()  # (endpoint, code) with which a new key was refused

    def learn_roles(self, roles: Iterable[str]) -> None:
        """Remember the account's permissions."""
        self._roles = frozenset(roles)

    def key_issued(self, key: str) -> None:
        """Remember a key that has not been used yet. Keys of other workers are known to work."""
        self._unproven = key

    def may_be_dead(self, key: str, reply: Reply) -> bool:
        """Return whether the request should be repeated with another key; remembers the reply."""
        if not reply.is_refusal:
            if reply.is_success:
                self._final = {pair for pair in self._final if pair[0] != reply.endpoint}
                self._unproven = None if key == self._unproven else self._unproven
            return False
        if reply.endpoint == "logout":  # the key is no longer wanted
            return False
        if reply.code in DEAD_KEY_CODES:
            return True
        pair = reply.endpoint, reply.code
        if key == self._unproven:
            self._final.add(pair)
        return not (key == self._unproven or pair in self._final or self._lacks_role(reply))

    def _lacks_role(self, reply: Reply) -> bool:
        """Return whether the account's permissions explain the refusal."""
        role = _ROLES.get(reply.endpoint.partition("-")[0])
        return reply.code in _ROLE_CODES and self._roles is not None and role is not None and role not in self._roles
