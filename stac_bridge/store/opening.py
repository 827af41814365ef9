"""STAC_BRIDGE_STORE → what the workers of an account share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stac_bridge.errors import BridgeError
from stac_bridge.extras import require_extra
from stac_bridge.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stac_bridge.store.key import SharedKey
    from stac_bridge.store.link import Link
    from stac_bridge.store.slot import SharedSlot

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


def _require_redis() -> None:
    require_extra("redis", "STAC_BRIDGE_STORE other than memory://", "unset it to run one process")


async def reach(url: str, patience: float = 2) -> None:
    """Ask Redis whether it is there, for at most ``patience`` seconds. Raises BridgeError where it is not."""
    _require_redis()
    from stac_bridge.store.link import Link

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

    Nothing is asked of Redis yet. Raises BridgeError where ``url`` cannot be read, and if the extra of
    Redis is not installed.
    """
    if not is_shared(url):
        return Sharing(Store(listener=listener))
    _require_redis()
    # here, for it takes a second to import, and most have no Redis
    from stac_bridge.store.key import SharedKey
    from stac_bridge.store.link import Link
    from stac_bridge.store.remote import Remote
    from stac_bridge.store.seal import Seal
    from stac_bridge.store.slot import SharedSlot

    link = _read(lambda: Link(url))
    seal, realm = Seal(secrets), hashlib.sha256("\n".join(account).encode()).hexdigest()[:16]
    store = Store(Remote(link, seal, realm), listener)
    return Sharing(store, SharedSlot(link, realm), SharedKey(link, seal, realm))


def _read(made: Callable[[], Link]) -> Link:
    try:
        return made()
    except ValueError as unreadable:
        raise BridgeError(f"STAC_BRIDGE_STORE cannot be read: {unreadable}") from None
