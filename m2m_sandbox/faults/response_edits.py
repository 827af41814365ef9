"""Faults that change the data of a response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from m2m_sandbox.faults.kinds import Drift, LyingTotal


def edit_data(app: ASGIApp, edit: Callable[[Any], Any]) -> ASGIApp:
    """Wrap an app so that ``edit`` changes the ``data`` of its JSON responses; other responses pass unchanged."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        body = b""

        async def buffer(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            body += message.get("body", b"")

        await app(scope, receive, buffer)
        try:
            envelope = orjson.loads(body)
        except orjson.JSONDecodeError:  # the HTML page of another fault
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return
        content = orjson.dumps({**envelope, "data": edit(envelope["data"])})
        response = Response(content, start["status"], media_type="application/json")
        await response(scope, receive, send)

    return wrapped


def drift_keys(data: Any, fault: Drift) -> Any:
    """Remove, retype and add keys of all objects in ``data``."""
    if isinstance(data, list):
        return [drift_keys(item, fault) for item in data]
    if not isinstance(data, dict):
        return data
    remaining = {key: drift_keys(value, fault) for key, value in data.items() if key not in fault.missing}
    return {key: _retype(value) if key in fault.retyped else value for key, value in remaining.items()} | fault.extra


def _retype(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) else [value]


def falsify_total(data: Any, fault: LyingTotal) -> Any:
    """Change totalHits of a search result; data without it is returned unchanged."""
    if not isinstance(data, dict) or not isinstance(data.get("totalHits"), int):
        return data
    falsified = {**data, "totalHits": max(0, data["totalHits"] + fault.by)}
    if fault.accuracy == "absent":
        falsified.pop("totalHitsAccuracy", None)
    elif fault.accuracy:
        falsified["totalHitsAccuracy"] = fault.accuracy
    return falsified


def replace_urls(data: Any, url: str) -> Any:
    """Replace every non-empty ``url`` in ``data``, at any depth."""
    if isinstance(data, list):
        return [replace_urls(item, url) for item in data]
    if not isinstance(data, dict):
        return data
    return {key: url if key == "url" and value else replace_urls(value, url) for key, value in data.items()}
