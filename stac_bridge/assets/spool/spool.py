"""Files of hosts without Range, fetched once into a folder and served from there, while they still arrive."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, BinaryIO

import anyio

from stac_bridge.assets.read.reader import Reading
from stac_bridge.assets.read.timeouts import PATIENT, Patience
from stac_bridge.assets.spool.arriving import Arriving
from stac_bridge.assets.spool.disk_cache import Shelf
from stac_bridge.errors import BridgeError, NoRoom

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from stac_bridge.assets.read.probe import Source
    from stac_bridge.assets.read.reader import Renew

__all__ = ["Arriving", "Spool"]

_log = logging.getLogger(__name__)

STEPS = 64
"""Files whose hosts do not tell their sizes are given room in this many parts of all there is."""

_aside = anyio.to_thread.run_sync


class Spool:
    """The folder, kept under ``max_bytes``: the files read longest ago go first."""

    def __init__(self, folder: Path, max_bytes: int = 10 * 2**30, patience: Patience = PATIENT) -> None:
        self._shelf = Shelf(folder, max_bytes)
        self._patience = patience
        self._arriving: dict[str, Arriving] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Remove what an earlier process had begun and not finished."""
        await _aside(self._shelf.clean)

    async def file(self, source: Source, http: httpx.AsyncClient, renew: Renew) -> Arriving:
        """The file at a source's URL, here or on its way. What goes wrong on the way is told to those who read it."""
        name = _name(source)
        if name in self._arriving:
            return self._arriving[name]
        found = self._shelf.find(name)
        if found and source.size in (None, found[1]):
            return Arriving.whole(*found)
        arriving = self._arriving[name] = Arriving(source.size, patience=self._patience.arriving)
        wanted = range(self._shelf.max_bytes + 1 if source.size is None else source.size)
        reading = Reading(source, wanted, http, renew, self._patience)
        task = asyncio.create_task(self._fetch(name, reading, arriving))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return arriving

    def size(self, source: Source) -> int | None:
        """The size of a source's file, where it is here."""
        found = self._shelf.find(_name(source))
        return found[1] if found else None

    async def _fetch(self, name: str, reading: Reading, arriving: Arriving) -> None:
        failed: BridgeError | None = NoRoom("The server stopped while this file arrived; try again.", retry_after=30)
        try:
            await self._copy(name, reading, arriving)
            failed = None
        except BridgeError as why:
            failed = why
        except OSError as why:
            _log.error("A file could not be spooled: %s", why.strerror)
            failed = _no_disk(why)
        finally:
            self._arriving.pop(name, None)
            await arriving.end(failed)

    async def _copy(self, name: str, reading: Reading, arriving: Arriving) -> None:
        """Raises BridgeError, OSError, having left nothing behind."""
        await self._reserve(arriving, arriving.size or 0)
        async with aclosing(reading.chunks()) as chunks:
            path, file = await _aside(self._shelf.begin, name)
            try:
                with closing(file):
                    arriving.path = path
                    await self._pour(chunks, file, arriving)
                    arriving.path = self._shelf.keep(path, name)  # at once: nobody looks for it meanwhile
            except BaseException:
                path.unlink(missing_ok=True)
                raise

    async def _pour(self, chunks: AsyncIterator[bytes], file: BinaryIO, arriving: Arriving) -> None:
        async for chunk in chunks:
            await self._reserve(arriving, arriving.there + len(chunk))
            await _aside(_put, file, chunk)
            await arriving.grow(len(chunk))

    async def _reserve(self, arriving: Arriving, size: int) -> None:
        """Room for ``size`` bytes of this file, beside what is still to come of all others. Raises NoRoom."""
        most = self._shelf.max_bytes
        if size > most:
            raise NoRoom(
                f"This file is larger than the {most} bytes that the server keeps of such files; "
                "it can be had when STAC_BRIDGE_SPOOL_BYTES is raised."
            )
        if size > arriving.reserved:
            arriving.reserved = min(most, size + most // STEPS) if arriving.size is None else size
            coming = sum(max(0, one.reserved - one.there) for one in self._arriving.values())
            await _aside(self._shelf.make_room, coming)

    async def stop(self) -> None:
        """End what still arrives."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _put(file: BinaryIO, chunk: bytes) -> None:
    file.write(chunk)
    file.flush()


def _no_disk(why: OSError) -> NoRoom:
    return NoRoom(
        f"The server cannot keep this file on its disk for reading ({why.strerror}); come back when its "
        "operator has made room, or has set STAC_BRIDGE_SPOOL_BYTES lower.",
        retry_after=60,
    )


def _name(source: Source) -> str:
    """One name for one state of one file."""
    said = "\n".join((source.name, str(source.size), source.etag or "", source.last_modified or ""))
    return hashlib.sha256(said.encode()).hexdigest()
