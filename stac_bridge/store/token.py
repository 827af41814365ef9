"""M2M's API key, shared by all workers of an account, so that they log in once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stac_bridge.store.redis_connection import Away

if TYPE_CHECKING:
    from stac_bridge.store.redis_connection import Link
    from stac_bridge.store.signed_pickle import Seal

__all__ = ["SharedKey"]

_DROP = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


class SharedKey:
    """The key in Redis; while that is away, the last one that this worker knew. Implements what the login asks.

    It stands there sealed but readable: whoever reads that Redis has the account for as long as the key lives, two
    hours at most after its last use. Nobody logs out: the key serves the workers that go on, and those that come.
    """

    def __init__(self, link: Link, seal: Seal, realm: str) -> None:
        self._link = link
        self._seal = seal
        self._name = f"stac-bridge:{{{realm}}}:key"
        self._own: str | None = None

    async def get(self) -> str | None:
        """The key, or None."""
        try:
            sealed = await self._link.read(self._name)
        except Away:
            return self._own
        said = self._seal.open(self._name, sealed) if sealed else None
        self._own = said.decode() if said else None
        return self._own

    async def put(self, key: str, seconds: float) -> None:
        """Share a new key for so long."""
        self._own = key
        sealed = self._seal.close(self._name, key.encode())
        try:
            await self._link.ask(lambda redis: redis.set(self._name, sealed, px=int(1000 * seconds)))
        except Away:
            return

    async def drop(self, key: str) -> None:
        """Forget ``key``; one that another worker has put in its place stays."""
        if self._own == key:
            self._own = None
        try:
            sealed = await self._link.read(self._name)
            if sealed and self._seal.open(self._name, sealed) == key.encode():
                await self._link.run(_DROP, [self._name], sealed)
        except Away:
            return
