"""Reads single files of an uncompressed tar: finds their positions in its headers, and their bytes by Range."""

from __future__ import annotations

import mimetypes
import sys
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import PurePosixPath
from typing import TypeAlias

import httpx

from stac_bridge.assets.read.probe import Source
from stac_bridge.assets.read.reader import RangeReader
from stac_bridge.assets.read.timeouts import DEFAULT_READ_TIMEOUTS, ReadTimeouts
from stac_bridge.assets.spool.spool import Spool
from stac_bridge.errors import AssetUnavailable, NotFound, UpstreamFault
from stac_bridge.store import Store

BLOCK_BYTES = 2**14
"""Bytes that are read for a header; small files behind one another share a block."""

MAX_HEADER_BYTES = 2**20
"""Maximum size of a header, including the GNU and pax headers that extend it."""

MAX_INDEX_BYTES = 32 * 2**20
"""Maximum number of bytes read for all headers of an archive; the index in memory consists of their names."""

MAX_MEMBERS = 1000
"""Maximum number of files in an archive. A Landsat bundle has about 25."""

INDEX_TTL = 6 * 3600.0
"""Seconds that an archive's index is cached; its key contains the archive's version."""

_ReadBytes: TypeAlias = "Callable[[int, int], Awaitable[bytes]]"
"""Returns bytes of the archive, from a position on, at most so many."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A header: the file's name (None unless it is a regular file), its bytes, and the next header's position."""

    name: str | None
    data: range
    next_header: int


class TarReader:
    """Finds members of tar archives.

    From hosts with Range only the headers are read; from other hosts the spool provides what has arrived.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        spool: Spool,
        store: Store,
        timeouts: ReadTimeouts = DEFAULT_READ_TIMEOUTS,
        max_members: int = MAX_MEMBERS,
    ) -> None:
        self._http = http
        self._spool = spool
        self._store = store
        self._timeouts = timeouts
        self._max_members = max_members

    async def member(self, whole: Source, name: str) -> Source:
        """Return the source of the member with this base name.

        Raises NotFound, Staging, UpstreamError, AssetUnavailable.
        """
        index = await self._store.get(_cache_key(whole)) or await self._index(whole, name)
        if name not in index:
            raise NotFound(f"The bundle that USGS offers of this scene has no file {name!r}.")
        return _member_source(whole, name, index[name])

    async def _index(self, whole: Source, name: str) -> Mapping[str, range]:
        """Return the members' positions. Without Range only up to ``name``, because the rest may not be here yet."""
        if whole.ranges:
            return await self._store.get_or_make(
                _cache_key(whole), lambda: _read_index(self._entries(whole)), ttl=INDEX_TTL, size=_index_size
            )
        return await _read_index(self._entries(whole), name)

    def _entries(self, whole: Source) -> AsyncIterator[_Entry]:
        async def read_from_host(position: int, count: int) -> bytes:
            wanted = range(position, min(position + count, whole.size or 0))
            reader = RangeReader(whole, wanted, self._http, _cannot_renew, self._timeouts)
            return b"".join([chunk async for chunk in reader.chunks()])

        async def read_from_spool(position: int, count: int) -> bytes:
            arriving = await self._spool.file(whole, _cannot_renew)
            await arriving.wait_for(min(position + count, arriving.size or sys.maxsize) - 1)
            chunks = self._spool.chunks(arriving, range(position, position + count), whole, _cannot_renew)
            return b"".join([chunk async for chunk in chunks])

        headers = _HeaderReader(read_from_host if whole.ranges else read_from_spool)
        return _walk(headers, whole.size, self._max_members)


class _HeaderReader:
    """Reads headers one after another; keeps the last block, because small files are close together."""

    def __init__(self, read: _ReadBytes) -> None:
        self._read = read
        self._left = MAX_INDEX_BYTES
        self._start = 0
        self._block = b""

    async def at(self, position: int) -> _Entry | None:
        """Return the header there; None at the end of the archive. Raises AssetUnavailable, and what reading raises."""
        block = self._block[position - self._start :]
        if len(block) < tarfile.BLOCKSIZE:
            block = await self._read_block(position, BLOCK_BYTES)
        count = BLOCK_BYTES
        while block:
            try:
                return _parse_header(block, position)
            except (tarfile.TarError, ValueError):
                if count >= MAX_HEADER_BYTES or not _is_header(block):
                    raise _broken_archive() from None
            count *= 4  # the headers that extend this one are longer than the block
            block = await self._read_block(position, count)
        return None

    async def _read_block(self, position: int, count: int) -> bytes:
        self._left -= count
        if self._left < 0:
            raise AssetUnavailable("USGS offers this file in a bundle whose headers are too large to be read.")
        self._start, self._block = position, await self._read(position, count)
        return self._block


async def _walk(headers: _HeaderReader, size: int | None, max_members: int) -> AsyncIterator[_Entry]:
    """Yield all headers. Raises AssetUnavailable if this is not a tar, or a header points past the archive's end."""
    position = 0
    for _number in range(max_members):
        entry = await headers.at(position) if size is None or position < size else None
        if entry is None:
            return
        if entry.next_header <= position or entry.data.stop > (size or sys.maxsize):
            raise _broken_archive()
        yield entry
        position = entry.next_header
    raise AssetUnavailable(f"USGS offers this file in a bundle of more than {max_members} files, which is not read.")


async def _read_index(entries: AsyncIterator[_Entry], until: str | None = None) -> dict[str, range]:
    index: dict[str, range] = {}
    async for entry in entries:
        if entry.name is not None:
            index.setdefault(entry.name, entry.data)
        if until in index:
            break
    return index


def _parse_header(block: bytes, position: int) -> _Entry | None:
    """Return the header at the block's start, with the GNU and pax headers that extend it.

    None at the end of the archive. Raises TarError, ValueError.
    """
    with tarfile.open(fileobj=BytesIO(block), mode="r:") as tar:
        info = tar.next()
        if info is None:
            return None
        start = position + info.offset_data
        return _Entry(_base_name(info), range(start, start + info.size), position + tar.offset)


def _is_header(block: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(block[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


def _base_name(info: tarfile.TarInfo) -> str | None:
    """Return the base name; None unless it is a regular file within the archive's own folder."""
    path = PurePosixPath(info.name)
    is_regular = info.isreg() and not info.issparse()
    return path.name if is_regular and not path.is_absolute() and ".." not in path.parts else None


def _member_source(whole: Source, name: str, part: range) -> Source:
    return replace(
        whole,
        name=f"{whole.name} {name}",
        size=len(part),
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        etag=f'{whole.etag[:-1]}.{part.start}-{len(part)}"' if whole.etag else None,
        filename=name,
        part=part,
        whole=whole,
    )


def _cache_key(whole: Source) -> str:
    return f"index {whole.name} {whole.size} {whole.etag} {whole.last_modified}"


def _index_size(index: Mapping[str, range]) -> int:
    """Return the approximate bytes of memory of an index."""
    return 256 * (1 + len(index)) + sum(map(len, index))


def _broken_archive() -> AssetUnavailable:
    return AssetUnavailable("USGS offers this file in a bundle that is broken, or is no plain tar.")


async def _cannot_renew(_stale: Source) -> Source:
    """Raise an error: the URL of an archive is not renewed while its headers are read."""
    raise UpstreamFault("The USGS download host did not accept the address that M2M gave for a bundle; try again.")
