"""Files of hosts without Range, fetched once into a folder and served from there, while they still arrive."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
import httpx

from stac_bridge.delivery.probe import refusal, unreachable
from stac_bridge.errors import BridgeError, Staging, UpstreamUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from stac_bridge.delivery.probe import Source

__all__ = ["Arriving", "Spool"]

_log = logging.getLogger(__name__)

CHUNK = 2**18
PATIENCE = 5.0
"""Seconds that a reader waits for bytes that have not arrived before being told to come back."""


class Arriving:
    """A file of ``size`` bytes of which ``there`` have arrived."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size
        self.there = 0
        self._failed: BridgeError | None = None
        self._news = asyncio.Condition()

    @classmethod
    def whole(cls, path: Path) -> Arriving:
        """A file that has arrived."""
        found = cls(path, path.stat().st_size)
        found.there = found.size
        return found

    async def grow(self, count: int) -> None:
        """``count`` more bytes are there."""
        async with self._news:
            self.there += count
            self._news.notify_all()

    async def fail(self, why: BridgeError) -> None:
        """No more will arrive."""
        async with self._news:
            self._failed = self._failed or why
            self._news.notify_all()

    async def end(self) -> None:
        """No more will arrive, whether all of it has or not."""
        if self.there < self.size:
            await self.fail(UpstreamUnreachable("This file could not be fetched whole; try again.", retry_after=30))

    async def reach(self, offset: int, patience: float | None = PATIENCE) -> None:
        """Return when the byte at ``offset`` is there. Raises Staging, or the error that ended the arriving."""
        try:
            async with asyncio.timeout(patience), self._news:
                await self._news.wait_for(lambda: self.there > offset or self._failed is not None)
        except TimeoutError:
            raise Staging(
                f"This file arrives from a host that serves no parts ({self.there} of {self.size} bytes are here); "
                "come back after the seconds in Retry-After.",
                retry_after=10,
            ) from None
        if self.there <= offset and self._failed:
            raise self._failed

    def chunks(self, wanted: range) -> AsyncIterator[bytes]:
        """The bytes of a range, as they arrive; from now on, though the file may be renamed or removed meanwhile."""
        return self._read(anyio.wrap_file(self.path.open("rb")), wanted)

    async def _read(self, opened: anyio.AsyncFile[bytes], wanted: range) -> AsyncIterator[bytes]:
        async with opened as file:
            await file.seek(wanted.start)
            place = wanted.start
            while place < wanted.stop:
                await self.reach(place, None)
                chunk = await file.read(min(CHUNK, wanted.stop - place, self.there - place))
                place += len(chunk)
                yield chunk


class Spool:
    """The folder, kept under ``max_bytes``: the files read longest ago go first."""

    def __init__(self, folder: Path, max_bytes: int = 10 * 2**30) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._arriving: dict[str, Arriving] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def file(self, source: Source, http: httpx.AsyncClient) -> Arriving:
        """The file of a source, here or on its way. Raises UpstreamError, AssetUnavailable."""
        name = _name(source)
        if name in self._arriving:
            return self._arriving[name]
        path = self._folder / name
        if path.exists():
            path.touch()
            return Arriving.whole(path)
        return await self._begin(name, source, http)

    async def _begin(self, name: str, source: Source, http: httpx.AsyncClient) -> Arriving:
        if source.size is None:
            raise UpstreamUnreachable("The USGS download host does not say how large this file is.", retry_after=60)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._make_room(source.size)
        arriving = self._arriving[name] = Arriving(self._folder / f"{name}.part", source.size)
        arriving.path.write_bytes(b"")
        task = asyncio.create_task(self._fetch(name, source, http, arriving))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return arriving

    async def _fetch(self, name: str, source: Source, http: httpx.AsyncClient, arriving: Arriving) -> None:
        try:
            await _copy(source, http, arriving)
            arriving.path.rename(self._folder / name)  # who reads it has it open already
            arriving.path = self._folder / name
        except BridgeError as why:
            await arriving.fail(why)
        except OSError as why:
            _log.error("A file could not be spooled: %s", why)
        finally:
            self._arriving.pop(name, None)
            await arriving.end()
            with suppress(OSError):
                (self._folder / f"{name}.part").unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        kept = sorted(
            (path for path in self._folder.iterdir() if path.is_file()), key=lambda path: path.stat().st_mtime
        )
        room = self._max_bytes - size - sum(path.stat().st_size for path in kept)
        for path in kept:
            if room >= 0:
                return
            if path.name.removesuffix(".part") not in self._arriving:
                room += path.stat().st_size
                path.unlink(missing_ok=True)

    async def stop(self) -> None:
        """End what still arrives."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _copy(source: Source, http: httpx.AsyncClient, arriving: Arriving) -> None:
    try:
        async with http.stream("GET", source.url, follow_redirects=False) as answer:
            if answer.status_code != 200:
                raise refusal(answer)
            async with await anyio.open_file(arriving.path, "wb") as file:
                async for chunk in answer.aiter_raw():
                    await file.write(chunk)
                    await file.flush()
                    await arriving.grow(len(chunk))
    except httpx.HTTPError as fault:
        raise unreachable(fault) from fault
    if arriving.there != arriving.size:
        raise UpstreamUnreachable("The USGS download host broke off in the middle of the file.", retry_after=10)


def _name(source: Source) -> str:
    """One name for one state of one file."""
    said = "\n".join((source.name, str(source.size), source.etag or "", source.last_modified or ""))
    return hashlib.sha256(said.encode()).hexdigest()
