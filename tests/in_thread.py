"""A server within this process, in a thread of its own, for tests that are not asynchronous, such as Hypothesis's."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.support import Here, running

T = TypeVar("T")


class InThread:
    """A server, and the loop that it runs in; ``bugs`` are the exceptions that reached the last resort."""

    def __init__(self, folder: Path, **arguments: Any) -> None:
        self.bugs: list[str] = []
        self._log = _Bugs(self.bugs)
        logging.getLogger("stac_bridge.api.errors").addHandler(self._log)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._stack = AsyncExitStack()
        self.here: Here = self.run(self._start(folder, arguments))
        self.here.client.headers["accept-encoding"] = "identity"

    async def _start(self, folder: Path, arguments: dict[str, Any]) -> Here:
        return await self._stack.enter_async_context(running(folder, **arguments))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the server's loop."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(120)

    def close(self) -> None:
        """Stop the server and its loop."""
        self.run(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        logging.getLogger("stac_bridge.api.errors").removeHandler(self._log)


class _Bugs(logging.Handler):
    def __init__(self, bugs: list[str]) -> None:
        super().__init__()
        self._bugs = bugs

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self._bugs.append(logging.Formatter().formatException(record.exc_info))


@contextmanager
def in_thread(folder: Path, **arguments: Any) -> Iterator[InThread]:
    """Run a server as ``running`` does."""
    server = InThread(folder, **arguments)
    try:
        yield server
    finally:
        server.close()
