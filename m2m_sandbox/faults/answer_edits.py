"""Faults that change what an answer says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from m2m_sandbox.faults.kinds import Drift, LyingTotal

__all__ = ["drifted", "edited", "led_astray", "lied"]


def edited(app: ASGIApp, edit: Callable[[Any], Any]) -> ASGIApp:
    """The app with the ``data`` of its answers edited."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        body = b""

        async def keep(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            body += message.get("body", b"")

        await app(scope, receive, keep)
        try:
            said = orjson.loads(body)
        except orjson.JSONDecodeError:  # another fault's page
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return
        told = orjson.dumps({**said, "data": edit(said["data"])})
        answer = Response(told, start["status"], media_type="application/json")
        await answer(scope, receive, send)

    return wrapped


def drifted(said: Any, fault: Drift) -> Any:
    """Data whose keys are not those that they were."""
    if isinstance(said, list):
        return [drifted(one, fault) for one in said]
    if not isinstance(said, dict):
        return said
    kept = {key: drifted(value, fault) for key, value in said.items() if key not in fault.missing}
    return {key: _retyped(value) if key in fault.retyped else value for key, value in kept.items()} | fault.extra


def _retyped(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) else [value]


def lied(said: Any, fault: LyingTotal) -> Any:
    """A search's answer with a totalHits that is not true."""
    if not isinstance(said, dict) or not isinstance(said.get("totalHits"), int):
        return said
    told = {**said, "totalHits": max(0, said["totalHits"] + fault.by)}
    if fault.accuracy == "absent":
        told.pop("totalHitsAccuracy", None)
    elif fault.accuracy:
        told["totalHitsAccuracy"] = fault.accuracy
    return told


def led_astray(said: Any, to: str) -> Any:
    """Data whose URLs all point at one place."""
    if isinstance(said, list):
        return [led_astray(one, to) for one in said]
    if not isinstance(said, dict):
        return said
    return {key: to if key == "url" and value else led_astray(value, to) for key, value in said.items()}
