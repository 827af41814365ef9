"""Inject faults: each fault wraps the ASGI app for one request and changes what it does."""

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
from m2m_sandbox.faults.response_edits import drift_keys, edit_data, falsify_total, replace_urls

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from m2m_sandbox.faults.active import ActiveFault
    from m2m_sandbox.faults.kinds import Fault

LATENCY = "m2m_sandbox.latency"
"""Key of the ASGI scope with the seconds that an API request is delayed.

The app waits, not the wrapper: the account must be busy meanwhile.
"""

_API = "/api/api/json/stable/"
_MOVED = "moved=1"
"""The query parameter that a redirect adds, by which the redirected request is recognized."""

_CHUNK_BYTES = 2**16
"""Bytes that a slow host sends between two pauses."""

_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


def request_targets(path: str) -> set[str]:
    """Return the words by which a fault's ``on`` can select a request: its endpoint, host, or a group of them."""
    if path.startswith(_API):
        return {"api", path.removeprefix(_API).strip("/")}
    if path.startswith(("/data/", "/gen-bundle", "/gen-browse", "/tile/")):
        return {"files", "landsatlook"}
    return {"files", "dds"} if path.startswith(("/download/", "/download-staging/")) else set()


def with_fault(app: ASGIApp, active: ActiveFault) -> ASGIApp:
    """Wrap an app with one fault."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if isinstance(active.fault, kinds.Expires):  # the only kind that needs a counter, which the ActiveFault has
            url = scope["path"] + "?" + scope["query_string"].decode()
            active.reads[url] = active.reads.get(url, 0) + 1
            expired = active.reads[url] > active.fault.reads
            await (Response(status_code=403) if expired else app)(scope, receive, send)
        else:
            await _inject(active.fault, app, scope, receive, send)

    return wrapped


@singledispatch
async def _inject(_fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Respond to one request as the fault does. Kinds that act elsewhere, such as KeysLost, leave it unchanged."""
    await app(scope, receive, send)


@_inject.register(kinds.Latency)
async def _(fault: kinds.Latency, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    if "api" in request_targets(scope["path"].removeprefix(scope.get("root_path", ""))):
        scope = {**scope, LATENCY: scope.get(LATENCY, 0) + fault.seconds}
    else:
        await asyncio.sleep(fault.seconds)
    await app(scope, receive, send)


@_inject.register(kinds.Maintenance)
async def _(fault: kinds.Maintenance, _app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await HTMLResponse(_PAGE.format("Scheduled maintenance"), fault.status)(scope, receive, send)


@_inject.register(kinds.Down)
async def _(fault: kinds.Down, _app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    await HTMLResponse(_PAGE.format("The host does not answer"), fault.status, headers)(scope, receive, send)


@_inject.register(kinds.Hang)
async def _(_fault: kinds.Hang, _app: ASGIApp, _scope: Scope, receive: Receive, _send: Send) -> None:
    await _disconnected(receive)


@_inject.register(kinds.LoginPage)
async def _(_fault: kinds.LoginPage, _app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await HTMLResponse(_PAGE.format("Sign in"))(scope, receive, send)


@_inject.register(kinds.NoHead)
async def _(fault: kinds.NoHead, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await (Response(status_code=fault.status) if scope["method"] == "HEAD" else app)(scope, receive, send)


@_inject.register(kinds.Error)
async def _(fault: kinds.Error, _app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    envelope = {
        "requestId": 1,
        "version": "stable",
        "data": None,
        "errorCode": fault.code,
        "errorMessage": fault.message,
    }
    response = Response(orjson.dumps(envelope), fault.status or CODES[fault.code], media_type="application/json")
    await response(scope, receive, send)


@_inject.register(kinds.NoRange)
async def _(_fault: kinds.NoRange, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(_without_range(scope), receive, send)


def _without_range(scope: Scope) -> Scope:
    """Return the scope of the same request without its Range header."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"range"]}


@_inject.register(kinds.Redirect)
async def _(fault: kinds.Redirect, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    query = scope["query_string"].decode()
    moved_url = f"{scope['raw_path'].decode()}?{query}{'&' if query else ''}{_MOVED}"
    redirected = fault.to is None and _MOVED in query
    await (app if redirected else RedirectResponse(fault.to or moved_url, 302))(scope, receive, send)


@_inject.register(kinds.Chunked)
async def _(_fault: kinds.Chunked, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await _without_length(app)(scope, receive, send)


@_inject.register(kinds.Endless)
async def _(_fault: kinds.Endless, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def send_endlessly(message: Message) -> None:
        last = message["type"] == "http.response.body" and not message.get("more_body")
        await send({**message, "more_body": True} if last else message)
        if last:
            disconnected = asyncio.ensure_future(_disconnected(receive))
            while not disconnected.done():
                await send({"type": "http.response.body", "body": bytes(2**16), "more_body": True})
                # After a disconnect, send returns without suspending: yield, or no other task would run.
                await asyncio.sleep(0)

    await _without_length(app)(scope, receive, send_endlessly)


async def _disconnected(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _without_length(app: ASGIApp) -> ASGIApp:
    """Wrap an app so that it responds as a host that generates its content: no Content-Length, no Range."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_chunked(message: Message) -> None:
            removed = (b"content-length", b"accept-ranges")
            headers = [header for header in message.get("headers", ()) if header[0] not in removed]
            await send({**message, "headers": headers} if message["type"] == "http.response.start" else message)

        await app(_without_range(scope), receive, send_chunked)

    return wrapped


@_inject.register(kinds.Slow)
async def _(fault: kinds.Slow, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def send_slowly(message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        for offset in range(0, len(body), _CHUNK_BYTES):
            part = body[offset : offset + _CHUNK_BYTES]
            await asyncio.sleep(fault.per_megabyte * len(part) / 2**20)
            await send({**message, "body": part, "more_body": more or offset + _CHUNK_BYTES < len(body)})
        if not body:
            await send(message)

    await asyncio.sleep(fault.first)
    await app(scope, receive, send_slowly)


@_inject.register(kinds.Reset)
async def _(_fault: kinds.Reset, _app: ASGIApp, _scope: Scope, _receive: Receive, send: Send) -> None:
    await _close_connection(send, reset=True)


@_inject.register(kinds.Cut)
async def _(fault: kinds.Cut, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    remaining = fault.at

    async def send_until_cut(message: Message) -> None:
        nonlocal remaining
        body = message.get("body", b"")
        if message["type"] == "http.response.body" and len(body) > remaining:
            await send({"type": "http.response.body", "body": body[:remaining], "more_body": True})
            await _close_connection(send, reset=False)
            raise _ConnectionClosed
        remaining -= len(body)
        await send(message)

    with contextlib.suppress(_ConnectionClosed):
        await app(scope, receive, send_until_cut)


class _ConnectionClosed(Exception):
    """Stops the app: the connection is closed, so the rest of the response is not needed."""


async def _close_connection(send: Send, *, reset: bool) -> None:
    """Close the TCP connection, with a RST if ``reset``.

    In-process transports have no connection: raise the error that an httpx client raises for a closed one.
    """
    # ``send`` is a method of uvicorn's request cycle, which has the transport with either of its HTTP parsers.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise httpx.ReadError("reset") if reset else httpx.RemoteProtocolError("incomplete message body")
    if reset:  # closing a socket with a linger time of 0 sends a RST
        no_linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        transport.abort()
    else:
        transport.close()
    await asyncio.sleep(0.01)  # let the server notice, so that it does not write to the closed connection


@_inject.register(kinds.Drift)
async def _(fault: kinds.Drift, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await edit_data(app, lambda data: drift_keys(data, fault))(scope, receive, send)


@_inject.register(kinds.LyingTotal)
async def _(fault: kinds.LyingTotal, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await edit_data(app, lambda data: falsify_total(data, fault))(scope, receive, send)


@_inject.register(kinds.Astray)
async def _(fault: kinds.Astray, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await edit_data(app, lambda data: replace_urls(data, fault.to))(scope, receive, send)
