"""A download host within the process, which breaks off, forgets addresses and says wrong things as it is told."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from stac_bridge.assets import AssetResponse, HostAllowList, LivenessCheck, ReadTimeouts, Source, Spool, Streamer
from stac_bridge.store import Store

QUICK = ReadTimeouts(retry_pause=0.001)
"""Nobody waits between two askings of this host."""

LOGIN = b"\n<!DOCTYPE html>\n<html><title>Sign in</title></html>"


@dataclass
class Host:
    """Serves ``data`` at any address. ``cuts`` are the bytes after which its next answers break off; ``says``
    replaces an answer: by number of the request, from 0."""

    data: bytes
    ranges: bool = True
    told: bool = True
    etag: str | None = '"1"'
    cuts: list[int] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    says: dict[int, Callable[[httpx.Request], httpx.Response]] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)
    sent: int = 0

    @property
    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self))

    def streamer(self, folder: Path, max_bytes: int = 2**30, timeouts: ReadTimeouts = QUICK) -> Streamer:
        http = self.http
        return Streamer(
            http, Spool(folder, max_bytes, timeouts), LivenessCheck(http, HostAllowList(["host"]), Store()), timeouts
        )

    def source(self, path: str = "file", **more: object) -> Source:
        size = len(self.data) if self.told else None
        said = {"media_type": "image/tiff", "etag": self.etag, **more}
        return Source("the file.tif", f"https://host/{path}", size, self.ranges, **said)  # type: ignore[arg-type]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        number = len(self.asked)
        self.asked.append(request)
        if number in self.says:
            return self.says[number](request)
        if request.url.path.strip("/") in self.dead:
            return httpx.Response(403)
        asked = re.match(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        headers = {"ETag": self.etag} if self.etag else {}
        if not (self.ranges and asked):
            headers |= {"Content-Length": str(len(self.data))} if self.told else {}
            return httpx.Response(200, headers=headers, stream=self._body(self.data))
        first, last = int(asked[1]), min(int(asked[2]), len(self.data) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(self.data)}"
        return httpx.Response(206, headers=headers, stream=self._body(self.data[first : last + 1]))

    def _body(self, data: bytes) -> httpx.AsyncByteStream:
        return _Body(self, data, self.cuts.pop(0) if self.cuts else None)


class _Body(httpx.AsyncByteStream):
    def __init__(self, host: Host, data: bytes, cut: int | None) -> None:
        self._host, self._data, self._cut = host, data, cut

    async def __aiter__(self) -> AsyncIterator[bytes]:
        data = self._data if self._cut is None else self._data[: self._cut]
        for place in range(0, len(data), 1000):
            self._host.sent += len(data[place : place + 1000])
            yield data[place : place + 1000]
        if self._cut is not None:
            raise httpx.RemoteProtocolError("peer closed connection")


async def never(_stale: Source) -> Source:
    raise AssertionError("there was nothing to renew")


async def body(delivered: AssetResponse, got: bytearray | None = None) -> bytes:
    """All bytes; ``got`` has them even where they end with an error."""
    got = bytearray() if got is None else got
    async for chunk in delivered.chunks:
        got += chunk
    return bytes(got)


class Renewal:
    """Gives one source after the other."""

    def __init__(self, *fresh: Source) -> None:
        self._fresh = list(fresh)
        self.stale: list[Source] = []

    async def __call__(self, stale: Source) -> Source:
        self.stale.append(stale)
        return self._fresh.pop(0)
