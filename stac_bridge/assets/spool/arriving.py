"""A file that arrives, and those who read what of it is there."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, BinaryIO

import anyio

from stac_bridge.assets.read.timeouts import PATIENT
from stac_bridge.assets.spool.disk_cache import hold
from stac_bridge.errors import BridgeError, Staging, UpstreamUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

__all__ = ["Arriving"]

COME_BACK = 10
"""Seconds after which those ask again whose bytes are long in coming."""

CHUNK = 2**18
"""Bytes that a reader has in memory."""


class Arriving:
    """A file of ``size`` bytes (None: not known before its end) of which ``there`` have arrived.

    ``path`` is where they are, once there are some; ``reserved`` is the room that was made for it, in bytes.
    ``patience`` is what a reader waits for bytes that have not arrived, in seconds.
    """

    def __init__(self, size: int | None, path: Path | None = None, patience: float = PATIENT.arriving) -> None:
        self.size = size
        self.path = path
        self.there = 0
        self.reserved = 0
        self._patience = patience
        self._ended = False
        self._failed: BridgeError | None = None
        self._news = asyncio.Condition()

    @classmethod
    def whole(cls, path: Path, size: int) -> Arriving:
        """A file that has arrived."""
        found = cls(size, path)
        found.there, found._ended = size, True
        return found

    async def grow(self, count: int) -> None:
        """``count`` more bytes are there."""
        async with self._news:
            self.there += count
            self._news.notify_all()

    async def end(self, failed: BridgeError | None = None) -> None:
        """No more will arrive: because it is whole, or because it ``failed``."""
        async with self._news:
            if failed is None and self.there < (self.size or 0):
                failed = UpstreamUnreachable("This file could not be fetched whole; try again.", retry_after=30)
            if failed is None:
                self.size = self.there
            self._ended, self._failed = True, self._failed or failed
            self._news.notify_all()

    async def reach(self, offset: int) -> None:
        """Return when the byte at ``offset`` is there, or the whole, if that is less.

        Raises Staging where it is long in coming, and the error that ended the arriving.
        """
        try:
            async with asyncio.timeout(self._patience):
                await self._come(offset)
        except TimeoutError:
            whole = "an unknown number" if self.size is None else self.size
            raise Staging(
                f"This file arrives from a host that serves no parts ({self.there} of {whole} bytes are here); "
                f"ask again in {COME_BACK} seconds.",
                retry_after=COME_BACK,
            ) from None

    async def _come(self, offset: int) -> None:
        async with self._news:
            await self._news.wait_for(lambda: self.there > offset or self._ended)
        if self.there <= offset and self._failed:
            raise self._failed

    async def measured(self) -> int:
        """The size, for which one has to wait where the host does not tell it. Raises as ``reach`` does."""
        if self.size is None:
            await self.reach(sys.maxsize)
        return self.size or 0

    async def chunks(self, wanted: range) -> AsyncGenerator[bytes, None]:
        """The bytes of a range as they arrive, to the file's end at most. Raises the error that ended the arriving."""
        place = wanted.start
        await self._come(place)
        if not wanted or place >= self.there:
            return
        async with anyio.wrap_file(self._opened()) as file:
            await file.seek(place)
            while place < wanted.stop:
                await self._come(place)
                chunk = await file.read(min(CHUNK, wanted.stop - place, self.there - place))
                if not chunk:
                    return
                place += len(chunk)
                yield chunk

    def _opened(self) -> BinaryIO:
        """From now on its bytes stay, though it may be renamed or removed meanwhile."""
        try:
            if self.path:
                return hold(self.path.open("rb"))
        except FileNotFoundError:
            pass
        raise self._failed or Staging("This file has just been removed to make room; ask again.", retry_after=1)
