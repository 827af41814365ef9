"""Open the store that STAC_BRIDGE_STORE names, with everything that the workers of an account share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stac_bridge.errors import BridgeError
from stac_bridge.extras import require_extra
from stac_bridge.store.cache import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stac_bridge.store.lease import RedisAccountLock
    from stac_bridge.store.login_key import SharedLoginKey
    from stac_bridge.store.redis_connection import RedisConnection

_SCHEMES = ("redis", "rediss", "unix")


@dataclass(frozen=True, slots=True)
class SharedState:
    """The store and, if several workers share it, the lock and login key of the account.

    Closing the store closes the connections of all three.
    """

    store: Store
    account_lock: RedisAccountLock | None = None
    login_key: SharedLoginKey | None = None


def is_shared(url: str) -> bool:
    """Return whether several workers can share the store at ``url``. Raises BridgeError for an unknown scheme."""
    scheme = urlsplit(url).scheme
    if url != "memory://" and scheme not in _SCHEMES:
        raise BridgeError("STAC_BRIDGE_STORE must be memory://, or start with redis://, rediss:// or unix://.")
    return scheme in _SCHEMES


def _require_redis() -> None:
    require_extra("redis", "STAC_BRIDGE_STORE other than memory://", "unset it to run one process")


async def check_redis(url: str, seconds: float = 2, *, stores: bool = False) -> None:
    """Raise BridgeError unless the Redis at ``url`` answers within ``seconds`` and, if required, ``stores`` a value.

    A server starts with a Redis that stores nothing: it works with its own memory.
    """
    _require_redis()
    from stac_bridge.store.redis_connection import RedisConnection

    connection = _parse(lambda: RedisConnection(url, seconds))
    down = await connection.failure()
    refusal = await connection.storing_failure() if stores and not down else None
    await connection.aclose()
    if down:
        raise BridgeError(f"STAC_BRIDGE_STORE: {down}; start it, or correct the URL.")
    if refusal:
        raise BridgeError(
            f"STAC_BRIDGE_STORE: {refusal}, so workers share nothing; raise its maxmemory, choose an eviction policy, "
            "or use the primary and an account that may write."
        )


def open_store(
    url: str,
    *,
    account: tuple[str, str],
    secrets: Sequence[bytes],
    listener: Callable[[str, str], None] | None = None,
) -> SharedState:
    """Open the store that the workers of an ``account`` (M2M's URL, username) share.

    ``secrets`` sign the values in Redis, where others may write; ``listener`` as in ``Store``. Does not connect yet.
    Raises BridgeError for an invalid ``url``, or if the extra of Redis is not installed.
    """
    if not is_shared(url):
        return SharedState(Store(listener=listener))
    _require_redis()
    # imported here: redis takes a second to import, and most servers do not use it
    from stac_bridge.store.lease import RedisAccountLock
    from stac_bridge.store.login_key import SharedLoginKey
    from stac_bridge.store.redis_cache import RedisCache
    from stac_bridge.store.redis_connection import RedisConnection
    from stac_bridge.store.signed_pickle import ValueSigner

    connection = _parse(lambda: RedisConnection(url))
    signer, realm = ValueSigner(secrets), hashlib.sha256("\n".join(account).encode()).hexdigest()[:16]
    return SharedState(
        Store(RedisCache(connection, signer, realm), listener),
        RedisAccountLock(connection, realm),
        SharedLoginKey(connection, signer, realm),
    )


def _parse(connect: Callable[[], RedisConnection]) -> RedisConnection:
    try:
        return connect()
    except ValueError as error:
        raise BridgeError(f"STAC_BRIDGE_STORE is not a valid URL: {error}") from None
