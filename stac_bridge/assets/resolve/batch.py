"""Askers who come at the same moment go to M2M together."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from stac_bridge.errors import UpstreamFault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

__all__ = ["Batches"]

K = TypeVar("K")
V = TypeVar("V")

WINDOW = 0.015
"""Seconds that a call waits for others to join it: little beside what M2M takes, enough for threads that start."""

LINGER = 0.8
"""Seconds that it waits where many came together lately: threads that read side by side come back a little apart,
and a call for each, one after the other, would keep all of them waiting longer."""

LATELY = 5.0
"""Seconds for which those who came together are expected to do so again."""

_OF_ONE = frozenset({"INPUT_INVALID", "INPUT_PARAMETER_INVALID", "INPUT_FORMAT", "NOT_FOUND"})
"""Errors that one bad id may bring upon a whole call."""


class Batches(Generic[K, V]):
    """One ``call`` for all keys that wait, at most ``most`` of them at once; it gives what it finds of each.

    ``turn`` is held while gathering and calling: whoever comes meanwhile goes with the next call. Kinds of calls
    that lead to each other share it, so that one waits for the askers that the other is about to send.
    """

    def __init__(
        self, call: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], most: int, turn: asyncio.Lock | None = None
    ) -> None:
        self._call = call
        self._most = most
        self._turn = turn or asyncio.Lock()
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._crowds: deque[tuple[float, int]] = deque(maxlen=64)
        self._expected = 1
        self._gathered = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, key: K) -> V | None:
        """What a call found of ``key``, or None. Raises what the call raises. The call outlives its askers."""
        if not self._waiting:
            task = asyncio.create_task(self._go())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if key not in self._waiting:
            self._waiting[key] = asyncio.get_running_loop().create_future()
        if len(self._waiting) >= self._expected:
            self._gathered.set()
        return await asyncio.shield(self._waiting[key])

    async def _go(self) -> None:
        await self._linger()
        async with self._turn:
            await asyncio.sleep(WINDOW)
            asked, self._waiting = self._waiting, {}
            self._crowds.append((time.monotonic(), len(asked)))
            for keys in _parts(tuple(asked), self._most):
                await self._settle(keys, asked)

    async def _linger(self) -> None:
        """Wait for as many as came together lately, if there were several."""
        now = time.monotonic()
        crowd = max((size for when, size in self._crowds if now - when < LATELY), default=1)
        self._expected = min(crowd, self._most)
        if len(self._waiting) < self._expected:
            self._gathered.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER):
                    await self._gathered.wait()

    async def _settle(self, keys: Sequence[K], asked: Mapping[K, asyncio.Future[V | None]]) -> None:
        """Give everybody an answer or an error; a call that is refused for an id is made in halves."""
        try:
            found = await self._call(keys)
        except UpstreamFault as fault:
            if fault.code in _OF_ONE and len(keys) > 1:
                for half in _parts(keys, (len(keys) + 1) // 2):
                    await self._settle(half, asked)
                return
            _fail((asked[key] for key in keys), fault)
        except Exception as fault:  # noqa: BLE001 -- told to those who wait, whatever it is
            _fail((asked[key] for key in keys), fault)
        else:
            for key in keys:
                asked[key].set_result(found.get(key))


def _fail(waiting: Iterator[asyncio.Future[V | None]], fault: Exception) -> None:
    for future in waiting:
        future.set_exception(fault)
        future.exception()  # seen here, so that one nobody waits for any more raises no warning


def _parts(keys: Sequence[K], most: int) -> Iterator[Sequence[K]]:
    return (keys[start : start + most] for start in range(0, len(keys), most))
