"""Coalesces concurrent requests into one M2M call."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from stac_bridge.errors import UpstreamFault
from stac_bridge.request_context import SharedDemand

K = TypeVar("K")
V = TypeVar("V")

GATHER_TIME = 0.015
"""Seconds that a call waits for more keys: little compared with M2M's response time, enough for threads to start."""

LINGER_TIMEOUT = 0.8
"""Seconds that a call waits for more keys if recent calls had several. Threads that read concurrently return a little
apart from one another; one call per thread, one after the other, would keep all of them waiting longer."""

RECENT = 5.0
"""Seconds for which the size of a call predicts the size of the next."""

_CAUSED_BY_ONE_KEY = frozenset({"INPUT_INVALID", "INPUT_PARAMETER_INVALID", "INPUT_FORMAT", "NOT_FOUND"})
"""M2M's error codes with which one bad id fails a whole call."""


class Batcher(Generic[K, V]):
    """Calls ``call`` with all waiting keys, at most ``max_keys`` at a time; it returns a value for each key it knows.

    ``lock`` is held while keys are collected and the call runs; keys that arrive meanwhile go into the next call.
    Batchers whose calls follow one another share a lock: the second kind of call then waits for all the keys that the
    first kind is about to release. A call has the places in the queue, and the latest deadline, of all who wait for it.
    """

    def __init__(
        self, call: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], max_keys: int, lock: asyncio.Lock | None = None
    ) -> None:
        self._call = call
        self._max_keys = max_keys
        self._lock = lock or asyncio.Lock()
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._demand = SharedDemand()  # of those who wait for the keys in ``_waiting``
        self._recent_sizes: deque[tuple[float, int]] = deque(maxlen=64)  # (monotonic time, keys in the call)
        self._expected = 1
        self._all_arrived = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()  # the event loop itself holds only weak references

    async def get(self, key: K) -> V | None:
        """Return the call's value for ``key``, or None. Raises what the call raises.

        The call goes on if whoever waits for it is canceled: it has been paid for, and others may share it.
        """
        if not self._waiting:
            self._demand = SharedDemand()
            with self._demand.served():
                task = asyncio.create_task(self._run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if key not in self._waiting:
            self._waiting[key] = asyncio.get_running_loop().create_future()
        if len(self._waiting) >= self._expected:
            self._all_arrived.set()
        with self._demand.joined():
            return await asyncio.shield(self._waiting[key])

    async def _run(self) -> None:
        await self._linger()
        async with self._lock:
            await asyncio.sleep(GATHER_TIME)
            batch, self._waiting = self._waiting, {}
            self._recent_sizes.append((time.monotonic(), len(batch)))
            for keys in _chunks(tuple(batch), self._max_keys):
                await self._settle(keys, batch)

    async def _linger(self) -> None:
        """Wait until as many keys have arrived as the largest recent call had, if that had several."""
        now = time.monotonic()
        largest = max((size for when, size in self._recent_sizes if now - when < RECENT), default=1)
        self._expected = min(largest, self._max_keys)
        if len(self._waiting) < self._expected:
            self._all_arrived.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER_TIMEOUT):
                    await self._all_arrived.wait()

    async def _settle(self, keys: Sequence[K], batch: Mapping[K, asyncio.Future[V | None]]) -> None:
        """Set the result or the error of each key; a call that fails because of one key is repeated in halves."""
        try:
            values = await self._call(keys)
        except UpstreamFault as error:
            if error.code in _CAUSED_BY_ONE_KEY and len(keys) > 1:
                for half in _chunks(keys, (len(keys) + 1) // 2):
                    await self._settle(half, batch)
                return
            _fail((batch[key] for key in keys), error)
        except Exception as error:  # noqa: BLE001 -- raised again in whoever waits
            _fail((batch[key] for key in keys), error)
        else:
            for key in keys:
                batch[key].set_result(values.get(key))


def _fail(futures: Iterator[asyncio.Future[V | None]], error: Exception) -> None:
    for future in futures:
        future.set_exception(error)
        future.exception()  # marks it as retrieved: if its waiter was canceled, asyncio would log a warning


def _chunks(keys: Sequence[K], size: int) -> Iterator[Sequence[K]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
