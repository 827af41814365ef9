"""uvicorn's HTTP protocol with limits: size and time of headers, time without reading, number of connections.

uvicorn limits neither the size of headers nor the time for them or for reading a response, and its own
``limit_concurrency`` counts idle connections, which can then keep all others out. A proxy in front has such limits,
too, but not everybody runs one.
"""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from stac_bridge.api.errors import problem
from stac_bridge.limit_log import LimitLog

if TYPE_CHECKING:
    import asyncio

_limit_log = LimitLog(logging.getLogger(__name__))

MAX_HEADER_BYTES = 65_535
"""Maximum size of the URL, and of the headers, in bytes; httptools cannot parse a longer URL."""

HEADER_TIMEOUT = 20.0
"""Seconds for the headers of a request, from its first byte or the start of the connection."""

SEND_TIMEOUT = 60.0
"""Seconds for a client to read what has been sent, up to 256 KiB, before it gets more: 4 kB/s are always enough."""


class LimitedProtocol(HttpToolsProtocol):
    """One connection. The limits are those of the module; ``limit_concurrency`` is the maximum number of connections.

    At the maximum, the connection that has waited longest for a request makes room for a new one; if none waits, the
    new one gets a 503.
    """

    header_timeout = HEADER_TIMEOUT
    send_timeout = SEND_TIMEOUT

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._max_connections, self.limit_concurrency = self.limit_concurrency, None
        self._header_timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None
        self._is_reading_headers = True
        self._raw_bytes = 0
        """Bytes received since the last request ended, to stop a header that does not end."""
        self._header_bytes = 0
        """Bytes of the current request's line and headers."""
        self._idle_since = time.monotonic()

    @property
    def is_idle(self) -> bool:
        """Whether no request is being read or answered."""
        return self._is_reading_headers and self._is_answered

    @property
    def _is_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    # -- the life of a connection ----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first headers; make room for this connection, or refuse it."""
        super().connection_made(transport)
        self._start_header_timer()
        if self._max_connections is not None and len(self.connections) > self._max_connections:
            self._make_room(self._max_connections)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers."""
        self._stop_header_timer()
        self._stop_send_timer()
        super().connection_lost(exc)

    def _make_room(self, maximum: int) -> None:
        others = (other for other in self.connections if isinstance(other, LimitedProtocol) and other is not self)
        idle = [other for other in others if other.is_idle and not other.transport.is_closing()]
        _limit_log.reached("STAC_BRIDGE_MAX_CONNECTIONS", f"there are {maximum} connections")
        if idle:
            min(idle, key=lambda other: other._idle_since).transport.abort()
        else:
            self._refuse(503, "This server has as many connections as it may; try again later.")

    # -- reading ---------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Read a part of a request."""
        if self.transport.is_closing():
            return
        if self._is_reading_headers:
            self._raw_bytes += len(data)
            if self._is_answered:
                self._start_header_timer()
        super().data_received(data)
        if self._is_reading_headers and self._raw_bytes > 2 * MAX_HEADER_BYTES and not self.transport.is_closing():
            self._refuse_headers()

    def on_message_begin(self) -> None:
        """Begin to count a request's headers."""
        self._header_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        self._header_bytes += len(name) + len(value) + 4
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Accept the headers, or make uvicorn refuse the request."""
        self._stop_header_timer()
        self._is_reading_headers, self._raw_bytes = False, 0
        if self._header_bytes > MAX_HEADER_BYTES:
            raise ValueError("the headers are too large")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect the next request."""
        self._is_reading_headers, self._raw_bytes = True, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that cannot be parsed, or whose headers were refused in ``on_headers_complete``."""
        if max(self._header_bytes, self._url_bytes) > MAX_HEADER_BYTES:
            self._refuse_headers()
        else:
            self._refuse(400, "The request is not valid HTTP.")

    @property
    def _url_bytes(self) -> int:
        return len(getattr(self, "url", b""))  # httptools has no URL before the first request

    def _refuse_headers(self) -> None:
        _limit_log.reached("headers", f"a URL, or the headers of a request, have more than {MAX_HEADER_BYTES} bytes")
        if self._url_bytes > MAX_HEADER_BYTES:
            self._refuse(414, f"The URL has more than {MAX_HEADER_BYTES} bytes; send a long search with POST /search.")
        else:
            self._refuse(431, f"The headers have more than {MAX_HEADER_BYTES} bytes; send fewer or shorter ones.")

    def _start_header_timer(self) -> None:
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(self.header_timeout, self._headers_timed_out)

    def _stop_header_timer(self) -> None:
        if self._header_timer:
            self._header_timer.cancel()
            self._header_timer = None

    def _headers_timed_out(self) -> None:
        self._header_timer = None
        if self.transport.is_closing() or not self._is_answered:
            return
        _limit_log.reached("headers", f"a client has not sent a request within {self.header_timeout:g} s")
        if self._raw_bytes:
            self._refuse(408, "The headers did not arrive in time.")
        else:
            self.transport.close()

    # -- sending ---------------------------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the client to read the rest of a last response."""
        super().on_response_complete()
        self._idle_since = time.monotonic()
        if self.transport.is_closing():
            self._start_send_timer()
        elif not self._is_reading_headers:
            self._start_header_timer()  # the rest of a body that is no longer read has a time limit, too

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, after the client has read the last response."""
        super().timeout_keep_alive_handler()
        self._start_send_timer()

    def pause_writing(self) -> None:
        """Start the time for the client to read."""
        super().pause_writing()
        self._start_send_timer()

    def resume_writing(self) -> None:
        """Stop the time for the client to read, unless the connection is being closed."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_send_timer()

    def _start_send_timer(self) -> None:
        if self._send_timer is None:
            self._send_timer = self.loop.call_later(self.send_timeout, self._send_timed_out)

    def _stop_send_timer(self) -> None:
        if self._send_timer:
            self._send_timer.cancel()
            self._send_timer = None

    def _send_timed_out(self) -> None:
        _limit_log.reached("reading", f"a client has not read its response within {self.send_timeout:g} s")
        self.transport.abort()

    def _refuse(self, status: int, detail: str) -> None:
        """Send a problem document and close the connection."""
        code = HTTPStatus(status).phrase.replace(" ", "")
        response = problem(status, code, detail, retry_after=10 if status == 503 else None)
        headers = b"".join(b"%b: %b\r\n" % pair for pair in response.raw_headers)
        self.transport.write(STATUS_LINE[status] + headers + b"connection: close\r\n\r\n" + bytes(response.body))
        self.transport.close()
        self._start_send_timer()


def needed_files(max_connections: int, max_streams: int) -> int:
    """Return the number of open files that a worker may need: connections, streams from USGS or the disk, the rest.

    >>> needed_files(1000, 200)
    1656
    """
    return max_connections + 2 * max_streams + 256
