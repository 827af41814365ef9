"""Parses JSON bodies with orjson, which rejects input that the rest of the server could not serialize again.

The standard library accepts lone surrogates, NaN and integers of any length; each of them would fail later, in a
token's digest or in a request to M2M.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from stac_bridge.errors import TooLarge

MAX_VALUES = 300_000
"""Maximum number of values in a body: five times those of a geometry with the maximum of vertices."""

_COUNTED_BYTES = 2**20
"""Bytes that are counted before other threads get a turn."""


def check_values(body: bytes, maximum: int = MAX_VALUES) -> None:
    """Raises TooLarge for a body with more values than ``maximum``, which would take seconds and gigabytes to parse.

    Each value follows a comma or begins a list or an object. Commas within texts count, too: texts with so many are
    no part of any search or Item.
    """
    count = 0
    for start in range(0, len(body), _COUNTED_BYTES):
        count += sum(body.count(mark, start, start + _COUNTED_BYTES) for mark in (b",", b"[", b"{"))
        if count > maximum:
            raise TooLarge(f"The body has more than {maximum} values, which is the maximum. Send less at once.")


class _Request(Request):
    async def json(self) -> Any:
        """The parsed body. Raises json.JSONDecodeError, which FastAPI turns into a validation error."""
        if not hasattr(self, "_json"):
            self._json = orjson.loads(await self.body())
        return self._json


class JsonRoute(APIRoute):
    """A FastAPI route whose JSON body is parsed by orjson."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, called with a request whose ``json`` uses orjson."""
        handle = super().get_route_handler()

        async def handle_with_orjson(request: Request) -> Response:
            request = _Request(request.scope, request.receive)
            check_values(await request.body())
            return await handle(request)

        return handle_with_orjson
