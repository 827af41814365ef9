"""A request's body, up to a bound; and the end of the work on an answer that nobody is there to get. Plain ASGI."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from stac_bridge.api.errors import of_bridge
from stac_bridge.errors import TooLarge
from stac_bridge.http_headers import read_count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HangUp", "read_body"]


class HangUp:
    """Cancels the work on an answer whose caller is gone, so that its place in M2M's queue is free.

    Who listens for that gets the rest of the body, too; so the body, of ``most`` bytes (``larger`` by path), is read
    first. An answer that has begun ends itself: a stream frees what it reads, and the rest is done in a moment.
    """

    def __init__(self, app: ASGIApp, most: int, larger: Mapping[str, int]) -> None:
        self._app = app
        self._most = most
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = await read_body(Headers(scope=scope), receive, self._larger.get(scope["path"], self._most))
        except TooLarge as large:
            await of_bridge(large)(scope, receive, send)
            return
        if body is not None:
            await self._answer(scope, body, receive, send)

    async def _answer(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        leaving = asyncio.ensure_future(_left(receive))
        answering = asyncio.ensure_future(_called(self._app, scope, _again(body, leaving), watched))
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if begun:
                await asyncio.wait((answering,))
        finally:
            await _ended(answering)
            await _ended(leaving)
        if not answering.cancelled():
            answering.result()


async def read_body(headers: Headers, receive: Receive, most: int) -> bytes | None:
    """The whole body; None where the caller left in the middle of it. Raises TooLarge, as soon as that is known."""
    _check(read_count(headers.get("content-length")) or 0, most)
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        _check(len(body), most)
        more = message.get("more_body", False)
    return bytes(body)


def _check(size: int, most: int) -> None:
    if size > most:
        raise TooLarge(f"The body has {size} bytes or more; {most} are the most. Send less at once.")


def _again(body: bytes, leaving: asyncio.Future[None]) -> Receive:
    """The body as if it came now, and after it the news that the caller is gone, when it is."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not waiting:
            await asyncio.wait((leaving,))
            return {"type": "http.disconnect"}
        return waiting.pop()

    return receive


async def _called(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _ended(task: asyncio.Future[None]) -> None:
    """Cancelled where it still runs; an error that nobody will ask it for is seen here."""
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()
