"""Askers who come at the same moment go to M2M together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from stac_bridge.errors import UpstreamFault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

__all__ = ["Batches"]

K = TypeVar("K")
V = TypeVar("V")

WINDOW = 0.015
"""Seconds that a call waits for others to join it: little beside what M2M takes, enough for threads that start."""

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
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, key: K) -> V | None:
        """What a call found of ``key``, or None. Raises what the call raises. The call outlives its askers."""
        if not self._waiting:
            task = asyncio.create_task(self._go())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if key not in self._waiting:
            self._waiting[key] = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._waiting[key])

    async def _go(self) -> None:
        async with self._turn:
            await asyncio.sleep(WINDOW)
            asked, self._waiting = self._waiting, {}
            for keys in _parts(tuple(asked), self._most):
                await self._settle(keys, asked)

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
