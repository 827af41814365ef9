"""Reads request bodies up to a limit, and cancels the work for clients that disconnect."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stac_bridge.api.errors import bridge_error_response
from stac_bridge.errors import ServerBusy, TooLarge, TooSlow
from stac_bridge.http_headers import read_count
from stac_bridge.limit_log import LimitLog

_limit_log = LimitLog(logging.getLogger(__name__))

BODY_TIMEOUT = 20.0
"""Seconds for a body, and one more for each ``MIN_BODY_RATE`` bytes of it."""

MAX_BODIES = 256 * 2**20
"""Bytes of all bodies in a process at once; each is held until its response ends."""

MIN_BODY_RATE = 10_000
"""Bytes per second. A slower client could hold the memory of its body for hours."""


class CancelOnDisconnect:
    """Cancels a request whose client has disconnected, which frees its place in the M2M queue.

    To notice a disconnect, ``receive`` must be awaited all the time, which also returns the body; therefore the whole
    body is read first, up to ``max_body`` bytes (``by_path``: other maximums for some paths). Once a response has
    started it is not cancelled: a stream ends by itself when sending fails, and other responses are short.
    """

    def __init__(self, app: ASGIApp, max_body: int, by_path: Mapping[str, int]) -> None:
        self._app = app
        self._max_body = max_body
        self._by_path = by_path
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._memory() as hold:
            try:
                max_body = self._by_path.get(scope["path"], self._max_body)
                body = await read_body(Headers(scope=scope), receive, max_body, hold)
            except (TooLarge, TooSlow, ServerBusy) as error:
                await bridge_error_response(error)(scope, receive, send)
                return
            if body is not None:
                await self._respond(scope, body, receive, send)

    @contextmanager
    def _memory(self) -> Iterator[Callable[[int], None]]:
        """A function that counts the bytes of a body, as long as the context lasts. It raises ServerBusy."""
        held = 0

        def hold(count: int) -> None:
            nonlocal held
            held += count
            self._held += count
            if self._held > MAX_BODIES:
                _limit_log.reached("bodies", f"the bodies of all requests have {MAX_BODIES // 2**20} MiB")
                raise ServerBusy("This server is reading too many large bodies; retry in a moment.", retry_after=5)

        try:
            yield hold
        finally:
            self._held -= held

    async def _respond(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        started = False

        async def send_and_note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        disconnect = asyncio.ensure_future(_disconnected(receive))
        response = asyncio.ensure_future(_call(self._app, scope, _replay(body, disconnect), send_and_note_start))
        try:
            await asyncio.wait((response, disconnect), return_when=asyncio.FIRST_COMPLETED)
            if started:
                await asyncio.wait((response,))
        finally:
            await _cancel(response)
            await _cancel(disconnect)
        if not response.cancelled():
            response.result()


async def read_body(
    headers: Headers,
    receive: Receive,
    max_body: int,
    hold: Callable[[int], None] = lambda _count: None,
    clock: Callable[[], float] = time.monotonic,
) -> bytes | None:
    """The whole body; None if the client disconnects before its end. ``hold`` is called with the size of each part.

    Raises TooLarge, as early as possible, TooSlow, and what ``hold`` raises.
    """
    _check(read_count(headers.get("content-length")) or 0, max_body)
    body = bytearray()
    more, started = True, clock()
    while more:
        left = started + BODY_TIMEOUT + len(body) / MIN_BODY_RATE - clock()
        try:
            async with asyncio.timeout(left):
                message = await receive()
            if left <= 0:
                raise TimeoutError  # receive() did not wait, so that it could not be interrupted
        except TimeoutError:
            _limit_log.reached("body", f"a body has not arrived within {BODY_TIMEOUT:g} s and one more per 10 kB")
            raise TooSlow("The body does not arrive in time; send it faster.") from None
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        if part:
            hold(len(part))
        body += part
        _check(len(body), max_body)
        more = message.get("more_body", False)
    return bytes(body)


def _check(size: int, max_body: int) -> None:
    if size > max_body:
        raise TooLarge(f"The body has at least {size} bytes; the maximum is {max_body}. Send less at once.")


def _replay(body: bytes, disconnect: asyncio.Future[None]) -> Receive:
    """A ``receive`` that returns the body that was read, then waits for the disconnect."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not messages:
            await asyncio.wait((disconnect,))
            return {"type": "http.disconnect"}
        return messages.pop()

    return receive


async def _call(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    # ensure_future needs a coroutine or future; an ASGIApp may return any awaitable.
    await app(scope, receive, send)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cancel(task: asyncio.Future[None]) -> None:
    """Cancels a task, waits for its end, and retrieves its exception: asyncio logs unretrieved ones."""
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()
