"""Large responses are sent in parts."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from starlette.requests import Request

from stac_bridge.api.respond import PART_BYTES, respond


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("length", [1, PART_BYTES, 5 * PART_BYTES])
async def test_a_response_is_sent_in_parts_of_limited_size(method: str, length: int) -> None:
    document, messages = {"text": "x" * length}, list[Any]()
    request = Request({"type": "http", "method": method, "headers": []})

    async def receive() -> Any:
        raise AssertionError("a response reads nothing")

    async def send(message: Any) -> None:
        messages.append(message)

    await respond(document, request)(request.scope, receive, send)
    start, *parts = messages
    body = b"".join(part["body"] for part in parts)
    assert orjson.loads(body) == document
    assert dict(start["headers"])[b"content-length"] == str(len(body)).encode()
    assert max(len(part["body"]) for part in parts) <= PART_BYTES
    assert [part.get("more_body", False) for part in parts] == [True] * (len(parts) - 1) + [False]
