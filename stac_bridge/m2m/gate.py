"""Whose turn it is: M2M serves one request of an account at a time, login included [REFERENCE §10]."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from stac_bridge.errors import UpstreamBusy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

__all__ = ["Gate", "Turns"]


class Turns(Protocol):
    """What the client asks of a gate; several processes of one account need one that they share."""

    def turn(self, patience: float) -> AbstractAsyncContextManager[None]:
        """One turn, waited for at most ``patience`` seconds. Raises UpstreamBusy."""
        ...


class Gate:
    """One turn at a time within this process, in the order of asking."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()  # hands itself on in order, and survives waiters who go away

    @asynccontextmanager
    async def turn(self, patience: float) -> AsyncIterator[None]:
        """One turn, waited for at most ``patience`` seconds. Raises UpstreamBusy."""
        try:
            async with asyncio.timeout(None if patience == float("inf") else patience):
                await self._lock.acquire()
        except TimeoutError:
            raise UpstreamBusy(
                "Too many requests wait for the M2M account, which serves one at a time; come back in a moment.",
                retry_after=5,
            ) from None
        try:
            yield
        finally:
            self._lock.release()
