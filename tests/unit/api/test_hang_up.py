"""The end of the work on an answer that nobody is there to get, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from stac_bridge.api.middleware.disconnect import HangUp

SCOPE: dict[str, Any] = {"type": "http", "path": "/", "method": "POST", "headers": []}
START = {"type": "http.response.start", "status": 200, "headers": []}
END = {"type": "http.response.body", "body": b"", "more_body": False}


class Caller:
    """Sends ``messages``, then says nothing until ``leave`` is called; keeps what comes back."""

    def __init__(self, messages: Iterable[dict[str, Any]] = ({"type": "http.request"},)) -> None:
        self._messages = list(messages)
        self._gone = asyncio.Event()
        self.got: list[Any] = []

    async def receive(self) -> dict[str, Any]:
        if self._messages:
            return self._messages.pop(0)
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.got.append(message)

    def leave(self) -> None:
        self._gone.set()


async def ask(app: Any, caller: Caller) -> None:
    await asyncio.wait_for(HangUp(app, 10, {})(SCOPE, caller.receive, caller.send), 5)  # type: ignore[arg-type]
    assert len(asyncio.all_tasks()) == 1, "a task was left behind"


async def test_work_ends_when_the_caller_leaves_and_may_tidy_up() -> None:
    told, caller = [], Caller()

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        caller.leave()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            told.append("tidied")

    await ask(app, caller)
    assert (told, caller.got) == (["tidied"], [])


async def test_an_answer_that_has_begun_goes_on_and_is_told() -> None:
    caller = Caller()

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(START)
        caller.leave()
        assert (await receive())["type"] == "http.disconnect"
        await send(END)

    await ask(app, caller)
    assert caller.got == [START, END]


async def test_a_body_in_parts_comes_whole() -> None:
    caller, bodies = Caller([{"type": "http.request", "body": b"ab", "more_body": True}, {"type": "http.request"}]), []

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        bodies.append(await receive())
        await send(START)
        await send(END)

    await ask(app, caller)
    assert bodies == [{"type": "http.request", "body": b"ab", "more_body": False}]


async def test_a_caller_who_leaves_within_the_body_gets_nothing_done() -> None:
    caller = Caller([{"type": "http.request", "body": b"ab", "more_body": True}])
    caller.leave()
    await ask(None, caller)
    assert caller.got == []


async def test_a_fault_is_the_fault_that_it_was() -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ask(app, Caller())


async def test_who_is_stopped_stops_the_work() -> None:
    ended = asyncio.Event()

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    task = asyncio.ensure_future(ask(app, Caller()))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
    assert len(asyncio.all_tasks()) == 1
