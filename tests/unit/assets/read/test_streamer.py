"""Files through this server: ranges, a spool for hosts without Range, renewal of dead URLs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from stac_bridge.assets import AssetResponse, HostAllowList, LivenessCheck, ReadTimeouts, Source, Spool, Streamer
from stac_bridge.assets.read.streamer import head_headers
from stac_bridge.assets.spool.arriving import ArrivingFile
from stac_bridge.errors import Staging, UpstreamFault, UpstreamUnreachable
from stac_bridge.store import Store

DATA = bytes(range(256)) * 40
QUICK = ReadTimeouts(retry_pause=0.001)
WITH_RANGE = Source("f", "https://host/file", len(DATA), True, "image/tiff", etag='"1"')
TAPE = Source("t", "https://host/tape", len(DATA), False, "application/octet-stream", filename="frame.tif")


def ranged(request: httpx.Request) -> httpx.Response:
    if "dead" in str(request.url):
        return httpx.Response(403)
    range_header = request.headers.get("range")
    if not range_header:
        return httpx.Response(200, stream=httpx.ByteStream(DATA), headers={"ETag": '"1"'})
    first, last = (int(part) for part in range_header.removeprefix("bytes=").split("-"))
    headers = {"Content-Range": f"bytes {first}-{last}/{len(DATA)}"}
    return httpx.Response(206, stream=httpx.ByteStream(DATA[first : last + 1]), headers=headers)


async def never(_stale: Source) -> Source:
    raise AssertionError("there was nothing to renew")


def streamer(folder: Path, answer: object = ranged) -> Streamer:
    return streaming(answer, folder)


def streaming(answer: Any, folder: Path, max_bytes: int = 2**30) -> Streamer:
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Streamer(
        http, Spool(folder, http, max_bytes, QUICK), LivenessCheck(http, HostAllowList(["host"]), Store()), QUICK
    )


async def body(response: AssetResponse) -> bytes:
    return b"".join([chunk async for chunk in response.chunks])


@pytest.mark.parametrize("source", [WITH_RANGE, TAPE], ids=["host with Range", "spooled"])
@pytest.mark.parametrize(("range_header", "start", "stop"), [("bytes=0-9", 0, 10), ("bytes=5000-5999", 5000, 6000)])
async def test_a_range_is_that_slice_of_the_file(
    tmp_path: Path, source: Source, range_header: str, start: int, stop: int
) -> None:
    response = await streamer(tmp_path).open(source, range_header, None, never)
    assert response.status == 206
    assert await body(response) == DATA[start:stop]
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(DATA)}"


@pytest.mark.parametrize(
    ("range_header", "status", "wanted"),
    [
        (None, 200, DATA),
        ("bytes=-10", 206, DATA[-10:]),
        ("bytes=10000-", 206, DATA[10000:]),
        ("bytes=0-99999999", 206, DATA),
        ("bytes=5-2", 200, DATA),
        ("Bytes = 4-5", 206, DATA[4:6]),
        ("bytes=0-1,1-5", 206, DATA[:6]),
        ("lines=1-2", 200, DATA),
        (f"bytes={len(DATA)}-", 416, b""),
        ("bytes=-0", 416, b""),
    ],
)
async def test_a_spooled_file_serves_every_form_of_range(
    tmp_path: Path, range_header: str | None, status: int, wanted: bytes
) -> None:
    response = await streamer(tmp_path).open(TAPE, range_header, None, never)
    assert response.status == status
    assert await body(response) == wanted
    assert response.headers["Content-Length"] == str(len(wanted))
    assert response.headers["Accept-Ranges"] == "bytes"
    if status == 416:
        assert response.headers["Content-Range"] == f"bytes */{len(DATA)}"


async def test_an_if_range_that_does_not_match_returns_the_whole_file(tmp_path: Path) -> None:
    response = await streamer(tmp_path).open(WITH_RANGE, "bytes=0-9", '"other"', never)
    assert response.status == 200
    assert await body(response) == DATA


async def test_a_dead_url_is_renewed_before_the_first_byte(tmp_path: Path) -> None:
    renewed = []

    async def renew(stale: Source) -> Source:
        renewed.append(stale)
        return WITH_RANGE

    dead = Source("f", "https://host/dead", len(DATA), True, "image/tiff")
    response = await streamer(tmp_path).open(dead, "bytes=0-9", None, renew)
    assert await body(response) == DATA[:10]
    assert renewed == [dead]


async def test_a_url_that_stays_dead_is_an_error(tmp_path: Path) -> None:
    async def renew(stale: Source) -> Source:
        return stale

    with pytest.raises(UpstreamFault):
        await streamer(tmp_path).open(Source("f", "https://host/dead", 1, True, "t"), None, None, renew)


async def test_a_spooled_file_is_fetched_once_for_all_readers(tmp_path: Path) -> None:
    fetched = 0

    def count(_request: httpx.Request) -> httpx.Response:
        nonlocal fetched
        fetched += 1
        return httpx.Response(200, stream=httpx.ByteStream(DATA))

    first = streamer(tmp_path, count)
    responses = await asyncio.gather(*(first.open(TAPE, None, None, never) for _ in range(5)))
    assert {await body(response) for response in responses} == {DATA}
    later = await streamer(tmp_path, count).open(TAPE, "bytes=0-3", None, never)
    assert await body(later) == DATA[:4]
    assert fetched == 1


class Trickle(httpx.AsyncByteStream):
    """Half of the file, then nothing until ``resume`` is set."""

    def __init__(self, resume: asyncio.Event, breaks: bool = False) -> None:
        self._resume, self._breaks = resume, breaks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield DATA[:5000]
        await self._resume.wait()
        if not self._breaks:
            yield DATA[5000:]


def trickling(resume: asyncio.Event, breaks: bool = False) -> object:
    return lambda _request: httpx.Response(200, stream=Trickle(resume, breaks))


async def test_bytes_are_served_while_the_rest_arrives(tmp_path: Path) -> None:
    resume = asyncio.Event()
    slow = streamer(tmp_path, trickling(resume))
    head = await slow.open(TAPE, "bytes=0-99", None, never)
    assert await asyncio.wait_for(body(head), 1) == DATA[:100]
    waiting = asyncio.create_task(slow.open(TAPE, "bytes=9000-9099", None, never))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    resume.set()
    assert await body(await waiting) == DATA[9000:9100]


async def test_bytes_that_do_not_arrive_in_time_are_staging() -> None:
    with pytest.raises(Staging, match="0 of 100"):
        await ArrivingFile(100, timeout=0.01).wait_for(50)


async def test_a_file_that_breaks_off_is_an_error_and_is_removed(tmp_path: Path) -> None:
    resume = asyncio.Event()
    broken = streamer(tmp_path, trickling(resume, breaks=True))
    whole = await broken.open(TAPE, None, None, never)
    resume.set()
    with pytest.raises(UpstreamUnreachable, match="broke off"):
        await body(whole)
    assert list(tmp_path.iterdir()) == []


async def test_the_spool_stays_within_its_maximum(tmp_path: Path) -> None:
    small = streaming(
        lambda _request: httpx.Response(200, stream=httpx.ByteStream(DATA)), tmp_path, max_bytes=3 * len(DATA)
    )
    for number in range(6):
        source = Source(f"file {number}", "https://host/x", len(DATA), False, "t")
        await body(await small.open(source, None, None, never))
        await asyncio.sleep(0.02)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3 * len(DATA)


@pytest.mark.parametrize(
    ("if_range", "status"),
    [('"1"', 206), ('"2"', 200), ('W/"1"', 200), ("Mon, 01 Jan 2024 00:00:00 GMT", 206), ("", 200)],
)
async def test_a_range_is_served_only_of_the_version_in_if_range(tmp_path: Path, if_range: str, status: int) -> None:
    for source in (WITH_RANGE, TAPE):
        known = replace(source, etag='"1"', last_modified="Mon, 01 Jan 2024 00:00:00 GMT")
        assert (await streamer(tmp_path).open(known, "bytes=0-9", if_range, never)).status == status


async def test_a_weak_entity_tag_never_matches_if_range(tmp_path: Path) -> None:
    weak = replace(WITH_RANGE, etag='W/"1"')
    assert (await streamer(tmp_path).open(weak, "bytes=0-9", 'W/"1"', never)).status == 200


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a_SR_B4.TIF", 'attachment; filename="a_SR_B4.TIF"'),
        ("a b.tif", 'attachment; filename="a b.tif"'),
        ('a".tif', "attachment; filename*=UTF-8''a%22.tif"),
        ("Stra\u00dfe.tif", "attachment; filename*=UTF-8''Stra%C3%9Fe.tif"),
        ("a\r\nX: y.tif", "attachment; filename*=UTF-8''a%0D%0AX%3A%20y.tif"),
        ("../../etc/a.tif", 'attachment; filename="a.tif"'),
        ("c:\\a.tif", 'attachment; filename="a.tif"'),
    ],
)
def test_a_file_name_is_encoded_for_the_header(name: str, expected: str) -> None:
    assert head_headers(replace(TAPE, filename=name))["Content-Disposition"] == expected
