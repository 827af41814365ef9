"""One file, from its href to its place in the folder, whatever comes between."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import httpx

from stac_bridge.client.download.answers import Course, Trouble, is_file, of_answer, of_fault, of_system
from stac_bridge.client.download.checksum import agrees
from stac_bridge.client.download.outcome import Outcome, Status
from stac_bridge.client.download.part_file import Part, State, asking, goes_on_at
from stac_bridge.client.download.plan import root_of
from stac_bridge.client.renewal import another_href

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from io import FileIO

    from stac_bridge.client.download.plan import File

__all__ = ["Means", "Pursuit", "Watch"]

TRIES = 5
"""Faults in a row, without a byte more than before, after which a file is given up."""

LONGEST_PAUSE = 30.0
"""Seconds between two tries, where the server does not say how many."""

_UNASKABLE = (httpx.InvalidURL, ValueError, OverflowError)
"""What an address raises that a redirect made up."""


@dataclass(frozen=True, slots=True)
class Means:
    """What all files share: connections, the turns at them, and how long (in seconds) a file may be waited for."""

    http: httpx.AsyncClient
    turns: asyncio.Semaphore
    patience: float
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Watch(Protocol):
    """Who wants to see how it goes."""

    def began(self, file: File, there: int, size: int | None) -> None:
        """Bytes come; so many are there, of so many."""

    def grew(self, file: File, count: int) -> None:
        """So many more."""

    def waits(self, file: File, seconds: float, why: str) -> None:
        """Nothing comes for a while."""

    def ended(self, outcome: Outcome) -> None:
        """This file is settled."""


class Pursuit:
    """A file that is being fetched."""

    def __init__(self, file: File, means: Means, watch: Watch) -> None:
        self._file = file
        self._means = means
        self._watch = watch
        self._href = file.href
        self._part = Part(file.path)
        self._before = self._furthest = self._part.there
        self._faults = 0
        self._waited = 0.0
        self._tried: set[Course] = set()
        self._mistaken = False

    async def run(self) -> Outcome:
        """Fetch it. What goes wrong is in the outcome."""
        if self._file.unavailable:
            return Outcome(self._file, Status.failed, reason=self._file.unavailable)
        try:
            while not await self._tried_once():
                pass
        except Trouble as met:
            return Outcome(self._file, Status.failed, self._part.there or None, str(met))
        status = Status.resumed if self._before else Status.done
        return Outcome(self._file, status, self._file.path.stat().st_size)

    async def is_there(self, noted: int | None) -> bool:
        """Whether the whole file is in its place already; ``noted`` is its size (bytes) as an earlier run noted it."""
        file = self._file
        if file.unavailable or not file.path.is_file():
            return False
        said = file.size if file.size is not None else noted
        size = said if said is not None else await self._size()
        try:
            return file.path.stat().st_size == size and await asyncio.to_thread(agrees, file.path, file.checksum)
        except OSError:
            return False

    async def _size(self) -> int | None:
        """What a HEAD says; where it does not, the GET that follows will tell why."""
        try:
            async with self._means.turns:
                answer = await self._means.http.head(self._href, headers={"Accept-Encoding": "identity"})
        except httpx.HTTPError:
            return None
        return State.of(answer.status_code, answer.headers).size

    # -- one try ---------------------------------------------------------------------------------------------

    async def _tried_once(self) -> bool:
        """Whether it is there now. Raises Trouble where nothing helps."""
        try:
            async with self._means.turns:
                if not self._part.is_whole:
                    await self._receive()
                await self._finish()
        except Trouble as met:
            await self._overcome(met)
            return False
        except httpx.HTTPError as fault:
            await self._overcome(of_fault(fault))
            return False
        except OSError as fault:
            raise of_system(fault) from fault
        except _UNASKABLE as wrong:
            raise Trouble("It leads to an address that cannot be asked.") from wrong
        return True

    async def _receive(self) -> None:
        headers = {"Accept-Encoding": "identity", **asking(self._part.there, self._part.state)}
        if Course.through in self._tried:
            headers["Origin"] = root_of(self._href) or ""  # as a page in a browser, which is streamed to
        async with self._means.http.stream("GET", self._href, headers=headers, follow_redirects=True) as answer:
            if not is_file(answer, self._file):
                await answer.aread()
                raise of_answer(answer)
            await self._take(answer)

    async def _take(self, answer: httpx.Response) -> None:
        kept, state = self._part.state, State.of(answer.status_code, answer.headers)
        start = goes_on_at(answer.status_code, answer.headers, self._part.there, kept)
        if start is None:
            self._part.drop()
            raise Trouble("The server sent a part of something else.", Course.again)
        if self._file.size is not None and state.size not in (None, self._file.size):
            raise Trouble(f"The Item says {self._file.size} bytes, the server {state.size}; fetch the Item again.")
        self._before = self._before if start else 0
        self._watch.began(self._file, start, state.size)
        with self._part.open(start, state) as out:
            async for chunk in answer.aiter_raw():
                _write(out, chunk)
                self._progressed(len(chunk))

    def _progressed(self, count: int) -> None:
        """Troubles are counted anew once there is more than there ever was."""
        self._watch.grew(self._file, count)
        there = self._part.there
        if there > self._furthest:
            self._furthest, self._faults = there, 0
            self._tried -= {Course.renew}

    async def _finish(self) -> None:
        there, size = self._part.there, self._part.state.size
        if size is not None and there < size:
            raise Trouble("The connection broke off in the middle of the file.", Course.again)
        told = self._file.size if size is None else size
        whole = told in (None, there) and await asyncio.to_thread(agrees, self._part.path, self._file.checksum)
        if not whole:
            self._part.drop()
            again, self._mistaken = not self._mistaken, True
            raise Trouble("What came is not the file that was told of.", Course.again if again else Course.none)
        self._part.finish()

    # -- what helps ------------------------------------------------------------------------------------------

    async def _overcome(self, met: Trouble) -> None:
        """Do what helps. Raises the trouble where nothing does."""
        if met.course is Course.wait:
            await self._wait(met)
        elif met.course is Course.again:
            await self._pause(met)
        elif met.course is Course.none or met.course in self._tried or not await self._goes_elsewhere(met.course):
            raise met

    async def _goes_elsewhere(self, course: Course) -> bool:
        """Whether there is another way to the bytes; it is taken from now on."""
        self._tried.add(course)
        if course is Course.through:
            return root_of(self._href) is not None
        href = await another_href(self._file, self._href, self._means.http)
        self._href = href or self._href
        return href is not None

    async def _wait(self, met: Trouble) -> None:
        seconds = max(0.5, self._backoff() if met.seconds is None else met.seconds)
        if self._waited + seconds > self._means.patience:
            raise Trouble(f"{met} Given up after {self._waited:.0f} s of waiting; --patience gives it longer.")
        self._waited += seconds
        self._faults += met.seconds is None
        self._watch.waits(self._file, seconds, str(met))
        await self._means.sleep(seconds)

    async def _pause(self, met: Trouble) -> None:
        self._faults += 1
        if self._faults >= TRIES:
            raise met
        self._watch.waits(self._file, self._backoff(), str(met))
        await self._means.sleep(self._backoff())

    def _backoff(self) -> float:
        return float(min(LONGEST_PAUSE, 0.5 * 2**self._faults))


def _write(out: FileIO, chunk: bytes) -> None:
    """All of it: a disk that is nearly full takes a piece first."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[out.write(rest) :]
