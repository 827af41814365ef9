"""A connection is limited in the size and time of its headers, in the time without reading, and in number."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn

from stac_bridge.cli import connection
from stac_bridge.cli.connection import LimitedProtocol
from stac_bridge.limit_log import LimitLog

BIG = 64 * 2**20
"""Bytes of a response that no buffer on the way holds."""


class Quick(LimitedProtocol):
    header_timeout = 0.4
    send_timeout = 0.6


class App:
    """Answers each request; ``/big`` with much, ``/never`` not until ``resume`` is set."""

    def __init__(self) -> None:
        self.resume = asyncio.Event()
        self.sent = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        if scope["path"] == "/never":
            await self.resume.wait()
        size = BIG if scope["path"] == "/big" else 2
        headers = [(b"content-length", str(size).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(0, size, 2**16):
            body = b"ok" if size == 2 else bytes(2**16)
            await send({"type": "http.response.body", "body": body, "more_body": True})
            self.sent += len(body)
        await send({"type": "http.response.body"})


@asynccontextmanager
async def serving(app: App, protocol: type[LimitedProtocol] = Quick, **config: Any) -> AsyncIterator[int]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=protocol, ws="none", lifespan="off", log_config=None, **config))
    task = asyncio.create_task(server.serve([listener]))
    while not server.started:  # noqa: ASYNC110 -- uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        app.resume.set()
        server.should_exit = server.force_exit = True
        await task
        listener.close()


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write each limit in each test anew."""
    monkeypatch.setattr(connection, "_limit_log", LimitLog(logging.getLogger("stac_bridge.cli.connection")))


async def exchange(port: int, data: bytes, pause: float = 0, piece: int = 0) -> bytes:
    """Return all that the server sends to ``data`` until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with suppress(OSError):
        for start in range(0, len(data), piece or len(data) or 1):
            writer.write(data[start : start + piece] if piece else data)
            await writer.drain()
            if pause:
                await asyncio.sleep(pause)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def is_problem(answer: bytes) -> bool:
    document = json.loads(answer.partition(b"\r\n\r\n")[2])
    return document["status"] == status_of(answer) and document["detail"].endswith(".")


CLOSE = b"Connection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: h\r\n" + CLOSE, 200),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX-A: " + b"a" * 60_000 + b"\r\n" + CLOSE, 200),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX-A: " + b"a" * 70_000 + b"\r\n" + CLOSE, 431),
        (b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X-A: a\r\n" * 20_000 + CLOSE, 431),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX-A: " + b"a" * 10_000_000, 431),
        (b"GET / HTTP/1.1\r\n" + b"X-A: a\r\n" * 200_000, 431),
        (b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: h\r\n" + CLOSE, 200),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: h\r\n" + CLOSE, 414),
        (b"GET /" + b"a" * 10_000_000, 414),
        (b"nonsense\r\n\r\n", 400),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, bytes) else str(value),
)
async def test_headers_and_urls_up_to_the_limit_are_read_and_longer_ones_get_a_problem(
    request_bytes: bytes, status: int
) -> None:
    async with serving(App()) as port:
        for piece in (0, 4000):
            answer = await exchange(port, request_bytes, piece=piece)
            # an answer may be lost if the client goes on sending after the connection was closed
            assert status_of(answer) in ((status, 0) if len(request_bytes) > 10**6 else (status,))
            if status != 200 and answer:
                assert is_problem(answer)


@pytest.mark.parametrize(
    ("start", "drip"),
    [
        (b"", b""),
        (b"G", b""),
        (b"GET / HTTP/1.1\r\nHost: h\r\n", b""),
        (b"GET / HTTP/1.1\r\nHost: h\r\n", b"X-A: a\r\n"),
        (b"", b"\r\n"),
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\n", b"X-A: a\r\n"),
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"\r\n"),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n", b"b"),
    ],
)
async def test_a_client_that_drips_its_request_is_closed(
    start: bytes, drip: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with serving(App()) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(start)
            reading = asyncio.create_task(reader.read())
            ends = time.monotonic() + 8
            while not reading.done() and time.monotonic() < ends:
                with suppress(OSError):
                    writer.write(drip)
                await asyncio.wait({reading}, timeout=0.05)
            assert reading.done()
            with suppress(ConnectionResetError):
                answers = reading.result()
                assert b"408" in answers or drip != b"X-A: a\r\n"
            writer.close()
    assert "Limit reached, headers" in caplog.text


@pytest.mark.parametrize("connection_header", [b"keep-alive", b"close"])
async def test_a_client_that_does_not_read_is_closed_and_frees_what_it_holds(
    connection_header: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    app = App()
    with caplog.at_level(logging.WARNING):
        async with serving(app) as port:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**12)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(b"GET /big HTTP/1.1\r\nHost: h\r\nConnection: " + connection_header + b"\r\n\r\n")
            ends = time.monotonic() + 8
            while "Limit reached, reading" not in caplog.text and time.monotonic() < ends:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            assert "Limit reached, reading" in caplog.text
            writer.close()


async def test_a_slow_client_that_goes_on_reading_gets_everything() -> None:
    async with serving(App()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        received = 0
        while chunk := await reader.read(4 * 2**20):
            received += len(chunk)
            if received % 7 == 0:
                await asyncio.sleep(0.02)
        assert received > BIG
        writer.close()


async def test_a_response_that_takes_longer_than_the_header_timeout_is_not_cut() -> None:
    app = App()
    async with serving(app) as port:
        waiting = asyncio.create_task(exchange(port, b"GET /never HTTP/1.1\r\nHost: h\r\n" + CLOSE))
        await asyncio.sleep(1.2)
        app.resume.set()
        assert status_of(await waiting) == 200


async def test_idle_connections_make_room_for_new_ones_and_busy_ones_do_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Patient(LimitedProtocol):
        header_timeout = 60

    app = App()
    with caplog.at_level(logging.WARNING):
        async with serving(app, Patient, limit_concurrency=4) as port:
            idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
            for _ in range(10):
                assert status_of(await exchange(port, b"GET / HTTP/1.1\r\nHost: h\r\n" + CLOSE)) == 200
            busy = [
                asyncio.create_task(exchange(port, b"GET /never HTTP/1.1\r\nHost: h\r\n" + CLOSE)) for _ in range(4)
            ]
            await asyncio.sleep(0.3)
            refused = await exchange(port, b"")
            assert status_of(refused) == 503
            assert is_problem(refused)
            assert b"retry-after" in refused
            app.resume.set()
            assert [status_of(answer) for answer in await asyncio.gather(*busy)] == [200] * 4
            for _reader, writer in idle:
                writer.close()
    texts = [record.message for record in caplog.records if "STAC_BRIDGE_MAX_CONNECTIONS" in record.message]
    assert len(texts) == 1, "one record a minute"


async def test_random_bytes_never_leave_a_connection_behind() -> None:
    chance = random.Random(20)
    words = [b"GET ", b"/ ", b"HTTP/1.1", b"\r\n", b"\r\n\r\n", b"Host: h", b"Content-Length: 5", b"\0", b"\xff" * 9]
    words += [b"Transfer-Encoding: chunked", b"Upgrade: websocket", b"Connection: upgrade", b"Expect: 100-continue"]
    async with serving(App()) as port:
        requests = [
            b"".join(chance.choice(words) for _ in range(chance.randrange(20))) + chance.randbytes(chance.randrange(9))
            for _ in range(60)
        ]
        answers = await asyncio.gather(*(exchange(port, data) for data in requests))
        assert {status_of(answer) for answer in answers} <= {0, 200, 400, 408}
        assert status_of(await exchange(port, b"GET / HTTP/1.1\r\nHost: h\r\n" + CLOSE)) == 200
