"""How faults strike: each wraps the app for one request, and does to it what went wrong."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from functools import singledispatch
from typing import TYPE_CHECKING

import httpx
import orjson
from starlette.responses import HTMLResponse, RedirectResponse, Response

from m2m_sandbox.api.errors import CODES
from m2m_sandbox.faults import kinds
from m2m_sandbox.faults.answer_edits import drifted, edited, led_astray, lied

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from m2m_sandbox.faults.active import Standing
    from m2m_sandbox.faults.kinds import Fault

__all__ = ["LATENCY", "places", "struck"]

LATENCY = "m2m_sandbox.latency"
"""Where in its scope a request to the API is told to wait, seconds: it has to wait in its turn."""

_API = "/api/api/json/stable/"
_MOVED = "moved=1"
"""What the other address of a file has in its query."""

_PIECE = 2**16
"""Bytes between two pauses of a slow host."""

_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


def places(path: str) -> set[str]:
    """What a fault may call the place that a request goes to."""
    if path.startswith(_API):
        return {"api", path.removeprefix(_API).strip("/")}
    if path.startswith(("/data/", "/gen-bundle", "/gen-browse", "/tile/")):
        return {"files", "landsatlook"}
    return {"files", "dds"} if path.startswith(("/download/", "/download-staging/")) else set()


def struck(app: ASGIApp, standing: Standing) -> ASGIApp:
    """The app as one fault leaves it."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if isinstance(standing.fault, kinds.Expires):
            url = scope["path"] + "?" + scope["query_string"].decode()
            standing.reads[url] = standing.reads.get(url, 0) + 1
            after = standing.reads[url] > standing.fault.reads
            await (Response(status_code=403) if after else app)(scope, receive, send)
        else:
            await _strike(standing.fault, app, scope, receive, send)

    return wrapped


@singledispatch
async def _strike(_fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


@_strike.register(kinds.Latency)
async def _(fault: kinds.Latency, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    if "api" in places(scope["path"].removeprefix(scope.get("root_path", ""))):
        scope = {**scope, LATENCY: scope.get(LATENCY, 0) + fault.seconds}
    else:
        await asyncio.sleep(fault.seconds)
    await app(scope, receive, send)


@_strike.register(kinds.Maintenance)
async def _(fault: kinds.Maintenance, _app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await HTMLResponse(_PAGE.format("Scheduled maintenance"), fault.status)(scope, receive, send)


@_strike.register(kinds.Down)
async def _(fault: kinds.Down, _app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    told = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    await HTMLResponse(_PAGE.format("The host does not answer"), fault.status, told)(scope, receive, send)


@_strike.register(kinds.Hang)
async def _(_fault: kinds.Hang, _app: ASGIApp, _scope: Scope, receive: Receive, _send: Send) -> None:
    await _gone(receive)


@_strike.register(kinds.LoginPage)
async def _(_fault: kinds.LoginPage, _app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await HTMLResponse(_PAGE.format("Sign in"))(scope, receive, send)


@_strike.register(kinds.NoHead)
async def _(fault: kinds.NoHead, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await (Response(status_code=fault.status) if scope["method"] == "HEAD" else app)(scope, receive, send)


@_strike.register(kinds.Error)
async def _(fault: kinds.Error, _app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    said = {"requestId": 1, "version": "stable", "data": None, "errorCode": fault.code, "errorMessage": fault.message}
    answer = Response(orjson.dumps(said), fault.status or CODES[fault.code], media_type="application/json")
    await answer(scope, receive, send)


@_strike.register(kinds.NoRange)
async def _(_fault: kinds.NoRange, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(_whole(scope), receive, send)


def _whole(scope: Scope) -> Scope:
    """A request for the same file, without its Range."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"range"]}


@_strike.register(kinds.Redirect)
async def _(fault: kinds.Redirect, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    asked = scope["query_string"].decode()
    there = f"{scope['raw_path'].decode()}?{asked}{'&' if asked else ''}{_MOVED}"
    arrived = fault.to is None and _MOVED in asked
    await (app if arrived else RedirectResponse(fault.to or there, 302))(scope, receive, send)


@_strike.register(kinds.Chunked)
async def _(_fault: kinds.Chunked, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await _without_length(app)(scope, receive, send)


@_strike.register(kinds.Endless)
async def _(_fault: kinds.Endless, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def and_more(message: Message) -> None:
        last = message["type"] == "http.response.body" and not message.get("more_body")
        await send({**message, "more_body": True} if last else message)
        if last:
            gone = asyncio.ensure_future(_gone(receive))
            while not gone.done():
                await send({"type": "http.response.body", "body": bytes(2**16), "more_body": True})
                await asyncio.sleep(0)  # what is sent to nobody does not wait, and nobody else would get a turn

    await _without_length(app)(scope, receive, and_more)


async def _gone(receive: Receive) -> None:
    """Return when the reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _without_length(app: ASGIApp) -> ASGIApp:
    """The app as a host that makes its answers while it sends them."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def untold(message: Message) -> None:
            kept = [one for one in message.get("headers", ()) if one[0] not in (b"content-length", b"accept-ranges")]
            await send({**message, "headers": kept} if message["type"] == "http.response.start" else message)

        await app(_whole(scope), receive, untold)

    return wrapped


@_strike.register(kinds.Slow)
async def _(fault: kinds.Slow, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def slowly(message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        for piece in range(0, len(body), _PIECE):
            part = body[piece : piece + _PIECE]
            await asyncio.sleep(fault.per_megabyte * len(part) / 2**20)
            await send({**message, "body": part, "more_body": more or piece + _PIECE < len(body)})
        if not body:
            await send(message)

    await asyncio.sleep(fault.first)
    await app(scope, receive, slowly)


@_strike.register(kinds.Reset)
async def _(_fault: kinds.Reset, _app: ASGIApp, _scope: Scope, _receive: Receive, send: Send) -> None:
    await _hang_up(send, reset=True)


@_strike.register(kinds.Cut)
async def _(fault: kinds.Cut, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    left = fault.at

    async def until_cut(message: Message) -> None:
        nonlocal left
        body = message.get("body", b"")
        if message["type"] == "http.response.body" and len(body) > left:
            await send({"type": "http.response.body", "body": body[:left], "more_body": True})
            await _hang_up(send, reset=False)
            raise _HungUp
        left -= len(body)
        await send(message)

    with contextlib.suppress(_HungUp):
        await app(scope, receive, until_cut)


class _HungUp(Exception):
    """The reader is gone: nothing of the answer is worth computing any more."""


async def _hang_up(send: Send, *, reset: bool) -> None:
    """End the connection below HTTP. Without a server's socket below, the client's own error stands for it."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)  # uvicorn's, of either HTTP parser
    if transport is None:
        raise httpx.ReadError("reset") if reset else httpx.RemoteProtocolError("incomplete message body")
    if reset:  # a close that does not linger is a RST
        lingers = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, lingers)
        transport.abort()
    else:
        transport.close()
    await asyncio.sleep(0.01)  # the server learns of it, and does not try to say more


@_strike.register(kinds.Drift)
async def _(fault: kinds.Drift, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await edited(app, lambda data: drifted(data, fault))(scope, receive, send)


@_strike.register(kinds.LyingTotal)
async def _(fault: kinds.LyingTotal, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await edited(app, lambda data: lied(data, fault))(scope, receive, send)


@_strike.register(kinds.Astray)
async def _(fault: kinds.Astray, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await edited(app, lambda data: led_astray(data, fault.to))(scope, receive, send)
