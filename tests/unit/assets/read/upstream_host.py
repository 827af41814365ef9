"""A download host in the process, which can break off, reject URLs and send wrong responses."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from stac_bridge.assets import AssetResponse, HostAllowList, LivenessCheck, ReadTimeouts, Source, Spool, Streamer
from stac_bridge.store import Store

QUICK = ReadTimeouts(retry_pause=0.001)
"""No waiting between two requests to this host."""

LOGIN = b"\n<!DOCTYPE html>\n<html><title>Sign in</title></html>"


@dataclass
class Host:
    """Serves ``data`` at any URL.

    The next bodies break off after ``cuts`` bytes each; ``responses`` replaces a response by the number of its request,
    from 0; requests to a path in ``dead`` get a 403.
    """

    data: bytes
    ranges: bool = True
    reports_size: bool = True
    etag: str | None = '"1"'
    cuts: list[int] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    responses: dict[int, Callable[[httpx.Request], httpx.Response]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    sent: int = 0

    @property
    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self))

    def streamer(self, folder: Path, max_bytes: int = 2**30, timeouts: ReadTimeouts = QUICK) -> Streamer:
        http = self.http
        return Streamer(
            http,
            Spool(folder, http, max_bytes, timeouts),
            LivenessCheck(http, HostAllowList(["host"]), Store()),
            timeouts,
        )

    def source(self, path: str = "file", **more: object) -> Source:
        size = len(self.data) if self.reports_size else None
        fields = {"media_type": "image/tiff", "etag": self.etag, **more}
        return Source("the file.tif", f"https://host/{path}", size, self.ranges, **fields)  # type: ignore[arg-type]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        number = len(self.requests)
        self.requests.append(request)
        if number in self.responses:
            return self.responses[number](request)
        if request.url.path.strip("/") in self.dead:
            return httpx.Response(403)
        match = re.match(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        headers = {"ETag": self.etag} if self.etag else {}
        if not (self.ranges and match):
            headers |= {"Content-Length": str(len(self.data))} if self.reports_size else {}
            return httpx.Response(200, headers=headers, stream=self._body(self.data))
        first, last = int(match[1]), min(int(match[2]), len(self.data) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(self.data)}"
        return httpx.Response(206, headers=headers, stream=self._body(self.data[first : last + 1]))

    def _body(self, data: bytes) -> httpx.AsyncByteStream:
        return _Body(self, data, self.cuts.pop(0) if self.cuts else None)


class _Body(httpx.AsyncByteStream):
    def __init__(self, host: Host, data: bytes, cut: int | None) -> None:
        self._host, self._data, self._cut = host, data, cut

    async def __aiter__(self) -> AsyncIterator[bytes]:
        data = self._data if self._cut is None else self._data[: self._cut]
        for start in range(0, len(data), 1000):
            self._host.sent += len(data[start : start + 1000])
            yield data[start : start + 1000]
        if self._cut is not None:
            raise httpx.RemoteProtocolError("peer closed connection")


async def never(_stale: Source) -> Source:
    raise AssertionError("there was nothing to renew")


async def body(response: AssetResponse, got: bytearray | None = None) -> bytes:
    """Return all bytes; ``got`` has those that came before an error."""
    got = bytearray() if got is None else got
    async for chunk in response.chunks:
        got += chunk
    return bytes(got)


class Renewal:
    """Returns one source after the other, and records the stale ones."""

    def __init__(self, *fresh: Source) -> None:
        self._fresh = list(fresh)
        self.stale: list[Source] = []

    async def __call__(self, stale: Source) -> Source:
        self.stale.append(stale)
        return self._fresh.pop(0)
