"""A source and a Range → headers and bytes, through the bridge."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from stac_bridge.assets.read.ranges import Unsatisfiable, read_range, shifted
from stac_bridge.assets.read.reader import Reading
from stac_bridge.assets.read.timeouts import PATIENT, Patience

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx

    from stac_bridge.assets.read.liveness import Alive
    from stac_bridge.assets.read.probe import Source
    from stac_bridge.assets.read.reader import Renew
    from stac_bridge.assets.spool.spool import Spool

__all__ = ["Delivered", "Streamer", "describe"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """An answer in the making; ``chunks`` frees its connection when it ends, ``aclose`` at any time."""

    status: int
    headers: dict[str, str]
    chunks: AsyncGenerator[bytes, None]
    reading: Reading | None = None

    async def aclose(self) -> None:
        """Free what the bytes come by, whether they were read or not."""
        await self.chunks.aclose()
        if self.reading:
            await self.reading.aclose()


def describe(source: Source) -> dict[str, str]:
    """What a HEAD says: parts are served of every file, by its host or from the spool."""
    headers = {"Accept-Ranges": "bytes", "Content-Type": source.media_type}
    if source.size is not None:
        headers["Content-Length"] = str(source.size)
    if source.etag:
        headers["ETag"] = source.etag
    if source.last_modified:
        headers["Last-Modified"] = source.last_modified
    if source.filename:
        headers["Content-Disposition"] = f"attachment; {_filename(source.filename)}"
    return headers


def _filename(name: str) -> str:
    """A file's name as a header may have it (RFC 6266), without the folders before it."""
    name = name.replace("\\", "/").rpartition("/")[2]
    plain = name.isascii() and name.isprintable() and '"' not in name
    return f'filename="{name}"' if plain else f"filename*=UTF-8''{quote(name, safe='')}"


class Streamer:
    """Reads hosts that serve parts as they are asked, and all others by way of the spool.

    ``alive`` is for those who are not streamed to, but sent to the source.
    """

    def __init__(self, http: httpx.AsyncClient, spool: Spool, alive: Alive, patience: Patience = PATIENT) -> None:
        self.alive = alive
        self._http = http
        self._spool = spool
        self._patience = patience

    async def open(self, source: Source, asked: str | None, if_range: str | None, renew: Renew) -> Delivered:
        """The answer to a Range header (None: the whole). ``renew`` is asked where the URL has died.

        Raises AssetUnavailable, NoRoom, Staging, UpstreamError; so do its ``chunks`` where the rest cannot be had.
        """
        wanted = asked if _is_still(source, if_range) else None
        return await (self._through if source.ranges else self._from_spool)(source, wanted, renew)

    def head(self, source: Source) -> dict[str, str]:
        """What a HEAD says; a size that the host does not tell is known once the file was spooled."""
        size = source.size if source.size is not None else self._spool.size(source)
        return describe(replace(source, size=size))

    async def _through(self, source: Source, asked: str | None, renew: Renew) -> Delivered:
        plan = _plan(source, asked, source.size or 0)
        if not plan.wanted:
            return Delivered(plan.status, plan.headers, _nothing())
        reading = Reading(source, plan.wanted, self._http, renew, self._patience)
        await reading.open()
        return Delivered(plan.status, plan.headers, reading.chunks(), reading)

    async def _from_spool(self, source: Source, asked: str | None, renew: Renew) -> Delivered:
        async def renew_whole(_stale: Source) -> Source:
            return (await renew(source)).file

        arriving = await self._spool.file(source.file, self._http, renew_whole)
        size = source.size if source.size is not None else arriving.size
        if size is None and asked is None:
            await arriving.reach(0)
            return Delivered(200, describe(source), arriving.chunks(range(sys.maxsize)))
        plan = _plan(source, asked, await arriving.measured() if size is None else size)
        wanted = shifted(plan.wanted, source.part.start if source.part else 0)
        if wanted:
            await arriving.reach(wanted.start)
        return Delivered(plan.status, plan.headers, arriving.chunks(wanted))


@dataclass(frozen=True, slots=True)
class _Plan:
    """What an answer says before its bytes, and which these are."""

    status: int
    headers: dict[str, str]
    wanted: range


def _plan(source: Source, asked: str | None, size: int) -> _Plan:
    headers = describe(replace(source, size=size))
    try:
        part = read_range(asked, size)
    except Unsatisfiable:
        return _Plan(416, headers | {"Content-Range": f"bytes */{size}", "Content-Length": "0"}, range(0))
    if part is None:
        return _Plan(200, headers, range(size))
    place = f"bytes {part.start}-{part.stop - 1}/{size}"
    return _Plan(206, headers | {"Content-Range": place, "Content-Length": str(len(part))}, part)


def _is_still(source: Source, if_range: str | None) -> bool:
    """Whether the file is still the one of which a reader has a part; weak entity tags do not tell (RFC 9110)."""
    if if_range is None:
        return True
    return not if_range.startswith("W/") and if_range in (source.etag, source.last_modified)


async def _nothing() -> AsyncGenerator[bytes, None]:
    parts: tuple[bytes, ...] = ()
    for part in parts:
        yield part
