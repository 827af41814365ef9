"""Where a search that names no collections stopped without a match, so that the same search continues there."""

from __future__ import annotations

from stac_bridge.catalog.live import LIKELY_TTL
from stac_bridge.store import Store

RESUME_TTL = LIKELY_TTL
"""Seconds for which it is remembered, as long as which datasets have scenes at a place and time."""


class StoppedSearches:
    """The tokens of searches that spent their calls before the first match, by the digest of the search."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def token(self, digest: bytes) -> str | None:
        """Return the token that continues a search; None if it has not stopped within ``RESUME_TTL``."""
        token: str | None = await self._store.get(_key(digest))
        return token

    async def remember(self, digest: bytes, token: str) -> None:
        """Remember where a search stopped."""
        await self._store.put(_key(digest), token, ttl=RESUME_TTL)


def _key(digest: bytes) -> str:
    return f"stopped {digest.hex()}"
