"""M2M's API key, shared by all workers of an account, so that they log in once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stac_bridge.store.redis_connection import RedisDown

if TYPE_CHECKING:
    from stac_bridge.store.redis_connection import RedisConnection
    from stac_bridge.store.signed_pickle import ValueSigner

_DELETE_IF_EQUAL = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


class SharedLoginKey:
    """The key in Redis; while Redis is down, the last one that this worker knew. Implements ``m2m.auth.KeyStore``.

    It is signed but not encrypted: whoever reads that Redis has the account for as long as the key lives, at most two
    hours after its last use. No worker logs out, because the others, and workers started later, still use the key.
    """

    def __init__(self, connection: RedisConnection, signer: ValueSigner, realm: str) -> None:
        self._connection = connection
        self._signer = signer
        self._name = f"stac-bridge:{{{realm}}}:key"
        self._last_known: str | None = None
        self._is_shared = True

    async def get(self) -> str | None:
        """Return the key, or None."""
        try:
            signed = await self._connection.read(self._name)
        except RedisDown:
            return self._last_known
        key = self._signer.verify(self._name, signed) if signed else None
        # A key that Redis refused to store is in this worker alone: without it, each request would log in.
        if key or self._is_shared:
            self._last_known, self._is_shared = key.decode() if key else None, True
        return self._last_known

    async def put(self, key: str, seconds: float) -> None:
        """Share a new key for ``seconds``."""
        self._last_known = key
        signed = self._signer.sign(self._name, key.encode())
        try:
            await self._connection.set(self._name, signed, int(1000 * seconds))
            self._is_shared = True
        except RedisDown:
            self._is_shared = False

    async def drop(self, key: str) -> None:
        """Delete ``key``, unless another worker has replaced it by a newer one."""
        if self._last_known == key:
            self._last_known = None
        try:
            signed = await self._connection.read(self._name)
            if signed and self._signer.verify(self._name, signed) == key.encode():
                await self._connection.run_script(_DELETE_IF_EQUAL, [self._name], signed)
        except RedisDown:
            return
