"""An uncompressed tar as the files in it: their places are read from its headers, their bytes are parts of it."""

from __future__ import annotations

import mimetypes
import sys
import tarfile
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from stac_bridge.assets.read.reader import Reading
from stac_bridge.assets.read.timeouts import PATIENT, Patience
from stac_bridge.errors import AssetUnavailable, NotFound, UpstreamFault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    import httpx

    from stac_bridge.assets.read.probe import Source
    from stac_bridge.assets.spool.spool import Spool
    from stac_bridge.store import Store

__all__ = ["Archive"]

BLOCK = 2**14
"""Bytes that are read for a header; small files that lie behind one another share them."""

LONGEST_HEADER = 2**20
"""Bytes that one header may take with all that extends it."""

MOST_MEMBERS = 1000
"""Members that an archive may have. A Landsat bundle has about 25."""

INDEX_TTL = 6 * 3600.0
"""Seconds that an archive's index is reused; it belongs to one state of the file."""

_Read: TypeAlias = "Callable[[int, int], Awaitable[bytes]]"
"""Bytes of the archive from a place on, so many at most."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A header: whose bytes stand where, and where the next header is. ``name`` is None for what is no plain file."""

    name: str | None
    place: range
    next: int


class Archive:
    """Finds members. Of hosts with Range only the headers are fetched; of others, the spool has what has arrived."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        spool: Spool,
        store: Store,
        patience: Patience = PATIENT,
        most_members: int = MOST_MEMBERS,
    ) -> None:
        self._http = http
        self._spool = spool
        self._store = store
        self._patience = patience
        self._most_members = most_members

    async def member(self, whole: Source, name: str) -> Source:
        """The member of this base name. Raises NotFound, Staging, UpstreamError, AssetUnavailable."""
        index = await self._store.get(_key(whole)) or await self._index(whole, name)
        if name not in index:
            raise NotFound(f"The bundle that USGS offers of this scene has no file {name!r}.")
        return _member(whole, name, index[name])

    async def _index(self, whole: Source, name: str) -> Mapping[str, range]:
        """All members; on a host without Range those up to ``name`` do, for the rest may not be here yet."""
        if whole.ranges:
            return await self._store.get_or_make(
                _key(whole), lambda: _index(self._entries(whole)), ttl=INDEX_TTL, size=_weight
            )
        return await _index(self._entries(whole), name)

    def _entries(self, whole: Source) -> AsyncIterator[_Entry]:
        async def ranged(place: int, count: int) -> bytes:
            wanted = range(place, min(place + count, whole.size or 0))
            reading = Reading(whole, wanted, self._http, _dead, self._patience)
            return b"".join([chunk async for chunk in reading.chunks()])

        async def spooled(place: int, count: int) -> bytes:
            arriving = await self._spool.file(whole, self._http, _dead)
            await arriving.reach(min(place + count, arriving.size or sys.maxsize) - 1)
            return b"".join([chunk async for chunk in arriving.chunks(range(place, place + count))])

        return _walk(_Headers(ranged if whole.ranges else spooled), whole.size, self._most_members)


class _Headers:
    """Reads one header after another, and keeps what was read with the last: small files lie close together."""

    def __init__(self, read: _Read) -> None:
        self._read = read
        self._start = 0
        self._block = b""

    async def at(self, place: int) -> _Entry | None:
        """The header there; None where the archive ends. Raises AssetUnavailable, and what reading raises."""
        block = self._block[place - self._start :]
        if len(block) < tarfile.BLOCKSIZE:
            block = await self._more(place, BLOCK)
        count = BLOCK
        while block:
            try:
                return _parsed(block, place)
            except (tarfile.TarError, ValueError):
                if count >= LONGEST_HEADER or not _is_header(block):
                    raise _broken() from None
            count *= 4  # what extends the header is longer
            block = await self._more(place, count)
        return None

    async def _more(self, place: int, count: int) -> bytes:
        self._start, self._block = place, await self._read(place, count)
        return self._block


async def _walk(headers: _Headers, size: int | None, most: int) -> AsyncIterator[_Entry]:
    """All headers. Raises AssetUnavailable for what is no tar, or claims more than the file has."""
    place = 0
    for _number in range(most):
        entry = await headers.at(place) if size is None or place < size else None
        if entry is None:
            return
        if entry.next <= place or entry.place.stop > (size or sys.maxsize):
            raise _broken()
        yield entry
        place = entry.next
    raise AssetUnavailable(f"USGS offers this file in a bundle of more than {most} files, which is not read.")


async def _index(entries: AsyncIterator[_Entry], until: str | None = None) -> dict[str, range]:
    found: dict[str, range] = {}
    async for entry in entries:
        if entry.name is not None:
            found.setdefault(entry.name, entry.place)
        if until in found:
            break
    return found


def _parsed(block: bytes, place: int) -> _Entry | None:
    """The header at the block's start, with the GNU and pax headers that extend it. Raises TarError, ValueError."""
    with tarfile.open(fileobj=BytesIO(block), mode="r:") as tar:
        info = tar.next()
        if info is None:
            return None
        start = place + info.offset_data
        return _Entry(_base_name(info), range(start, start + info.size), place + tar.offset)


def _is_header(block: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(block[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


def _base_name(info: tarfile.TarInfo) -> str | None:
    """None for what is no plain file, or claims a place outside of the archive's own folder."""
    path = PurePosixPath(info.name)
    plain = info.isreg() and not info.issparse()
    return path.name if plain and not path.is_absolute() and ".." not in path.parts else None


def _member(whole: Source, name: str, place: range) -> Source:
    return replace(
        whole,
        name=f"{whole.name} {name}",
        size=len(place),
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        etag=f'{whole.etag[:-1]}.{place.start}-{len(place)}"' if whole.etag else None,
        filename=name,
        part=place,
        whole=whole,
    )


def _key(whole: Source) -> str:
    return f"index {whole.name} {whole.size} {whole.etag} {whole.last_modified}"


def _weight(index: Mapping[str, range]) -> int:
    return 256 * (1 + len(index))


def _broken() -> AssetUnavailable:
    return AssetUnavailable("USGS offers this file in a bundle that is broken, or is no plain tar.")


async def _dead(_stale: Source) -> Source:
    raise UpstreamFault("The USGS download host did not accept the address that M2M gave for a bundle; try again.")
