"""Long work that lets other requests run meanwhile: in pieces on the event loop, or in a thread.

Python runs one thread at a time, so a thread does not make work faster; it only lets the event loop in every few
milliseconds, except while a function in C runs that keeps the interpreter locked, such as parsing JSON. Such a function
needs a limit on its input.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")

MAX_PIECE = 0.01
"""Seconds of work on the event loop after which other tasks get a turn."""

_THREAD = ThreadPoolExecutor(1, thread_name_prefix="long-work")
"""One thread: several would compete with the event loop for the interpreter, which makes everybody wait longer."""


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return the function's result, computed in the thread for long work, after the work that came before."""
    context = contextvars.copy_context()
    call = lambda: context.run(function, *args, **kwargs)  # noqa: E731 -- partial loses the types
    return await asyncio.get_running_loop().run_in_executor(_THREAD, call)


async def in_thread_if(is_long: bool, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return the function's result, computed in the thread if ``is_long``, else here, without a queue."""
    return await in_thread(function, *args, **kwargs) if is_long else function(*args, **kwargs)


@dataclass(slots=True)
class Pauses:
    """The pauses of a long task on the event loop, by elapsed time: its parts differ in length a thousandfold.

    ``clock`` returns seconds.
    """

    clock: Callable[[], float] = time.perf_counter
    _next: float = 0

    async def pause_if_due(self) -> None:
        """Let other tasks run if this one has run for ``MAX_PIECE`` seconds since the last pause."""
        now = self.clock()
        if now >= self._next:
            await asyncio.sleep(0)
            self._next = self.clock() + MAX_PIECE
