"""Cancelling the work on a response whose client has disconnected."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.types import Receive

from stac_bridge.api.middleware import disconnect
from stac_bridge.api.middleware.disconnect import CancelOnDisconnect, read_body
from stac_bridge.errors import TooSlow

SCOPE: dict[str, Any] = {"type": "http", "path": "/", "method": "POST", "headers": []}
START = {"type": "http.response.start", "status": 200, "headers": []}
END = {"type": "http.response.body", "body": b"", "more_body": False}


class Client:
    """Sends ``messages``, then nothing until ``disconnect`` is called; records what it receives."""

    def __init__(self, messages: Iterable[dict[str, Any]] = ({"type": "http.request"},)) -> None:
        self._messages = list(messages)
        self._disconnected = asyncio.Event()
        self.received: list[Any] = []

    async def receive(self) -> dict[str, Any]:
        if self._messages:
            return self._messages.pop(0)
        await self._disconnected.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.received.append(message)

    def disconnect(self) -> None:
        self._disconnected.set()


async def serve(app: Any, client: Client) -> None:
    middleware = CancelOnDisconnect(app, max_body=10, by_path={})
    await asyncio.wait_for(middleware(SCOPE, client.receive, client.send), 5)  # type: ignore[arg-type]
    assert len(asyncio.all_tasks()) == 1, "a task was left behind"


async def test_work_is_cancelled_on_disconnect_and_may_clean_up() -> None:
    events, client = [], Client()

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        client.disconnect()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            events.append("cleaned up")

    await serve(app, client)
    assert (events, client.received) == (["cleaned up"], [])


async def test_a_started_response_continues_and_is_notified() -> None:
    client = Client()

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(START)
        client.disconnect()
        assert (await receive())["type"] == "http.disconnect"
        await send(END)

    await serve(app, client)
    assert client.received == [START, END]


async def test_a_body_in_chunks_arrives_whole() -> None:
    client = Client([{"type": "http.request", "body": b"ab", "more_body": True}, {"type": "http.request"}])
    bodies = []

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        bodies.append(await receive())
        await send(START)
        await send(END)

    await serve(app, client)
    assert bodies == [{"type": "http.request", "body": b"ab", "more_body": False}]


async def test_after_a_disconnect_within_the_body_nothing_runs() -> None:
    client = Client([{"type": "http.request", "body": b"ab", "more_body": True}])
    client.disconnect()
    await serve(None, client)
    assert client.received == []


async def test_exceptions_propagate_unchanged() -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await serve(app, Client())


async def test_cancelling_the_middleware_cancels_the_work() -> None:
    ended = asyncio.Event()

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    task = asyncio.ensure_future(serve(app, Client()))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
    assert len(asyncio.all_tasks()) == 1


async def test_a_body_that_drips_is_too_slow_and_a_large_one_has_more_time() -> None:
    now = 0.0

    def dripping(size: int, seconds: float) -> Receive:
        async def receive() -> dict[str, Any]:
            nonlocal now
            now += seconds
            return {"type": "http.request", "body": bytes(size), "more_body": now < 100}

        return receive  # type: ignore[return-value]

    with pytest.raises(TooSlow):
        await read_body(Headers(), dripping(1, 5), 10**9, clock=lambda: now)
    assert now <= 30
    now = 0.0
    assert len(await read_body(Headers(), dripping(50_000, 5), 10**9, clock=lambda: now) or b"") == 20 * 50_000


async def test_a_body_that_stops_is_a_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disconnect, "BODY_TIMEOUT", 0.05)
    client = Client([{"type": "http.request", "body": b"{", "more_body": True}])

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        raise AssertionError("the body is not whole")

    await serve(app, client)
    assert client.received[0]["status"] == 408


async def test_the_bodies_of_all_requests_together_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disconnect, "MAX_BODIES", 25)
    resume = asyncio.Event()

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await resume.wait()
        await send(START)
        await send(END)

    middleware = CancelOnDisconnect(app, max_body=10, by_path={})
    clients = [Client([{"type": "http.request", "body": bytes(10)}]) for _ in range(4)]
    requests = [asyncio.create_task(middleware(SCOPE, client.receive, client.send)) for client in clients]  # type: ignore[arg-type]
    await asyncio.wait(requests, timeout=0.05)
    resume.set()
    await asyncio.gather(*requests)
    assert sorted(client.received[0]["status"] for client in clients) == [200, 200, 503, 503]
    late = Client([{"type": "http.request", "body": bytes(10)}])
    await middleware(SCOPE, late.receive, late.send)  # type: ignore[arg-type]
    assert late.received[0]["status"] == 200, "nothing is held any more"
