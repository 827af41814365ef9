"""Turns unexpected exceptions into a 500 problem document."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stac_bridge.api.errors import unexpected_error_response


class LastResort:
    """Answers exceptions that no handler took.

    Starlette's own 500 would come from outside all middleware, without CORS and cost headers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        started = False

        async def send_and_note_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_and_note_start)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            await unexpected_error_response(error)(scope, receive, send)
