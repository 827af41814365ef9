"""Downloads one file: attempts, resumption, renewal of its href, and the final check."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import httpx

from stac_bridge.client.download.checksum import matches_checksum
from stac_bridge.client.download.names import safe_name
from stac_bridge.client.download.outcome import Outcome, Status
from stac_bridge.client.download.part_file import FileState, PartFile, resume_headers, resume_offset
from stac_bridge.client.download.plan import bridge_root
from stac_bridge.client.download.renewal import renew_href
from stac_bridge.client.download.retries import (
    DownloadFailed,
    Recovery,
    connection_failure,
    disk_failure,
    find_fault,
    impostor_failure,
    response_failure,
)
from stac_bridge.file_sniffer import SNIFF_BYTES, find_impostor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from io import FileIO
    from pathlib import Path

    from stac_bridge.client.download.plan import File

MAX_FAILURES = 5
"""Failures in a row without a new byte, after which a file is given up."""

MAX_BACKOFF = 30.0
"""Seconds: the longest pause between two attempts if the server does not name one."""

_BAD_REDIRECT = (httpx.InvalidURL, ValueError, OverflowError)
"""What httpx raises for a redirect to a malformed URL."""


@dataclass(frozen=True, slots=True)
class FetchContext:
    """What all files share.

    ``slots`` limits the concurrent requests; ``max_wait`` is the maximum of seconds that one file may wait in all for
    a server that is busy or preparing it.
    """

    http: httpx.AsyncClient
    slots: asyncio.Semaphore
    max_wait: float
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class ProgressListener(Protocol):
    """Receives the progress of downloads, for example to draw progress bars."""

    def on_start(self, file: File, received: int, size: int | None) -> None:
        """Bytes start to arrive: ``received`` of ``size`` are on disk already (None: size unknown)."""

    def on_bytes(self, file: File, count: int) -> None:
        """``count`` more bytes have arrived."""

    def on_wait(self, file: File, seconds: float, reason: str) -> None:
        """The next attempt starts after these seconds."""

    def on_finish(self, outcome: Outcome) -> None:
        """The file is finished, successfully or not."""


class FileDownload:
    """The download of one file.

    ``taken`` are the names of the other files in its folder, without case; one that the server gives is added to it.
    """

    def __init__(
        self, file: File, context: FetchContext, listener: ProgressListener, taken: set[str] | None = None
    ) -> None:
        self._file = file
        self._path = file.path
        self._taken = set() if taken is None else taken
        self._context = context
        self._listener = listener
        self._href = file.href
        self._part = PartFile(file.path)
        self._resumed_from = self._furthest = self._part.size
        self._failures = 0
        self._waited = 0.0
        self._tried: set[Recovery] = set()
        self._mismatched = False

    async def run(self) -> Outcome:
        """Download the file. Errors are reported in the outcome, never raised."""
        if self._file.unavailable:
            return Outcome(self._file, Status.failed, reason=self._file.unavailable)
        try:
            while not await self._attempt():
                pass
        except DownloadFailed as failure:
            return Outcome(self._file, Status.failed, self._part.size or None, str(failure))
        status = Status.resumed if self._resumed_from else Status.done
        return Outcome(replace(self._file, path=self._path), status, self._path.stat().st_size)

    async def is_complete(self, recorded_size: int | None) -> bool:
        """Return whether the whole file is in its place already.

        ``recorded_size`` is its size in bytes according to the Item that an earlier run wrote.
        """
        file = self._file
        if file.unavailable or not file.path.is_file():
            return False
        known_size = file.size if file.size is not None else recorded_size
        size = known_size if known_size is not None else await self._remote_size()
        try:
            if file.path.stat().st_size != size or not _may_be_file(file.path, file):
                return False
            return await asyncio.to_thread(matches_checksum, file.path, file.checksum)
        except OSError:
            return False

    async def _remote_size(self) -> int | None:
        """Return the size that a HEAD reports; None if it fails, because the GET that follows reports the reason."""
        try:
            async with self._context.slots:
                response = await self._context.http.head(self._href, headers={"Accept-Encoding": "identity"})
        except httpx.HTTPError:
            return None
        return FileState.from_response(response.status_code, response.headers).size

    # -- one attempt -----------------------------------------------------------------------------------------

    async def _attempt(self) -> bool:
        """Return whether the file is complete now. Raises DownloadFailed if another attempt would not help."""
        try:
            async with self._context.slots:
                if not self._part.is_complete:
                    await self._receive()
                await self._finish()
        except DownloadFailed as failure:
            await self._recover(failure)
            return False
        except httpx.HTTPError as error:
            await self._recover(connection_failure(error))
            return False
        except OSError as error:
            raise disk_failure(error) from error
        except _BAD_REDIRECT as error:
            raise DownloadFailed("It redirects to a malformed address.") from error
        return True

    async def _receive(self) -> None:
        headers = {"Accept-Encoding": "identity", **resume_headers(self._part.size, self._part.state)}
        if Recovery.stream in self._tried:
            # A bridge streams to pages in browsers, because USGS sends them no CORS headers; they send their origin.
            headers["Origin"] = bridge_root(self._href) or ""
        async with self._context.http.stream("GET", self._href, headers=headers, follow_redirects=True) as response:
            if response.status_code not in (200, 206):
                await response.aread()
                raise response_failure(response)
            if fault := find_fault(response, self._file):
                raise impostor_failure(response, fault)
            await self._save_body(response)

    async def _save_body(self, response: httpx.Response) -> None:
        state = FileState.from_response(response.status_code, response.headers)
        start = resume_offset(response.status_code, response.headers, self._part.size, self._part.state)
        if start is None:
            self._part.delete()
            raise DownloadFailed("The server sent a part of something else.", Recovery.retry)
        if self._file.size is not None and state.size not in (None, self._file.size):
            raise DownloadFailed(
                f"The Item says {self._file.size} bytes, the server {state.size}; fetch the Item again."
            )
        self._resumed_from = self._resumed_from if start else 0
        self._listener.on_start(self._file, start, state.size)
        unchecked: bytes | None = None if start else b""
        with self._part.open(start, state) as out:
            async for chunk in response.aiter_raw():
                _write_all(out, chunk)
                self._progress(len(chunk))
                if unchecked is not None:
                    unchecked += chunk
                    if len(unchecked) >= SNIFF_BYTES:
                        self._check_start(response, unchecked)
                        unchecked = None
        if unchecked is not None and not (state.size and not unchecked):
            self._check_start(response, unchecked)

    def _check_start(self, response: httpx.Response, start: bytes) -> None:
        """Raises DownloadFailed, after deleting the part, if the first bytes are not the file's."""
        is_missing = not start and self._file.size != 0
        if fault := "The server sent an empty file." if is_missing else find_fault(response, self._file, start):
            self._part.delete()
            raise impostor_failure(response, fault)

    def _progress(self, count: int) -> None:
        """Reset the count of failures when the file is longer than it has ever been."""
        self._listener.on_bytes(self._file, count)
        size = self._part.size
        if size > self._furthest:
            self._furthest, self._failures = size, 0
            self._tried -= {Recovery.renew}

    async def _finish(self) -> None:
        received, announced = self._part.size, self._part.state.size
        if announced is not None and received < announced:
            raise DownloadFailed("The connection broke off in the middle of the file.", Recovery.retry)
        expected = self._file.size if announced is None else announced
        matches = (
            expected in (None, received)
            and _may_be_file(self._part.path, self._file)
            and await asyncio.to_thread(matches_checksum, self._part.path, self._file.checksum)
        )
        if not matches:
            self._part.delete()
            # Once it may be a broken transfer; twice, the server has another file than the Item describes.
            recovery = Recovery.none if self._mismatched else Recovery.retry
            self._mismatched = True
            reason = "The bytes received are not the file that the Item describes."
            raise DownloadFailed(reason if received else "The server sent an empty file.", recovery)
        self._path = self._named_path()
        self._part.finish(self._path)

    def _named_path(self) -> Path:
        """Return the planned path, or one with the name that the server gave to a file without one in its href."""
        planned = self._file.path
        if not (self._file.is_unnamed and self._part.state.filename):
            return planned
        name = safe_name(self._part.state.filename)
        if name.casefold() in self._taken and name != planned.name:
            name = safe_name(f"{self._file.key}_{name}")
        self._taken.add(name.casefold())
        return planned.with_name(name)

    # -- recovery --------------------------------------------------------------------------------------------

    async def _recover(self, failure: DownloadFailed) -> None:
        """Prepare the next attempt. Raises the failure if nothing is left to try."""
        recovery = failure.recovery
        if recovery is Recovery.wait:
            await self._wait(failure)
        elif recovery is Recovery.retry:
            await self._pause(failure)
        elif recovery is Recovery.none or recovery in self._tried or not await self._change_source(recovery):
            raise failure

    async def _change_source(self, recovery: Recovery) -> bool:
        """Use another href, or the bridge itself, from now on; return whether there is one."""
        self._tried.add(recovery)
        if recovery is Recovery.stream:
            return bridge_root(self._href) is not None
        href = await renew_href(self._file, self._href, self._context.http)
        self._href = href or self._href
        return href is not None

    async def _wait(self, failure: DownloadFailed) -> None:
        """Wait as long as the server says, at least half a second, and outside of the slots."""
        seconds = max(0.5, self._backoff() if failure.seconds is None else failure.seconds)
        if self._waited + seconds > self._context.max_wait:
            raise DownloadFailed(
                f"{failure} Given up after {self._waited:.0f} s of waiting; --patience allows more minutes."
            )
        self._waited += seconds
        self._failures += failure.seconds is None
        self._listener.on_wait(self._file, seconds, str(failure))
        await self._context.sleep(seconds)

    async def _pause(self, failure: DownloadFailed) -> None:
        self._failures += 1
        if self._failures >= MAX_FAILURES:
            raise failure
        self._listener.on_wait(self._file, self._backoff(), str(failure))
        await self._context.sleep(self._backoff())

    def _backoff(self) -> float:
        return float(min(MAX_BACKOFF, 0.5 * 2**self._failures))


def _may_be_file(path: Path, file: File) -> bool:
    """Return whether what is on disk may be the file: it is not empty, unless the Item says so, and not a page."""
    with path.open("rb") as saved:
        start = saved.read(SNIFF_BYTES)
    if not start:
        return file.size == 0
    return find_impostor(start, None, [file.path.name], file.media_type) is None


def _write_all(out: FileIO, chunk: bytes) -> None:
    """Write the whole chunk: an unbuffered write takes only a piece of it when the disk is nearly full."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[out.write(rest) :]
