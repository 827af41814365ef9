"""A caller who goes away frees M2M's queue: over a real socket, because only there callers can go."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
import uvicorn

from stac_bridge.sandbox import create_sandbox
from tests.support import ORIGIN, Here, Watching, running

WALK = "/search?collections=landsat_ot_c2_l2&filter=id%20LIKE%20'%25nothing%25'&limit=1"
"""A search that matches nothing, and asks M2M again and again before it says so."""


class Slow(Watching):
    """The sandbox, which takes a while for each search and tells how many it has had."""

    searches = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/scene-search"):
            self.searches += 1
            await asyncio.sleep(0.05)
        return await super().handle_async_request(request)


@contextlib.asynccontextmanager
async def listening(here: Here) -> AsyncIterator[int]:
    """The port on which a server of this process listens."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(here.app, lifespan="off", log_config=None))
        task = asyncio.ensure_future(server.serve([place]))
        await until(lambda: server.started)
        yield int(place.getsockname()[1])
        server.should_exit = True
        await task


async def until(happened: Callable[[], bool]) -> None:
    while not happened():  # noqa: ASYNC110 -- what is waited for sets no event
        await asyncio.sleep(0.005)


async def leave(port: int, sent: bytes, when: Callable[[], bool]) -> None:
    """Send a request, and close the connection as soon as ``when`` says so."""
    _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await until(when)
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nothing_more_is_asked_for_a_caller_who_has_left(
    tmp_path: Path, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    slow = Slow(create_sandbox(base_url=ORIGIN))
    body = b'{"collections": ["landsat_ot_c2_l2"], "filter": "id LIKE \'%nothing%\'", "filter-lang": "cql2-text"}'
    head = f"{method} {WALK if method == 'GET' else '/search'} HTTP/1.1\r\nHost: here\r\n"
    more = "" if method == "GET" else f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    sent = f"{head}{more}\r\n".encode() + (b"" if method == "GET" else body)
    async with running(tmp_path, slow) as here, listening(here) as port:
        await here.get("/collections")
        before = asyncio.all_tasks()
        await asyncio.wait_for(leave(port, sent, lambda: slow.searches == 2), 10)
        await asyncio.sleep(0.4)
        assert slow.searches <= 3
        assert asyncio.all_tasks() <= before
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_others_who_wait_for_the_same_get_it(tmp_path: Path) -> None:
    slow = Slow(create_sandbox(base_url=ORIGIN))
    path = "/search?collections=landsat_ot_c2_l2&limit=1"

    async with running(tmp_path, slow) as here, listening(here) as port:
        sent = f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode()
        leaving = asyncio.ensure_future(leave(port, sent, lambda: slow.searches > 0))
        await until(lambda: slow.searches > 0)
        answer = await here.client.get(path)
        await leaving
    assert (answer.status_code, answer.json()["numberReturned"], slow.searches) == (200, 1, 1)
