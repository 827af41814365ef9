"""The first bytes of a download URL decide what is there, and where it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from stac_bridge.assets import HostAllowList
from stac_bridge.assets.read.probe import probe
from stac_bridge.errors import AssetUnavailable, UpstreamFault, UpstreamTimeout
from tests.unit.assets.read.upstream_host import LOGIN, Host


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_a_host_off_the_list_is_not_followed(status: int) -> None:
    host = Host(b"secret")
    host.responses = {0: lambda _request: httpx.Response(status, headers={"Location": "http://169.254.169.254/secret"})}
    with pytest.raises(UpstreamFault) as error:
        await probe("https://host/x", "a.tif", host.http, HostAllowList(["host"]))
    assert len(host.requests) == 1
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("to", ["/y", "https://host/y", "//other/y"])
async def test_a_redirect_within_the_list_is_followed_to_the_file(to: str) -> None:
    host = Host(b"II*\0 and so on")
    host.responses = {0: lambda _request: httpx.Response(302, headers={"Location": to})}
    source = await probe("https://host/x", "a.tif", host.http, HostAllowList(["host", "other"]))
    assert source.url == ("https://other/y" if "other" in to else "https://host/y")
    assert source.size == 14


async def test_endless_redirects_are_an_error() -> None:
    http = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _request: httpx.Response(302, headers={"Location": "/x"}))
    )
    with pytest.raises(UpstreamFault, match="without end"):
        await probe("https://host/x", "a.tif", http, HostAllowList(["host"]))


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("page", [LOGIN, b"<html>", b"\xef\xbb\xbf<!doctype html>", b"<HTML lang=en>" + bytes(5000)])
async def test_a_login_page_is_not_the_file_whatever_its_media_type(page: bytes, ranges: bool) -> None:
    with pytest.raises(UpstreamFault, match="not the file") as error:
        await probe("https://host/x", "a.tif", Host(page, ranges).http, HostAllowList(["host"]))
    assert error.value.retry_after, "it is temporary, so the reader gets a Retry-After"


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(
    "start", [b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied', b'{"errorCode": 1}']
)
async def test_an_error_document_is_not_the_file(start: bytes, ranges: bool) -> None:
    with pytest.raises(UpstreamFault, match="not the file"):
        await probe("https://host/x", "a.tif", Host(start, ranges).http, HostAllowList(["host"]))


@pytest.mark.parametrize("headers", [{"Content-Encoding": "gzip"}, {"Content-Encoding": "br"}])
async def test_a_host_that_compresses_the_file_is_not_redirected_to(headers: dict[str, str]) -> None:
    host = Host(b"II*")
    host.responses = {0: lambda _request: httpx.Response(200, headers=headers, stream=httpx.ByteStream(b"II*"))}
    with pytest.raises(UpstreamFault, match="compressed"):
        await probe("https://host/x", "a.tif", host.http, HostAllowList(["host"]))


@pytest.mark.parametrize("name", ["report.html", "report.htm"])
async def test_an_html_page_is_the_file_if_the_file_name_says_so(name: str) -> None:
    source = await probe("https://host/x", f"scene {name} D1", Host(LOGIN).http, HostAllowList(["host"]))
    assert source.size == len(LOGIN)


@pytest.mark.parametrize("data", [b"II*\0" + bytes(100), b"<?xml version='1.0'?><html_like/>", b"<htmx", b"x"])
async def test_data_that_is_not_a_page_is_accepted(data: bytes) -> None:
    assert (await probe("https://host/x", "a.xml", Host(data).http, HostAllowList(["host"]))).size == len(data)


async def test_an_empty_file_has_size_zero() -> None:
    host = Host(b"")
    host.responses = {0: lambda _request: httpx.Response(416, headers={"Content-Range": "bytes */0"})}
    assert (await probe("https://host/x", "a.txt", host.http, HostAllowList(["host"]))).size == 0


@pytest.mark.parametrize(("status", "kind"), [(416, UpstreamFault), (204, UpstreamFault), (410, AssetUnavailable)])
async def test_other_statuses_are_errors(status: int, kind: type[Exception]) -> None:
    host = Host(b"")
    host.responses = {0: lambda _request: httpx.Response(status)}
    with pytest.raises(kind):
        await probe("https://host/x", "a.txt", host.http, HostAllowList(["host"]))


class Dripping(httpx.AsyncByteStream):
    """A byte now and then, without end."""

    def __init__(self) -> None:
        self.sent = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.sent < 10_000:
            self.sent += 1
            yield b"I"
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("status", [200, 206])
async def test_a_host_that_drips_is_given_up_in_time_and_its_connection_is_free(status: int) -> None:
    host, drip = Host(b""), Dripping()
    headers = {"Content-Range": "bytes 0-63/1000"}
    host.responses = {0: lambda _request: httpx.Response(status, headers=headers, stream=drip)}
    with pytest.raises(UpstreamTimeout) as error:
        await probe("https://host/x", "a.tif", host.http, HostAllowList(["host"]), max_seconds=0.1)
    assert error.value.retry_after
    assert drip.sent <= 64
