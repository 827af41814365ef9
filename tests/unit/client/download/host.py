"""A bridge and a file host in a transport: they serve one file, and fail as configured."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx

from stac_bridge.client.download import FetchContext, Fetcher, File, ItemDownload, Outcome

BODY = bytes(range(256)) * 40
MULTIHASH = "1220" + hashlib.sha256(BODY).hexdigest()
HREF = "http://bridge.test/collections/naip/items/a/assets/zip/a.zip?e=1&x=a&s=good"


class Host:
    """Serves BODY with Range under ``etag``; ``first`` are the responses to the first requests."""

    def __init__(self, *first: Callable[[httpx.Request], httpx.Response], etag: str | None = '"one"') -> None:
        self.first = list(first)
        self.etag = etag
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.first.pop(0)(request) if self.first else self.whole(request)

    def whole(self, request: httpx.Request) -> httpx.Response:
        headers = {"ETag": self.etag} if self.etag else {}
        range_header, if_range = request.headers.get("range"), request.headers.get("if-range")
        if not range_header or if_range not in (None, self.etag):
            return httpx.Response(200, headers=headers, content=BODY)
        start = int(range_header.removeprefix("bytes=").rstrip("-"))
        headers["Content-Range"] = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
        return httpx.Response(206, headers=headers, content=BODY[start:])

    @property
    def ranges(self) -> list[str | None]:
        return [request.headers.get("range") for request in self.requests]


def cut(at: int, etag: str | None = '"one"') -> Callable[[httpx.Request], httpx.Response]:
    """Return a response that announces the whole file and breaks off after ``at`` bytes."""

    async def some() -> AsyncIterator[bytes]:
        yield BODY[:at]
        raise httpx.ReadError("cut")

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {"Content-Length": str(len(BODY)), **({"ETag": etag} if etag else {})}
        return httpx.Response(200, headers=headers, content=some())

    return answer


def says(status: int, detail: str = "a reason", **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: httpx.Response(status, json={"detail": detail}, headers=named)


class Recorder:
    """A listener that records the progress."""

    def __init__(self) -> None:
        self.waited: list[tuple[float, str]] = []
        self.bytes = 0
        self.ends: list[Outcome] = []

    def on_start(self, file: File, received: int, size: int | None) -> None: ...

    def on_bytes(self, file: File, count: int) -> None:
        self.bytes += count

    def on_wait(self, file: File, seconds: float, reason: str) -> None:
        self.waited.append((seconds, reason))

    def on_finish(self, outcome: Outcome) -> None:
        self.ends.append(outcome)


async def no_time(_seconds: float) -> None:
    await asyncio.sleep(0)


def file(folder: Path, **more: Any) -> File:
    fields = {"href": HREF, "path": folder / "naip" / "a" / "a.zip", "media_type": "application/zip"} | more
    return File(collection="naip", item="a", key="zip", **fields)


def item(**assets: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "id": "a", "collection": "naip", "properties": {}, "links": [], "assets": assets}


class Web(httpx.MockTransport):
    """A transport whose bodies arrive as streams, as over a network."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if not answer.is_stream_consumed:
            return answer
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))


async def fetch(
    host: Callable[[httpx.Request], httpx.Response],
    *files: File,
    max_wait: float = 60,
    overwrite: bool = False,
    recorder: Recorder | None = None,
) -> list[Outcome]:
    """Download the files of one Item and return their outcomes."""
    async with httpx.AsyncClient(transport=Web(host)) as http:
        context = FetchContext(http, asyncio.Semaphore(4), max_wait, no_time)
        fetcher = Fetcher(context, recorder or Recorder(), overwrite=overwrite)
        document = item(**{file.key: {"href": file.href} for file in files})
        await fetcher.fetch([ItemDownload(document, files[0].path.with_name("a.json"), files)])
    return list(fetcher.outcomes.values())
