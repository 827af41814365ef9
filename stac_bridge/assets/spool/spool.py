"""Fetches files of hosts without Range once into a folder, and serves them from there while they still arrive."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, closing
from pathlib import Path
from typing import BinaryIO

import anyio
import httpx

from stac_bridge.assets.read.gzipped import unpacked_chunks
from stac_bridge.assets.read.probe import Source
from stac_bridge.assets.read.reader import RangeReader, Renew
from stac_bridge.assets.read.timeouts import DEFAULT_READ_TIMEOUTS, ReadTimeouts
from stac_bridge.assets.spool.arriving import ArrivingFile
from stac_bridge.assets.spool.digests import BlockDigests, DamagedFile, size_on_disk
from stac_bridge.assets.spool.disk_cache import DiskCache
from stac_bridge.errors import BridgeError, NoRoom

_log = logging.getLogger(__name__)

ROOM_STEPS = 64
"""A file of unknown size reserves disk space in steps of this fraction of the maximum."""

MAX_FETCHES = 3
"""Maximum number of times that a reader opens a file: each time but the first, the bytes on the disk were damaged."""

_in_thread = anyio.to_thread.run_sync


class Spool:
    """The folder, of at most ``max_bytes``; the least recently read files are removed first.

    ``http`` is for the fetches alone: they take long, and must not hold the connections of others.
    """

    def __init__(
        self,
        folder: Path,
        http: httpx.AsyncClient,
        max_bytes: int = 10 * 2**30,
        timeouts: ReadTimeouts = DEFAULT_READ_TIMEOUTS,
    ) -> None:
        self._cache = DiskCache(folder, max_bytes)
        self._http = http
        self._timeouts = timeouts
        self._arriving: dict[str, ArrivingFile] = {}
        self._tasks: set[asyncio.Task[None]] = set()  # the event loop itself holds only weak references

    async def start(self) -> None:
        """Remove what an earlier process began and did not finish."""
        try:
            await _in_thread(self._cache.remove_abandoned_parts)
        except OSError as error:
            _log.error("The folder of spooled files cannot be cleaned up: %s", error.strerror)

    async def file(self, source: Source, renew: Renew) -> ArrivingFile:
        """Return the file at a source's URL, complete or arriving. Errors on the way are raised in its readers."""
        name = _cache_name(source)
        if name in self._arriving:
            return self._arriving[name]
        cached = self._cache.find(name)
        if cached and source.size in (None, cached[1]):
            return ArrivingFile.complete(*cached)
        arriving = self._arriving[name] = ArrivingFile(source.size, timeout=self._timeouts.arrival_timeout)
        task = asyncio.create_task(self._fetch(name, self._chunks(source, renew), arriving))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return arriving

    async def chunks(
        self, file: ArrivingFile, wanted: range, source: Source, renew: Renew
    ) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of a range of a source's file as they arrive, at most to its end.

        A file that turns out to be damaged is fetched again, and read on from there. Raises BridgeError.
        """
        position = wanted.start
        for _ in range(MAX_FETCHES):
            try:
                async with aclosing(file.chunks(range(position, wanted.stop))) as chunks:
                    async for chunk in chunks:
                        position += len(chunk)
                        yield chunk
                return
            except DamagedFile as damaged:
                _log.warning("A spooled file is damaged or gone, and is fetched again.")
                if file.path:
                    await _in_thread(self._cache.remove_damaged, file.path, damaged.inode)
            except OSError as error:
                _log.error("A spooled file cannot be read: %s", error.strerror)
                raise _disk_error(error) from error
            file = await self.file(source, renew)
        raise NoRoom("The server's disk damages this file each time that it is stored; try again.", retry_after=60)

    def _chunks(self, source: Source, renew: Renew) -> AsyncGenerator[bytes, None]:
        """Return the bytes of a source's file; of the file inside, if the host has a gzip of it."""

        async def renew_packed(_stale: Source) -> Source:
            renewed = await renew(source)
            return renewed.packed or renewed

        at_host = source.packed or source
        wanted = range(self._cache.max_bytes + 1 if at_host.size is None else at_host.size)
        reader = RangeReader(at_host, wanted, self._http, renew_packed if source.packed else renew, self._timeouts)
        return unpacked_chunks(reader.chunks()) if source.packed else reader.chunks()

    def size(self, source: Source) -> int | None:
        """Return the size of a source's file in bytes, if it is in the folder."""
        cached = self._cache.find(_cache_name(source))
        return cached[1] if cached else None

    async def _fetch(self, name: str, chunks: AsyncGenerator[bytes, None], arriving: ArrivingFile) -> None:
        # Readers get this error if the task is canceled, which only stop() does.
        failure: BridgeError | None = NoRoom("The server stopped while this file arrived; try again.", retry_after=30)
        try:
            await self._copy(name, chunks, arriving)
            failure = None
        except BridgeError as error:
            failure = error
        except OSError as error:
            _log.error("A file could not be spooled: %s", error.strerror)
            failure = _disk_error(error)
        finally:
            self._arriving.pop(name, None)
            await arriving.finish(failure)

    async def _copy(self, name: str, source_chunks: AsyncGenerator[bytes, None], arriving: ArrivingFile) -> None:
        """Raises BridgeError, OSError, after removing what was written."""
        await self._reserve(arriving, arriving.size or 0)
        digests = BlockDigests()
        async with aclosing(source_chunks) as chunks:
            path, file = await _in_thread(self._cache.create_part, name)
            try:
                with closing(file):
                    arriving.path = path
                    await self._write_all(chunks, file, arriving, digests)
                    await _in_thread(_write, file, digests.trailer())
                    # Not in a thread: between the rename and the new path, no reader may look for the old one.
                    arriving.path = self._cache.commit(path, name)
            except BaseException:
                path.unlink(missing_ok=True)
                raise

    async def _write_all(
        self, chunks: AsyncIterator[bytes], file: BinaryIO, arriving: ArrivingFile, digests: BlockDigests
    ) -> None:
        async for chunk in chunks:
            await self._reserve(arriving, arriving.received + len(chunk))
            await _in_thread(_write, file, chunk, digests)
            await arriving.add(len(chunk))

    async def _reserve(self, arriving: ArrivingFile, size: int) -> None:
        """Make room for ``size`` bytes of this file and for what all others will still receive. Raises NoRoom."""
        max_bytes, on_disk = self._cache.max_bytes, size_on_disk(size)
        if on_disk > max_bytes:
            raise NoRoom(
                f"This file is larger than the {max_bytes} bytes that the server keeps of such files; "
                "it can be had when STAC_BRIDGE_SPOOL_BYTES is raised."
            )
        if on_disk > arriving.reserved:
            arriving.reserved = min(max_bytes, on_disk + max_bytes // ROOM_STEPS) if arriving.size is None else on_disk
            needed = sum(max(0, file.reserved - file.received) for file in self._arriving.values())
            await _in_thread(self._cache.make_room, needed)

    async def stop(self) -> None:
        """Cancel what still arrives."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _write(file: BinaryIO, chunk: bytes, digests: BlockDigests | None = None) -> None:
    if digests:
        digests.update(chunk)
    file.write(chunk)
    file.flush()  # readers have the file open on their own


def _disk_error(error: OSError) -> NoRoom:
    return NoRoom(
        f"The server cannot keep this file on its disk for reading ({error.strerror}); retry when its "
        "operator has made room, or has set STAC_BRIDGE_SPOOL_BYTES lower.",
        retry_after=60,
    )


def _cache_name(source: Source) -> str:
    """Return a file name that is unique for one version of one file."""
    identity = "\n".join((source.name, str(source.size), source.etag or "", source.last_modified or ""))
    return hashlib.sha256(identity.encode()).hexdigest()
