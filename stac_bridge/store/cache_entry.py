"""An entry of the cache, and the interface of the backends that hold the entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """How long a value may be used. ``size`` is its approximate size in bytes."""

    ttl: float
    """Seconds for which the value is fresh."""
    stale: float = 0
    """Further seconds for which it may be used while M2M is down."""
    size: int = 1024

    @property
    def lifetime(self) -> float:
        """Seconds after which the value is deleted."""
        return self.ttl + self.stale


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A cached value and its age in seconds when it was read."""

    value: Any
    policy: CachePolicy
    age: float

    @property
    def is_fresh(self) -> bool:
        """Whether it is within its TTL."""
        return self.age < self.policy.ttl


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the store; ``reason`` says why it is degraded."""

    kind: Literal["memory", "redis"]
    state: Literal["ok", "degraded"] = "ok"
    reason: str | None = None


class CacheBackend(Protocol):
    """Where entries are held. No method raises because the backend is down: it then stores and finds less."""

    async def get(self, key: str) -> CacheEntry | None:
        """Return the entry under ``key``, fresh or stale."""
        ...

    async def put(self, key: str, value: object, policy: CachePolicy) -> None:
        """Store a value, unless it is too large."""
        ...

    async def drop(self, key: str) -> None:
        """Delete the entry under ``key``."""
        ...

    def claim(self, key: str) -> AbstractAsyncContextManager[CacheEntry | None]:
        """Hold the exclusive right among all workers to make the value for ``key``; waits while another makes it.

        Enters with the entry that another worker has just made, or None if the value is still to be made. Raises
        UpstreamBusy when the request's deadline passes.
        """
        ...

    async def health(self) -> Health:
        """Return the current state."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
