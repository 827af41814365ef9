"""Hrefs whose USGS address dies or breaks off on the way: the reader gets the file all the same, or is told."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from stac_bridge.assets import ReadTimeouts
from tests.api.test_assets import href_of
from tests.support import Here, running


class Failing(httpx.AsyncBaseTransport):
    """The sandbox's download hosts; ``dead`` addresses are refused, and the next answers end after ``cuts`` bytes."""

    def __init__(self) -> None:
        self.within: httpx.AsyncBaseTransport | None = None
        self.dead: set[str] = set()
        self.cuts: list[int] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert self.within
        if str(request.url) in self.dead:
            return httpx.Response(403)
        answer = await self.within.handle_async_request(request)
        if not self.cuts or request.headers.get("range") == "bytes=0-63":
            return answer
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=Cut(await read(answer), self.cuts.pop(0))
        )


async def read(answer: httpx.Response) -> bytes:
    assert isinstance(answer.stream, httpx.AsyncByteStream)
    return b"".join([chunk async for chunk in answer.stream])


class Cut(httpx.AsyncByteStream):
    def __init__(self, data: bytes, after: int) -> None:
        self._data, self._after = data, after

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._data[: self._after]
        raise httpx.ReadError("connection reset")


@pytest.fixture
async def failing(tmp_path: Path) -> AsyncIterator[tuple[Here, Failing]]:
    downloads = Failing()
    async with running(tmp_path, downloads=downloads, patience=ReadTimeouts(retry_pause=0.001, liveness_ttl=0)) as here:
        downloads.within = httpx.ASGITransport(here.sandbox)
        yield here, downloads


PAGE = {"Origin": "https://page.example"}


async def test_nobody_is_redirected_to_an_address_that_has_died(failing: tuple[Here, Failing]) -> None:
    here, downloads = failing
    href = await href_of(here)
    first = await here.client.get(href)
    again = await here.client.get(href)
    assert (again.headers["location"], again.headers["x-m2m-calls"]) == (first.headers["location"], "0")
    downloads.dead.add(first.headers["location"])
    second = await here.client.get(href)
    assert second.status_code == 302
    assert second.headers["location"] != first.headers["location"]
    assert second.headers["x-m2m-calls"] == "1"


async def test_a_stream_goes_on_through_broken_connections_and_a_dead_address(failing: tuple[Here, Failing]) -> None:
    here, downloads = failing
    href = await href_of(here, "mtl.xml")
    address = (await here.client.get(href)).headers["location"]
    whole = await here.client.get(href, headers=PAGE)
    downloads.cuts = [100, 1000, 7]
    broken = await here.client.get(href, headers=PAGE)
    assert broken.headers["content-length"] == str(len(whole.content))
    assert hashlib.sha256(broken.content).digest() == hashlib.sha256(whole.content).digest()
    downloads.dead.add(address)
    renewed = await here.client.get(href, headers=PAGE)
    assert (renewed.content, renewed.headers["x-m2m-calls"]) == (whole.content, "1")


async def test_a_file_larger_than_the_spool_is_a_503_that_says_what_to_do(tmp_path: Path) -> None:
    downloads = Failing()
    async with running(tmp_path, downloads=downloads, spool_bytes=2**20) as here:
        downloads.within = Growing(httpx.ASGITransport(here.sandbox))
        answer = await here.client.get(await href_of(here), headers=PAGE)
        assert answer.status_code == 503
        assert "STAC_BRIDGE_SPOOL_BYTES" in answer.json()["detail"]


class Growing(httpx.AsyncBaseTransport):
    """A host without Range, whose files have two mebibytes."""

    def __init__(self, within: httpx.AsyncBaseTransport) -> None:
        self._within = within

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._within.handle_async_request(request)
        return httpx.Response(200, content=bytes(2 * 2**20), headers={"Content-Type": "image/tiff"})


async def test_a_head_says_nothing_of_a_length_that_is_not_known_yet(tmp_path: Path) -> None:
    async with running(tmp_path, downloads=Unmeasured()) as here:
        href = await href_of(here)
        assert "content-length" not in (await here.client.head(href)).headers
        whole = await here.client.get(href, headers=PAGE)
        assert (await here.client.head(href)).headers["content-length"] == str(len(whole.content)) == "2000"


class Unmeasured(httpx.AsyncBaseTransport):
    """A host without Range that says nothing of lengths."""

    async def handle_async_request(self, _request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(bytes(2000)), headers={"Content-Type": "image/tiff"})
