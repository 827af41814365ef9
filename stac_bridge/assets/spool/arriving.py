"""A file that is being fetched, readable while it arrives."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import BinaryIO

import anyio.to_thread

from stac_bridge.assets.read.timeouts import DEFAULT_READ_TIMEOUTS
from stac_bridge.assets.spool.digests import BLOCK_BYTES, DamagedFile, read_verified
from stac_bridge.assets.spool.disk_cache import mark_in_use
from stac_bridge.errors import BridgeError, Staging, UpstreamUnreachable

RETRY_AFTER = 10
"""Seconds for readers whose bytes do not arrive in time."""

CHUNK_BYTES = BLOCK_BYTES
"""Maximum number of bytes that a reader holds in memory."""


class ArrivingFile:
    """A file of ``size`` bytes (None: not known before its end), of which ``received`` have arrived.

    ``path`` is where they are, as soon as there are some; ``reserved`` is the disk space set aside for it, in bytes.
    ``timeout`` is how long a reader waits for bytes that have not arrived, in seconds.
    """

    def __init__(
        self, size: int | None, path: Path | None = None, timeout: float = DEFAULT_READ_TIMEOUTS.arrival_timeout
    ) -> None:
        self.size = size
        self.path = path
        self.received = 0
        self.reserved = 0
        self._timeout = timeout
        self._is_finished = False
        self._is_verified = False
        self._error: BridgeError | None = None
        self._changed = asyncio.Condition()

    @classmethod
    def complete(cls, path: Path, size: int) -> ArrivingFile:
        """Return a file that arrived earlier; its bytes are verified, because the disk may have changed them since."""
        file = cls(size, path)
        file.received, file._is_finished, file._is_verified = size, True, True
        return file

    async def add(self, count: int) -> None:
        """``count`` more bytes are in the file."""
        async with self._changed:
            self.received += count
            self._changed.notify_all()

    async def finish(self, error: BridgeError | None = None) -> None:
        """No more bytes will arrive: the file is complete, or fetching it failed with an error."""
        async with self._changed:
            if error is None and self.received < (self.size or 0):
                error = UpstreamUnreachable("This file could not be fetched whole; try again.", retry_after=30)
            if error is None:
                self.size = self.received
            self._is_finished, self._error = True, self._error or error
            self._changed.notify_all()

    async def wait_for(self, offset: int) -> None:
        """Wait until the byte at ``offset`` has arrived, or the file has ended before it.

        Raises Staging after the timeout, and the error that ended the fetching.
        """
        try:
            async with asyncio.timeout(self._timeout):
                await self._wait(offset)
        except TimeoutError:
            size = "an unknown number" if self.size is None else self.size
            raise Staging(
                f"This file arrives from a host that serves no parts ({self.received} of {size} bytes are here); "
                f"retry in {RETRY_AFTER} seconds.",
                retry_after=RETRY_AFTER,
            ) from None

    async def _wait(self, offset: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.received > offset or self._is_finished)
        if self.received <= offset and self._error:
            raise self._error

    async def wait_for_size(self) -> int:
        """Return the size in bytes; if the host does not report it, wait for the end. Raises as ``wait_for`` does."""
        if self.size is None:
            await self.wait_for(sys.maxsize)
        return self.size or 0

    async def chunks(self, wanted: range) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of a range as they arrive, at most to the file's end.

        Raises the error that ended the fetching, and DamagedFile if it is not what was written.
        """
        position = wanted.start
        await self._wait(position)
        if not wanted or position >= self.received:
            return
        with self._open() as file:
            while position < wanted.stop:
                await self._wait(position)
                stop = min(position + CHUNK_BYTES, wanted.stop, self.received)
                chunk = await anyio.to_thread.run_sync(self._read, file, range(position, stop))
                if not chunk:
                    return
                position += len(chunk)
                yield chunk

    def _read(self, file: BinaryIO, wanted: range) -> bytes:
        """Return bytes of a range, all of which have arrived. Raises DamagedFile."""
        if self._is_verified:
            return read_verified(file, self.received, wanted)
        return os.pread(file.fileno(), len(wanted), wanted.start)

    def _open(self) -> BinaryIO:
        """Open the file. Its bytes stay readable, even if it is renamed or removed meanwhile."""
        try:
            if self.path:
                return mark_in_use(self.path.open("rb"))
        except OSError:
            if self._is_verified:  # removed in the meantime, or on a disk that fails
                raise DamagedFile(0) from None
        raise self._error or Staging("This file has just been removed to make room; try again.", retry_after=1)
