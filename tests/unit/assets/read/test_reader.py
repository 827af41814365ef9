"""A broken stream is resumed at the byte where it stopped; bytes of anything else are never passed on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from stac_bridge.assets import ReadTimeouts
from stac_bridge.errors import UpstreamBusy, UpstreamError, UpstreamFault, UpstreamUnreachable
from stac_bridge.request_context import request_deadline, time_left
from tests.unit.assets.read.upstream_host import LOGIN, Host, Renewal, body, never

DATA = bytes(range(256)) * 40


@pytest.fixture(params=[True, False], ids=["with Range", "without Range"])
def host(request: pytest.FixtureRequest) -> Host:
    return Host(DATA, ranges=request.param)


@pytest.mark.parametrize("cuts", [[100], [5000], [0, 0], [9999, 5, 1], [100] * 60])
async def test_a_broken_connection_is_resumed_where_it_stopped(tmp_path: Path, cuts: list[int]) -> None:
    host = Host(DATA, cuts=list(cuts))
    response = await host.streamer(tmp_path).open(host.source(), None, None, never)
    assert await body(response) == DATA
    starts = [int(request.headers["range"].partition("=")[2].partition("-")[0]) for request in host.requests]
    assert starts == [sum(cuts[:number]) for number in range(len(cuts) + 1)]
    assert {request.headers["if-range"] for request in host.requests} == {'"1"'}


async def test_a_host_without_range_is_read_again_from_the_start_and_no_byte_repeats(tmp_path: Path) -> None:
    host = Host(DATA, ranges=False, cuts=[4000, 7000, 9000])
    assert await body(await host.streamer(tmp_path).open(host.source(), None, None, never)) == DATA
    assert len(host.requests) == 4


async def test_a_range_is_resumed_and_ends_at_its_stop(tmp_path: Path) -> None:
    host = Host(DATA, cuts=[10, 20])
    response = await host.streamer(tmp_path).open(host.source(), "bytes=100-199", None, never)
    assert await body(response) == DATA[100:200]
    assert [request.headers["range"] for request in host.requests] == [
        "bytes=100-199",
        "bytes=110-199",
        "bytes=130-199",
    ]


async def test_three_attempts_without_a_byte_are_an_error(tmp_path: Path, host: Host) -> None:
    host.cuts = [3000] + [0 if host.ranges else 3000] * 9
    response = await host.streamer(tmp_path).open(host.source(), None, None, never)
    with pytest.raises(UpstreamUnreachable):
        await body(response, got := bytearray())
    assert got == DATA[:3000]
    assert len(host.requests) == 1 + 3


@pytest.mark.parametrize(
    "answer",
    [
        lambda _request: httpx.Response(401),
        lambda _request: httpx.Response(403),
        lambda _request: httpx.Response(404),
        lambda _request: httpx.Response(302, headers={"Location": "https://login.example/"}),
        lambda _request: httpx.Response(200, content=LOGIN, headers={"Content-Type": "text/html; charset=utf-8"}),
        lambda _request: httpx.Response(200, content=LOGIN, headers={"Content-Type": "image/tiff"}),
        lambda _request: httpx.Response(206, content=LOGIN, headers={"Content-Range": f"bytes 0-52/{len(DATA)}"}),
    ],
    ids=["401", "403", "404", "redirect", "login page", "login page that says it is a TIFF", "login page as a part"],
)
@pytest.mark.parametrize("after", [0, 1], ids=["at once", "in the middle"])
async def test_a_dead_url_is_renewed_and_the_stream_goes_on(
    tmp_path: Path, host: Host, answer: Callable[[httpx.Request], httpx.Response], after: int
) -> None:
    host.cuts, host.responses = [4000], {after: answer}
    renewal = Renewal(host.source("new"))
    stale = host.source()
    assert await body(await host.streamer(tmp_path).open(stale, None, None, renewal)) == DATA
    assert renewal.stale == [stale]
    assert host.requests[-1].url.path == "/new"


async def test_a_url_that_stays_dead_is_renewed_once_and_then_an_error(tmp_path: Path, host: Host) -> None:
    host.dead = {"file", "new"}
    renewal = Renewal(host.source("new"))
    with pytest.raises(UpstreamFault, match="did not accept"):
        await host.streamer(tmp_path).open(host.source(), None, None, renewal)
    assert len(renewal.stale) == 1


async def test_an_html_page_is_passed_on_if_it_is_the_file(tmp_path: Path, host: Host) -> None:
    host.data = LOGIN
    page = host.source(media_type="text/html")
    page = type(page)("the page.html", page.url, page.size, page.ranges, page.media_type)
    assert await body(await host.streamer(tmp_path).open(page, None, None, never)) == LOGIN


@pytest.mark.parametrize(
    "other", [Host(bytes(len(DATA)), etag='"2"'), Host(DATA + b"!", etag=None)], ids=["another etag", "another size"]
)
async def test_bytes_of_another_file_are_not_mixed_in(tmp_path: Path, host: Host, other: Host) -> None:
    host.cuts, host.responses = [4000], {1: other}
    response = await host.streamer(tmp_path).open(host.source(), None, None, Renewal(other.source()))
    with pytest.raises(UpstreamFault, match="changed"):
        await body(response, got := bytearray())
    assert got == DATA[:4000]


ODD = {
    "another part": {"Content-Range": f"bytes 1-{len(DATA) - 1}/{len(DATA)}"},
    "another size": {"Content-Range": f"bytes 0-{len(DATA) - 1}/{len(DATA) + 1}"},
    "a length that does not fit": {"Content-Range": f"bytes 0-{len(DATA) - 2}/{len(DATA)}", "Content-Length": "9"},
    "no part at all": {"Content-Range": f"bytes */{len(DATA)}"},
    "no part named": {"Content-Length": str(len(DATA))},
    "nonsense": {"Content-Range": "bytes 9-3/lots"},
    "packed": {"Content-Range": f"bytes 0-{len(DATA) - 1}/{len(DATA)}", "Content-Encoding": "gzip"},
    "less announced than sent": {"Content-Range": f"bytes 0-99/{len(DATA)}"},
}


@pytest.mark.parametrize("headers", ODD.values(), ids=ODD)
async def test_a_response_that_does_not_match_the_request_is_never_passed_on(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    host = Host(DATA)
    odd = lambda _request: httpx.Response(206, headers=headers, stream=httpx.ByteStream(DATA))  # noqa: E731
    host.responses = dict.fromkeys(range(9), odd)
    with pytest.raises(UpstreamError):
        await body(await host.streamer(tmp_path).open(host.source(), None, None, Renewal(*[host.source()] * 3)))


@pytest.mark.parametrize("size", [len(DATA) - 1, len(DATA) + 1], ids=["shorter", "longer"])
async def test_a_body_of_another_length_is_an_error(tmp_path: Path, host: Host, size: int) -> None:
    source, host.reports_size = host.source(), False
    host.etag, host.data = None, (DATA + b"!")[:size]
    if host.ranges:
        host.responses = dict.fromkeys(
            range(9), lambda _request: httpx.Response(200, stream=httpx.ByteStream(host.data))
        )
    with pytest.raises(UpstreamError):
        await body(await host.streamer(tmp_path).open(source, None, None, Renewal(*[source] * 3)))


async def test_a_whole_file_in_response_to_a_range_is_cut(tmp_path: Path) -> None:
    host = Host(DATA)
    host.responses = {0: lambda _request: httpx.Response(200, stream=httpx.ByteStream(DATA))}
    response = await host.streamer(tmp_path).open(host.source(), "bytes=5000-5099", None, never)
    assert await body(response) == DATA[5000:5100]


async def test_a_busy_host_is_an_error_at_the_start_and_waited_for_in_the_middle(tmp_path: Path, host: Host) -> None:
    timeouts = ReadTimeouts(retry_pause=0.001, max_busy_wait=0.01)
    busy = lambda _request: httpx.Response(503, headers={"Retry-After": "9"})  # noqa: E731
    host.responses = {0: busy}
    with pytest.raises(UpstreamBusy) as error:
        await host.streamer(tmp_path, timeouts=timeouts).open(host.source(), None, None, never)
    assert error.value.retry_after == 9
    host.responses, host.cuts = {len(host.requests) + 1: busy}, [4000]
    streamer = host.streamer(tmp_path, timeouts=timeouts)
    assert await body(await streamer.open(host.source(), None, None, never)) == DATA


async def test_a_renewal_late_in_a_stream_has_its_own_time_limit(tmp_path: Path) -> None:
    host = Host(DATA, cuts=[4000], dead={"later"})
    left = []

    async def renew(_stale: object) -> object:
        left.append(time_left())
        return host.source("new")

    with request_deadline(0.05):
        response = await host.streamer(tmp_path).open(host.source(), None, None, renew)  # type: ignore[arg-type]
        await asyncio.sleep(0.06)
        host.dead = {"file"}
        assert await body(response) == DATA
    assert left[0] > 10


async def test_closing_a_response_releases_the_connection(tmp_path: Path) -> None:
    closed = []

    class Body(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]
            for _ in range(len(DATA) // 1024):
                yield DATA[:1024]

        async def aclose(self) -> None:
            closed.append(time.monotonic())

    headers = {"Content-Range": f"bytes 0-{len(DATA) - 1}/{len(DATA)}"}
    host = Host(DATA)
    host.responses = dict.fromkeys(range(2), lambda _request: httpx.Response(206, headers=headers, stream=Body()))
    streamer = host.streamer(tmp_path)
    unread = await streamer.open(host.source(), None, None, never)
    await unread.aclose()
    assert len(closed) == 1
    begun = await streamer.open(host.source(), None, None, never)
    await anext(begun.chunks)
    await begun.aclose()
    assert len(closed) == 2


async def test_an_empty_file_is_served_empty(tmp_path: Path, host: Host) -> None:
    host.data = b""
    response = await host.streamer(tmp_path).open(host.source(), None, None, never)
    assert (response.status, response.headers["Content-Length"], await body(response)) == (200, "0", b"")
