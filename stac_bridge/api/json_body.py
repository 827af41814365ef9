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
            return await handle(_Request(request.scope, request.receive))

        return handle_with_orjson
