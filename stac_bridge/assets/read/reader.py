"""One reader's way through a file: on at the byte where it stopped, by another URL where one has died."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, TypeAlias

from stac_bridge.assets.read.timeouts import PATIENT, Patience
from stac_bridge.assets.read.upstream import changed, pieces
from stac_bridge.errors import AssetUnavailable, BridgeError, UpstreamBusy, UpstreamFault, UpstreamTimeout
from stac_bridge.errors import UpstreamUnreachable as Unreachable
from stac_bridge.request_context import request_deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    import httpx

    from stac_bridge.assets.read.probe import Source

__all__ = ["Reading", "Renew"]

Renew: TypeAlias = "Callable[[Source], Awaitable[Source]]"
"""Gives another source in place of one whose URL has died. Raises Staging, UpstreamError and the like."""

ATTEMPTS = 3
"""Askings without a single byte after which a reading ends."""

RENEWING = 120.0
"""Seconds that renewing may take in the middle of a file, when the time for beginning an answer is long over."""


class Reading:
    """The bytes ``wanted`` of a source (of the member, where it is one). Close it when done, or read it to its end.

    Where the source's size is not known, the file may end before ``wanted`` does.
    """

    def __init__(
        self, source: Source, wanted: range, http: httpx.AsyncClient, renew: Renew, patience: Patience = PATIENT
    ) -> None:
        self._source = source
        self._left = wanted
        self._http = http
        self._renew = renew
        self._patience = patience
        self._begun = False
        self._renewed = False
        self._fruitless = 0
        self._first = b""
        self._pieces = self._ask()

    async def open(self) -> None:
        """Have the first bytes. Raises AssetUnavailable, Staging, UpstreamError."""
        self._first = await self._next()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The bytes. Raises AssetUnavailable, Staging, UpstreamError where they cannot all be had."""
        try:
            chunk, self._first = self._first or await self._next(), b""
            while chunk:
                yield chunk
                chunk = await self._next()
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Free the connection."""
        await self._pieces.aclose()

    def _ask(self) -> AsyncGenerator[bytes, None]:
        by = self._source.part.start if self._source.part else 0
        return pieces(self._source.file, range(self._left.start + by, self._left.stop + by), self._http)

    async def _next(self) -> bytes:
        """More bytes; none at the end."""
        while self._left:
            try:
                return await self._take(await anext(self._pieces))
            except StopAsyncIteration:
                if self._source.file.size is None and not self._source.part:
                    return b""
                await self._again(
                    Unreachable("The USGS download host broke off in the middle; try again.", retry_after=10)
                )
            except (UpstreamFault, UpstreamBusy, UpstreamTimeout, Unreachable, AssetUnavailable) as why:
                await self._again(why)
        return b""

    async def _take(self, chunk: bytes) -> bytes:
        """The chunk is the reader's; the last one not before the answer has ended as it should."""
        if len(chunk) == len(self._left):
            async for _more in self._pieces:
                pass
        self._left = self._left[len(chunk) :]
        self._begun, self._renewed, self._fruitless = True, False, -1  # this asking is none of those in vain
        return chunk

    async def _again(self, why: BridgeError) -> None:
        """Ask anew for what is left, unless there is no sense in it: then raises ``why``."""
        await self._pieces.aclose()
        self._fruitless += 1
        dead = isinstance(why, UpstreamFault | AssetUnavailable)
        if self._fruitless >= ATTEMPTS or (dead and self._renewed) or not self._may_go_on(why):
            raise why
        if dead:
            await self._renew_source()
        else:
            await asyncio.sleep(self._pause(why))
        self._pieces = self._ask()

    def _may_go_on(self, why: BridgeError) -> bool:
        """Before the first byte a busy host is better told; after it, a file goes on that can be told from others."""
        if not self._begun:
            return not isinstance(why, UpstreamBusy | UpstreamTimeout)
        file = self._source.file
        return any(said is not None for said in (file.size, file.etag, file.last_modified))

    def _pause(self, why: BridgeError) -> float:
        if isinstance(why, UpstreamBusy):
            return min(self._patience.busy, why.retry_after or self._patience.busy)
        return self._patience.pause * float(4 ** max(0, self._fruitless))

    async def _renew_source(self) -> None:
        with request_deadline(RENEWING) if self._begun else nullcontext():
            fresh = await self._renew(self._source)
        if not (fresh.resembles(self._source) and fresh.file.resembles(self._source.file)):
            raise changed()
        self._source, self._renewed = fresh, True
