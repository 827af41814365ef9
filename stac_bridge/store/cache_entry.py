"""What a value is kept under, and what is asked of a place that keeps values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

__all__ = ["Health", "Kept", "Shelf", "Terms"]


@dataclass(frozen=True, slots=True)
class Terms:
    """For ``ttl`` seconds a value is good; for ``stale`` more it is better than nothing. ``size`` in bytes, roughly."""

    ttl: float
    stale: float = 0
    size: int = 1024

    @property
    def lasts(self) -> float:
        """Seconds after which the value is gone."""
        return self.ttl + self.stale


@dataclass(frozen=True, slots=True)
class Kept:
    """A value as it was found, ``age`` seconds after it was kept."""

    value: Any
    terms: Terms
    age: float

    @property
    def is_fresh(self) -> bool:
        """Whether it is good, and not only better than nothing."""
        return self.age < self.terms.ttl


@dataclass(frozen=True, slots=True)
class Health:
    """How the store is: ``kind`` is memory or redis; ``reason`` says why it is degraded."""

    kind: Literal["memory", "redis"]
    state: Literal["ok", "degraded"] = "ok"
    reason: str | None = None


class Shelf(Protocol):
    """A place that keeps values. No method raises because the place is away: then it keeps and finds less."""

    async def get(self, key: str) -> Kept | None:
        """What is kept under ``key``, good or past its time."""
        ...

    async def put(self, key: str, value: object, terms: Terms) -> None:
        """Keep a value; one that is too large is not kept."""
        ...

    async def drop(self, key: str) -> None:
        """Forget ``key``."""
        ...

    def claim(self, key: str) -> AbstractAsyncContextManager[Kept | None]:
        """Inside, nobody else who uses this place makes a value for ``key``; waits for whoever makes one.

        Gives what the other has made; None where it is still to be made. Raises UpstreamBusy when the time is up.
        """
        ...

    async def health(self) -> Health:
        """How it is now."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
