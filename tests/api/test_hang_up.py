"""A caller who goes away frees M2M's queue: over a real socket, because only there callers can go."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn

from m2m_sandbox import create_sandbox
from tests.support import ORIGIN, Here, Watching, posted, running

ASKED = {
    "collections": "landsat_ot_c2_l1,landsat_ot_c2_l2,landsat_etm_c2_l1,landsat_etm_c2_l2",
    "bbox": "10,45,10.01,45.01",
    "datetime": "2014-01-02T03:04:05Z",
}
"""A search that finds nothing, and asks M2M of each collection before it says so."""


class Halting(Watching):
    """The sandbox, which answers searches from the ``halt``-th on only when it may go on."""

    def __init__(self, halt: int) -> None:
        super().__init__(create_sandbox(base_url=ORIGIN))
        self._halt = halt
        self.searches = 0
        self.goes_on = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/scene-search"):
            self.searches += 1
            if self.searches >= self._halt:
                await self.goes_on.wait()
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


def get() -> bytes:
    return f"GET /search?{urlencode(ASKED)} HTTP/1.1\r\nHost: here\r\n\r\n".encode()


def post() -> bytes:
    body = json.dumps(posted(ASKED)).encode()
    head = "POST /search HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def test_the_search_asks_of_each_collection_for_who_stays(here: Here) -> None:
    answer = await here.get("/search", **ASKED)
    assert (answer.json()["numberReturned"], int(answer.headers["x-m2m-calls"]) >= 4) == (0, True)


@pytest.mark.parametrize("request_of", [get, post])
async def test_nothing_more_is_asked_for_a_caller_who_has_left(
    tmp_path: Path, request_of: Callable[[], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    m2m = Halting(2)
    async with running(tmp_path, m2m) as here, listening(here) as port:
        await here.get("/collections")
        before = asyncio.all_tasks()
        await asyncio.wait_for(leave(port, request_of(), lambda: m2m.searches == 2), 30)
        await asyncio.sleep(0.2)
        m2m.goes_on.set()
        await asyncio.wait_for(until(lambda: asyncio.all_tasks() - before == {asyncio.current_task()}), 10)
        assert m2m.searches == 2
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_others_who_wait_for_the_same_get_it(tmp_path: Path) -> None:
    m2m = Halting(1)
    async with running(tmp_path, m2m) as here, listening(here) as port:
        leaving = asyncio.ensure_future(leave(port, get(), lambda: m2m.goes_on.is_set()))
        await asyncio.wait_for(until(lambda: m2m.searches == 1), 30)
        staying = asyncio.ensure_future(here.get("/search", **ASKED))
        await asyncio.sleep(0.1)
        m2m.goes_on.set()
        await leaving
        answer = await staying
    assert (answer.status_code, answer.json()["numberReturned"]) == (200, 0)
