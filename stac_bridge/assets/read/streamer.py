"""Serves a source through this server: Range header in, status, headers and bytes out."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from stac_bridge.assets.read.ranges import RangeNotSatisfiable, read_range
from stac_bridge.assets.read.reader import RangeReader
from stac_bridge.assets.read.timeouts import DEFAULT_READ_TIMEOUTS, ReadTimeouts

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx

    from stac_bridge.assets.read.liveness import LivenessCheck
    from stac_bridge.assets.read.probe import Source
    from stac_bridge.assets.read.reader import Renew
    from stac_bridge.assets.spool.arriving import ArrivingFile
    from stac_bridge.assets.spool.spool import Spool


@dataclass(frozen=True, slots=True)
class AssetResponse:
    """A response whose body is still to be read.

    ``chunks`` releases the connection at its end, ``aclose`` at any time.
    """

    status: int
    headers: dict[str, str]
    chunks: AsyncGenerator[bytes, None]
    reader: RangeReader | None = None

    async def aclose(self) -> None:
        """Release the connection, also if no chunk was read: a generator that never started has no cleanup."""
        await self.chunks.aclose()
        if self.reader:
            await self.reader.aclose()


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

    ``liveness`` is for readers who are redirected to the source instead.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        spool: Spool,
        liveness: LivenessCheck,
        timeouts: ReadTimeouts = DEFAULT_READ_TIMEOUTS,
    ) -> None:
        self.liveness = liveness
        self._http = http
        self._spool = spool
        self._timeouts = timeouts

    async def open(self, source: Source, range_header: str | None, if_range: str | None, renew: Renew) -> AssetResponse:
        """Return the response to a Range header (None: the whole file). ``renew`` replaces a URL that stopped working.

        Raises AssetUnavailable, NoRoom, Staging, UpstreamError, and so do its ``chunks`` if the rest cannot be read.
        """
        valid_range = range_header if _is_unchanged(source, if_range) else None
        return await (self._direct if source.ranges else self._spooled)(source, valid_range, renew)

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
        if not plan.wanted:
            return AssetResponse(plan.status, plan.headers, _no_chunks())
        reader = RangeReader(source, plan.wanted, self._http, renew, self._timeouts)
        await reader.open()
        return AssetResponse(plan.status, plan.headers, reader.chunks(), reader)

    async def _arriving(self, source: Source, renew: Renew) -> ArrivingFile:
        """Return the file that a source is, or is a part of, from the spool."""

        async def renew_whole(_stale: Source) -> Source:
            return (await renew(source)).file

        return await self._spool.file(source.file, self._http, renew_whole)

    async def _spooled(self, source: Source, range_header: str | None, renew: Renew) -> AssetResponse:
        arriving = await self._arriving(source, renew)
        size = source.size if source.size is not None else arriving.size
        if size is None and range_header is None:
            # The size is known only at the end: send what arrives, without a Content-Length.
            await arriving.wait_for(0)
            return AssetResponse(200, head_headers(source), arriving.chunks(range(sys.maxsize)))
        plan = _plan(source, range_header, await arriving.wait_for_size() if size is None else size)
        offset = source.part.start if source.part else 0
        wanted = range(plan.wanted.start + offset, plan.wanted.stop + offset)
        if wanted:
            await arriving.wait_for(wanted.start)
        return AssetResponse(plan.status, plan.headers, arriving.chunks(wanted))


@dataclass(frozen=True, slots=True)
class _Plan:
    """A response's status and headers, and which bytes are its body."""

    status: int
    headers: dict[str, str]
    wanted: range


def _plan(source: Source, range_header: str | None, size: int) -> _Plan:
    headers = head_headers(replace(source, size=size))
    try:
        part = read_range(range_header, size)
    except RangeNotSatisfiable:
        return _Plan(416, headers | {"Content-Range": f"bytes */{size}", "Content-Length": "0"}, range(0))
    if part is None:
        return _Plan(200, headers, range(size))
    content_range = f"bytes {part.start}-{part.stop - 1}/{size}"
    return _Plan(206, headers | {"Content-Range": content_range, "Content-Length": str(len(part))}, part)


def _is_unchanged(source: Source, if_range: str | None) -> bool:
    """Return whether the reader's part is of the current file; a weak entity tag does not prove it (RFC 9110)."""
    if if_range is None:
        return True
    return not if_range.startswith("W/") and if_range in (source.etag, source.last_modified)


async def _no_chunks() -> AsyncGenerator[bytes, None]:
    chunks: tuple[bytes, ...] = ()
    for chunk in chunks:  # never runs, but makes this a generator
        yield chunk
