"""Reads a byte range of a source: resumes after a broken connection, and renews a URL that stopped working."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import nullcontext
from typing import TypeAlias

import httpx

from stac_bridge.assets.read.probe import Source
from stac_bridge.assets.read.timeouts import DEFAULT_READ_TIMEOUTS, ReadTimeouts
from stac_bridge.assets.read.upstream import fetch_range, file_changed
from stac_bridge.errors import (
    AssetUnavailable,
    BridgeError,
    UpstreamBusy,
    UpstreamFault,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from stac_bridge.request_context import request_deadline

Renew: TypeAlias = "Callable[[Source], Awaitable[Source]]"
"""Returns another source for one whose URL stopped working. Raises Staging, UpstreamError and the like."""

MAX_EMPTY_ATTEMPTS = 3
"""Consecutive requests without a single byte after which reading fails."""

RENEWAL_TIMEOUT = 120.0
"""Seconds that a renewal may take in the middle of a file, when the time limit of the request is long over."""


class RangeReader:
    """Reads the bytes ``wanted`` of a source; if that is a member of an archive, positions count from its start.

    Read it to its end, or close it. If the source's size is not known, the file may end before ``wanted`` does.
    """

    def __init__(
        self,
        source: Source,
        wanted: range,
        http: httpx.AsyncClient,
        renew: Renew,
        timeouts: ReadTimeouts = DEFAULT_READ_TIMEOUTS,
    ) -> None:
        self._source = source
        self._remaining = wanted
        self._http = http
        self._renew = renew
        self._timeouts = timeouts
        self._has_started = False
        self._is_renewed = False
        self._empty_attempts = 0
        self._first_chunk = b""
        self._response = self._request()

    async def open(self) -> None:
        """Read the first bytes, so that errors surface here. Raises AssetUnavailable, Staging, UpstreamError."""
        self._first_chunk = await self._next_chunk()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the bytes. Raises AssetUnavailable, Staging, UpstreamError if some of them cannot be read."""
        try:
            chunk, self._first_chunk = self._first_chunk or await self._next_chunk(), b""
            while chunk:
                yield chunk
                chunk = await self._next_chunk()
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Release the connection."""
        await self._response.aclose()

    def _request(self) -> AsyncGenerator[bytes, None]:
        offset = self._source.part.start if self._source.part else 0
        in_file = range(self._remaining.start + offset, self._remaining.stop + offset)
        return fetch_range(self._source.file, in_file, self._http)

    async def _next_chunk(self) -> bytes:
        """Return more bytes; empty at the end."""
        while self._remaining:
            try:
                return await self._take(await anext(self._response))
            except StopAsyncIteration:
                if self._source.file.size is None and not self._source.part:
                    return b""
                await self._retry(
                    UpstreamUnreachable("The USGS download host broke off in the middle; try again.", retry_after=10)
                )
            except (UpstreamFault, UpstreamBusy, UpstreamTimeout, UpstreamUnreachable, AssetUnavailable) as error:
                await self._retry(error)
        return b""

    async def _take(self, chunk: bytes) -> bytes:
        """Count the chunk as read. The last chunk is returned only after the response has ended without an error."""
        if len(chunk) == len(self._remaining):
            async for _more in self._response:
                pass
        self._remaining = self._remaining[len(chunk) :]
        self._has_started, self._is_renewed = True, False
        self._empty_attempts = -1  # the current request had bytes: when it fails, _retry counts up to 0
        return chunk

    async def _retry(self, error: BridgeError) -> None:
        """Request what remains. Raises the error if a retry is of no use."""
        await self._response.aclose()
        self._empty_attempts += 1
        is_dead = isinstance(error, UpstreamFault | AssetUnavailable)
        if (
            self._empty_attempts >= MAX_EMPTY_ATTEMPTS
            or (is_dead and self._is_renewed)
            or not self._may_continue(error)
        ):
            raise error
        if is_dead:
            await self._renew_source()
        else:
            await asyncio.sleep(self._pause(error))
        self._response = self._request()

    def _may_continue(self, error: BridgeError) -> bool:
        """Before the first byte, a busy host is reported; after it, reading resumes if a change can be detected."""
        if not self._has_started:
            return not isinstance(error, UpstreamBusy | UpstreamTimeout)
        file = self._source.file
        return any(value is not None for value in (file.size, file.etag, file.last_modified))

    def _pause(self, error: BridgeError) -> float:
        """Return the seconds before the next request."""
        if isinstance(error, UpstreamBusy):
            return min(self._timeouts.max_busy_wait, error.retry_after or self._timeouts.max_busy_wait)
        return self._timeouts.retry_pause * float(4 ** max(0, self._empty_attempts))

    async def _renew_source(self) -> None:
        with request_deadline(RENEWAL_TIMEOUT) if self._has_started else nullcontext():
            renewed = await self._renew(self._source)
        if not (renewed.may_equal(self._source) and renewed.file.may_equal(self._source.file)):
            raise file_changed()
        self._source, self._is_renewed = renewed, True
