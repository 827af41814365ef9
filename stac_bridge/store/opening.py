"""STAC_BRIDGE_STORE → what the workers of an account share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stac_bridge.errors import BridgeError
from stac_bridge.store.cache import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stac_bridge.store.lease import SharedSlot
    from stac_bridge.store.redis_connection import Link
    from stac_bridge.store.token import SharedKey

__all__ = ["Sharing", "is_shared", "open_store", "reach"]

_SCHEMES = ("redis", "rediss", "unix")


@dataclass(frozen=True, slots=True)
class Sharing:
    """The store, and where several workers share it, the account's slot and key. Closing the store closes all."""

    store: Store
    slot: SharedSlot | None = None
    key: SharedKey | None = None


def is_shared(url: str) -> bool:
    """Whether it names a place that several workers can share. Raises BridgeError for one that is not known."""
    scheme = urlsplit(url).scheme
    if url != "memory://" and scheme not in _SCHEMES:
        raise BridgeError("STAC_BRIDGE_STORE is memory://, or begins with redis://, rediss:// or unix://.")
    return scheme in _SCHEMES


async def reach(url: str, patience: float = 2) -> None:
    """Ask Redis whether it is there, for at most ``patience`` seconds. Raises BridgeError where it is not."""
    from stac_bridge.store.redis_connection import Link

    link = _read(lambda: Link(url, patience))
    reason = await link.reason()
    await link.aclose()
    if reason:
        raise BridgeError(f"STAC_BRIDGE_STORE: Redis is away ({reason}); start it, or mend the address.")


def open_store(
    url: str,
    *,
    account: tuple[str, str],
    secrets: Sequence[bytes],
    listener: Callable[[str, str], None] | None = None,
) -> Sharing:
    """What workers of an ``account`` (M2M's address, username) share; ``secrets`` seal it where others may write.

    Nothing is asked of Redis yet. Raises BridgeError where ``url`` cannot be read.
    """
    if not is_shared(url):
        return Sharing(Store(listener=listener))
    # here, for it takes a second to import, and most have no Redis
    from stac_bridge.store.lease import SharedSlot
    from stac_bridge.store.redis_cache import Remote
    from stac_bridge.store.redis_connection import Link
    from stac_bridge.store.signed_pickle import Seal
    from stac_bridge.store.token import SharedKey

    link = _read(lambda: Link(url))
    seal, realm = Seal(secrets), hashlib.sha256("\n".join(account).encode()).hexdigest()[:16]
    store = Store(Remote(link, seal, realm), listener)
    return Sharing(store, SharedSlot(link, realm), SharedKey(link, seal, realm))


def _read(made: Callable[[], Link]) -> Link:
    try:
        return made()
    except ValueError as unreadable:
        raise BridgeError(f"STAC_BRIDGE_STORE cannot be read: {unreadable}") from None
