"""A size limit for M2M's responses, checked while they are read and decoded.

httpx decodes each chunk as a whole, in any coding that is installed, so that a few kilobytes could become gigabytes.
Here only gzip is decoded, in small steps, and reading stops at the limit.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx

from stac_bridge.errors import UpstreamFault
from stac_bridge.http_headers import read_count

MAX_RESPONSE_BYTES = 32 * 2**20
"""Maximum size of a decoded response: 1000 scenes with full metadata, which take up to 20 KB each, and some room."""

ACCEPTED_CODING = "gzip"
"""For the Accept-Encoding of requests."""

_STEP_BYTES = 2**18
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
"""Makes zlib expect the header of a gzip."""


def limit_responses(max_bytes: int) -> Callable[[httpx.Response], Awaitable[None]]:
    """Return a hook for httpx's ``response`` event: reading more than ``max_bytes`` raises UpstreamFault.

    A transport that wraps another could do the same, but with a transport of its own a client ignores the proxies in
    the environment.
    """

    async def limit(response: httpx.Response) -> None:
        coding = response.headers.pop("content-encoding", "").strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip"):
            raise httpx.DecodingError("M2M sent a coding that was not requested", request=response.request)
        if (read_count(response.headers.get("content-length")) or 0) > max_bytes:
            raise _too_large(response.request, max_bytes)
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _LimitedStream(response, response.stream, coding.endswith("gzip"), max_bytes)

    return limit


class _LimitedStream(httpx.AsyncByteStream):
    """The decoded body of a response."""

    def __init__(self, response: httpx.Response, stream: httpx.AsyncByteStream, is_gzip: bool, max_bytes: int) -> None:
        self._request = response.request
        self._stream = stream
        self._unzip = _Unzip(self._request) if is_gzip else None
        self._max_bytes = max_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = decoded = 0
        async for chunk in self._stream:
            received += len(chunk)  # has a limit of its own: bytes after the end of a gzip are not decoded
            self._check(received)
            for part in self._unzip.parts(chunk) if self._unzip else (chunk,):
                decoded += len(part)
                self._check(decoded)
                yield part
        if self._unzip:
            self._unzip.check_end()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def _check(self, count: int) -> None:
        if count > self._max_bytes:
            raise _too_large(self._request, self._max_bytes)


class _Unzip:
    """Decodes a gzip in steps."""

    def __init__(self, request: httpx.Request) -> None:
        self._request = request
        self._decoder = zlib.decompressobj(_GZIP_WINDOW)
        self._has_started = False

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes of a chunk, at most 256 KiB at a time. Raises httpx.DecodingError."""
        self._has_started = self._has_started or bool(chunk)
        rest = chunk
        while not self._decoder.eof:
            try:
                part = self._decoder.decompress(rest, _STEP_BYTES)
            except zlib.error as error:
                raise httpx.DecodingError("M2M sent a broken gzip", request=self._request) from error
            rest = self._decoder.unconsumed_tail
            if part:
                yield part
            if not rest and len(part) < _STEP_BYTES:
                return

    def check_end(self) -> None:
        """Raise httpx.DecodingError for a gzip that is cut off; an empty body is accepted."""
        if self._has_started and not self._decoder.eof:
            raise httpx.DecodingError("M2M sent a gzip that is cut off", request=self._request)


def _too_large(request: httpx.Request, max_bytes: int) -> UpstreamFault:
    endpoint = request.url.path.rpartition("/")[2]
    return UpstreamFault(
        f"M2M's response to {endpoint} has more than {max_bytes // 2**20} MiB, which is not read; request less at once."
    )
