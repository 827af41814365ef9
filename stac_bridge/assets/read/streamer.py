"""Serves a source through this server: Range header in, status, headers and bytes out."""

from __future__ import annotations

import secrets
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from urllib.parse import quote

import httpx

from stac_bridge.assets.read.liveness import LivenessCheck
from stac_bridge.assets.read.probe import Source
from stac_bridge.assets.read.ranges import RangeNotSatisfiable, body_end, content_range, part_header, read_ranges
from stac_bridge.assets.read.reader import RangeReader, Renew
from stac_bridge.assets.read.streams import StreamLimits
from stac_bridge.assets.read.timeouts import DEFAULT_READ_TIMEOUTS, ReadTimeouts
from stac_bridge.assets.spool.arriving import ArrivingFile
from stac_bridge.assets.spool.spool import Spool
from stac_bridge.http_conditions import is_range_valid
from stac_bridge.request_context import current_request


@dataclass(frozen=True, slots=True)
class AssetResponse:
    """A response whose body is still to be read.

    ``chunks`` releases the connection and the place among the streams at its end, ``aclose`` at any time.
    """

    status: int
    headers: dict[str, str]
    chunks: AsyncGenerator[bytes, None]
    reader: RangeReader | None = None
    leave: Callable[[], None] | None = None

    async def aclose(self) -> None:
        """Release the connection, also if no chunk was read: a generator that never started has no cleanup."""
        try:
            await self.chunks.aclose()
            if self.reader:
                await self.reader.aclose()
        finally:
            if self.leave:
                self.leave()


def head_headers(source: Source) -> dict[str, str]:
    """Return the headers of a HEAD response. Ranges are served of every file, by its host or from the spool."""
    headers = {"Accept-Ranges": "bytes", "Content-Type": source.media_type}
    if source.size is not None:
        headers["Content-Length"] = str(source.size)
    if source.etag:
        headers["ETag"] = source.etag
    if source.last_modified:
        headers["Last-Modified"] = source.last_modified
    if source.filename:
        headers["Content-Disposition"] = f"attachment; {_filename_parameter(source.filename)}"
    return headers


def _filename_parameter(name: str) -> str:
    """Return a file name as a header parameter (RFC 6266), without the folders before it."""
    name = name.replace("\\", "/").rpartition("/")[2]
    is_plain = name.isascii() and name.isprintable() and '"' not in name
    return f'filename="{name}"' if is_plain else f"filename*=UTF-8''{quote(name, safe='')}"


class Streamer:
    """Reads hosts with Range directly, and all others through the spool.

    ``liveness`` is for readers who are redirected to the source instead; ``http`` has to have as many connections as
    ``limits`` allows streams.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        spool: Spool,
        liveness: LivenessCheck,
        timeouts: ReadTimeouts = DEFAULT_READ_TIMEOUTS,
        limits: StreamLimits | None = None,
    ) -> None:
        self.liveness = liveness
        self._limits = limits or StreamLimits()
        self._http = http
        self._spool = spool
        self._timeouts = timeouts

    async def open(self, source: Source, range_header: str | None, if_range: str | None, renew: Renew) -> AssetResponse:
        """Return the response to a Range header (None: the whole file). ``renew`` replaces a URL that stopped working.

        Raises AssetUnavailable, NoRoom, Staging, UpstreamError, and so do its ``chunks`` if the rest cannot be read;
        TooOften and ServerBusy if too many files are being read.
        """
        is_valid = is_range_valid(if_range, source.etag, source.last_modified)
        valid_range = range_header if is_valid else None
        leave = await self._limits.enter(current_request().caller)
        try:
            response = await (self._direct if source.ranges else self._spooled)(source, valid_range, renew)
        except BaseException:
            leave()
            raise
        return replace(response, chunks=_until_end(response.chunks, leave), leave=leave)

    async def head(self, source: Source, renew: Renew) -> dict[str, str]:
        """Return the headers of a HEAD response; a size that the host does not report may be known from the spool.

        The size of a file inside a gzip is known when it is unpacked: GDAL opens no file without a size. Raises as
        ``open`` does.
        """
        size = source.size if source.size is not None else self._spool.size(source)
        if size is None and source.packed:
            size = await (await self._arriving(source, renew)).wait_for_size()
        return head_headers(replace(source, size=size))

    async def _direct(self, source: Source, range_header: str | None, renew: Renew) -> AssetResponse:
        plan = _plan(source, range_header, source.size or 0)
        first = self._reader(source, plan.parts[0].wanted, renew) if plan.parts else None
        if first:
            await first.open()

        def chunks(part: _Part) -> AsyncGenerator[bytes, None]:
            reader = first if first and part is plan.parts[0] else self._reader(source, part.wanted, renew)
            return reader.chunks()

        return AssetResponse(plan.status, plan.headers, _body(plan, chunks), first)

    def _reader(self, source: Source, wanted: range, renew: Renew) -> RangeReader:
        return RangeReader(source, wanted, self._http, renew, self._timeouts)

    async def _arriving(self, source: Source, renew: Renew) -> ArrivingFile:
        """Return the file that a source is, or is a part of, from the spool."""
        return await self._spool.file(source.file, _renew_whole(source, renew))

    async def _spooled(self, source: Source, range_header: str | None, renew: Renew) -> AssetResponse:
        arriving = await self._arriving(source, renew)

        def read(wanted: range) -> AsyncGenerator[bytes, None]:
            return self._spool.chunks(arriving, wanted, source.file, _renew_whole(source, renew))

        size = source.size if source.size is not None else arriving.size
        if size is None and range_header is None:
            # The size is known only at the end: send what arrives, without a Content-Length.
            await arriving.wait_for(0)
            return AssetResponse(200, head_headers(source), read(range(sys.maxsize)))
        plan = _plan(source, range_header, await arriving.wait_for_size() if size is None else size)
        offset = source.part.start if source.part else 0

        def chunks(part: _Part) -> AsyncGenerator[bytes, None]:
            return read(range(part.wanted.start + offset, part.wanted.stop + offset))

        if plan.parts:
            await arriving.wait_for(plan.parts[0].wanted.start + offset)
        return AssetResponse(plan.status, plan.headers, _body(plan, chunks))


def _renew_whole(source: Source, renew: Renew) -> Renew:
    """Return a function that renews the file that a source is, or is a part of."""

    async def renew_whole(_stale: Source) -> Source:
        return (await renew(source)).file

    return renew_whole


async def _until_end(chunks: AsyncGenerator[bytes, None], leave: Callable[[], None]) -> AsyncGenerator[bytes, None]:
    """Yield the chunks, and end the stream with the last one."""
    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk
    finally:
        leave()


@dataclass(frozen=True, slots=True)
class _Part:
    """Bytes of the file, and what precedes and follows them in the body."""

    wanted: range
    before: bytes = b""
    after: bytes = b""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A response's status and headers, and what its body consists of."""

    status: int
    headers: dict[str, str]
    parts: tuple[_Part, ...] = ()
    end: bytes = b""


def _plan(source: Source, range_header: str | None, size: int) -> _Plan:
    headers = head_headers(replace(source, size=size))
    try:
        ranges = read_ranges(range_header, size)
    except RangeNotSatisfiable:
        return _Plan(416, headers | {"Content-Range": f"bytes */{size}", "Content-Length": "0"})
    if ranges is None:
        return _Plan(200, headers, (_Part(range(size)),) if size else ())
    if len(ranges) > 1:
        return _multipart(headers, source.media_type, ranges, size)
    (wanted,) = ranges
    partial = {"Content-Range": content_range(wanted, size), "Content-Length": str(len(wanted))}
    return _Plan(206, headers | partial, (_Part(wanted),))


def _multipart(headers: dict[str, str], media_type: str, ranges: tuple[range, ...], size: int) -> _Plan:
    """Return the response to several ranges; the boundary is too long to be in the file by chance."""
    boundary = secrets.token_hex(16)
    parts = tuple(_Part(wanted, part_header(wanted, size, media_type, boundary), b"\r\n") for wanted in ranges)
    end = body_end(boundary)
    length = sum(len(part.before) + len(part.wanted) + len(part.after) for part in parts) + len(end)
    media_type = f"multipart/byteranges; boundary={boundary}"
    return _Plan(206, headers | {"Content-Type": media_type, "Content-Length": str(length)}, parts, end)


async def _body(plan: _Plan, read: Callable[[_Part], AsyncGenerator[bytes, None]]) -> AsyncGenerator[bytes, None]:
    """Yield the body: each part with what precedes and follows it, then the end."""
    for part in plan.parts:
        if part.before:
            yield part.before
        async with aclosing(read(part)) as chunks:
            async for chunk in chunks:
                yield chunk
        if part.after:
            yield part.after
    if plan.end:
        yield plan.end
