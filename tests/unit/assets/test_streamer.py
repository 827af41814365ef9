"""Bytes through the bridge: parts as asked, a spool for hosts without Range, renewal of dead URLs."""

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
    asked = request.headers.get("range")
    if not asked:
        return httpx.Response(200, stream=httpx.ByteStream(DATA), headers={"ETag": '"1"'})
    first, last = (int(part) for part in asked.removeprefix("bytes=").split("-"))
    headers = {"Content-Range": f"bytes {first}-{last}/{len(DATA)}"}
    return httpx.Response(206, stream=httpx.ByteStream(DATA[first : last + 1]), headers=headers)


async def never(_stale: Source) -> Source:
    raise AssertionError("there was nothing to renew")


def streamer(folder: Path, answer: object = ranged) -> Streamer:
    return streaming(answer, Spool(folder, timeouts=QUICK))


def streaming(answer: Any, spool: Spool) -> Streamer:
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Streamer(http, spool, LivenessCheck(http, HostAllowList(["host"]), Store()), QUICK)


async def body(delivered: AssetResponse) -> bytes:
    return b"".join([chunk async for chunk in delivered.chunks])


@pytest.mark.parametrize("source", [WITH_RANGE, TAPE], ids=["host with Range", "spooled"])
@pytest.mark.parametrize(("asked", "start", "stop"), [("bytes=0-9", 0, 10), ("bytes=5000-5999", 5000, 6000)])
async def test_a_part_is_that_slice_of_the_whole(
    tmp_path: Path, source: Source, asked: str, start: int, stop: int
) -> None:
    delivered = await streamer(tmp_path).open(source, asked, None, never)
    assert delivered.status == 206
    assert await body(delivered) == DATA[start:stop]
    assert delivered.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(DATA)}"


@pytest.mark.parametrize(
    ("asked", "status", "wanted"),
    [
        (None, 200, DATA),
        ("bytes=-10", 206, DATA[-10:]),
        ("bytes=10000-", 206, DATA[10000:]),
        ("bytes=0-99999999", 206, DATA),
        ("bytes=5-2", 200, DATA),
        ("bytes=0-1,4-5", 200, DATA),
        ("lines=1-2", 200, DATA),
        (f"bytes={len(DATA)}-", 416, b""),
        ("bytes=-0", 416, b""),
    ],
)
async def test_a_spooled_file_has_every_form_of_range(
    tmp_path: Path, asked: str | None, status: int, wanted: bytes
) -> None:
    delivered = await streamer(tmp_path).open(TAPE, asked, None, never)
    assert delivered.status == status
    assert await body(delivered) == wanted
    assert delivered.headers["Content-Length"] == str(len(wanted))
    assert delivered.headers["Accept-Ranges"] == "bytes"
    if status == 416:
        assert delivered.headers["Content-Range"] == f"bytes */{len(DATA)}"


async def test_if_range_with_another_entity_gives_the_whole(tmp_path: Path) -> None:
    delivered = await streamer(tmp_path).open(WITH_RANGE, "bytes=0-9", '"other"', never)
    assert delivered.status == 200
    assert await body(delivered) == DATA


async def test_a_dead_url_is_renewed_before_the_first_byte(tmp_path: Path) -> None:
    renewed = []

    async def renew(stale: Source) -> Source:
        renewed.append(stale)
        return WITH_RANGE

    dead = Source("f", "https://host/dead", len(DATA), True, "image/tiff")
    delivered = await streamer(tmp_path).open(dead, "bytes=0-9", None, renew)
    assert await body(delivered) == DATA[:10]
    assert renewed == [dead]


async def test_a_url_that_stays_dead_is_told(tmp_path: Path) -> None:
    async def renew(stale: Source) -> Source:
        return stale

    with pytest.raises(UpstreamFault):
        await streamer(tmp_path).open(Source("f", "https://host/dead", 1, True, "t"), None, None, renew)


async def test_a_file_is_fetched_once_for_all_readers_and_for_later_ones(tmp_path: Path) -> None:
    fetched = 0

    def count(_request: httpx.Request) -> httpx.Response:
        nonlocal fetched
        fetched += 1
        return httpx.Response(200, stream=httpx.ByteStream(DATA))

    first = streamer(tmp_path, count)
    found = await asyncio.gather(*(first.open(TAPE, None, None, never) for _ in range(5)))
    assert {await body(delivered) for delivered in found} == {DATA}
    later = await streamer(tmp_path, count).open(TAPE, "bytes=0-3", None, never)
    assert await body(later) == DATA[:4]
    assert fetched == 1


class Trickle(httpx.AsyncByteStream):
    """Half of the file, then nothing until told."""

    def __init__(self, go_on: asyncio.Event, breaks: bool = False) -> None:
        self._go_on, self._breaks = go_on, breaks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield DATA[:5000]
        await self._go_on.wait()
        if not self._breaks:
            yield DATA[5000:]


def trickling(go_on: asyncio.Event, breaks: bool = False) -> object:
    return lambda _request: httpx.Response(200, stream=Trickle(go_on, breaks))


async def test_what_has_arrived_is_served_while_the_rest_arrives(tmp_path: Path) -> None:
    go_on = asyncio.Event()
    slow = streamer(tmp_path, trickling(go_on))
    head = await slow.open(TAPE, "bytes=0-99", None, never)
    assert await asyncio.wait_for(body(head), 1) == DATA[:100]
    waiting = asyncio.create_task(slow.open(TAPE, "bytes=9000-9099", None, never))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    go_on.set()
    assert await body(await waiting) == DATA[9000:9100]


async def test_a_part_that_is_long_in_coming_is_a_staging_and_no_hanging() -> None:
    with pytest.raises(Staging, match="0 of 100"):
        await ArrivingFile(100, timeout=0.01).wait_for(50)


async def test_a_file_that_breaks_off_is_told_and_not_kept(tmp_path: Path) -> None:
    go_on = asyncio.Event()
    broken = streamer(tmp_path, trickling(go_on, breaks=True))
    whole = await broken.open(TAPE, None, None, never)
    go_on.set()
    with pytest.raises(UpstreamUnreachable, match="broke off"):
        await body(whole)
    assert list(tmp_path.iterdir()) == []


async def test_the_spool_keeps_within_its_bound_and_drops_the_oldest(tmp_path: Path) -> None:
    small = streaming(
        lambda _request: httpx.Response(200, stream=httpx.ByteStream(DATA)), Spool(tmp_path, max_bytes=3 * len(DATA))
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
async def test_a_part_is_given_only_of_the_file_that_the_reader_knows(
    tmp_path: Path, if_range: str, status: int
) -> None:
    for source in (WITH_RANGE, TAPE):
        known = replace(source, etag='"1"', last_modified="Mon, 01 Jan 2024 00:00:00 GMT")
        assert (await streamer(tmp_path).open(known, "bytes=0-9", if_range, never)).status == status


async def test_a_weak_entity_tag_is_no_proof(tmp_path: Path) -> None:
    weak = replace(WITH_RANGE, etag='W/"1"')
    assert (await streamer(tmp_path).open(weak, "bytes=0-9", 'W/"1"', never)).status == 200


@pytest.mark.parametrize(
    ("name", "told"),
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
def test_a_files_name_is_told_so_that_a_header_can_have_it(name: str, told: str) -> None:
    assert head_headers(replace(TAPE, filename=name))["Content-Disposition"] == told
