"""A TIFF inside a gzip is read as a file of its own."""

from __future__ import annotations

import gzip
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from stac_bridge.assets import HostAllowList, Source
from stac_bridge.assets.read.gzipped import MAX_STEP_BYTES, unpacked, unpacked_chunks
from stac_bridge.assets.read.probe import probe
from stac_bridge.errors import AssetUnavailable
from tests.unit.assets.read.upstream_host import Host, body, never

DATA = bytes(range(256)) * 40
PACKED = gzip.compress(DATA, mtime=0)


async def in_pieces(data: bytes, length: int) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(data), length):
        yield data[start : start + length]


@pytest.mark.parametrize("length", [1, 7, 1000, 10**6])
@pytest.mark.parametrize(
    ("packed", "data"),
    [(PACKED, DATA), (PACKED + gzip.compress(b"more", mtime=0), DATA + b"more"), (gzip.compress(b"", mtime=0), b"")],
)
async def test_the_bytes_inside_are_the_same_however_they_arrive(packed: bytes, data: bytes, length: int) -> None:
    assert b"".join([chunk async for chunk in unpacked_chunks(in_pieces(packed, length))]) == data


async def test_a_small_gzip_of_much_is_unpacked_in_small_steps() -> None:
    packed = gzip.compress(bytes(20 * MAX_STEP_BYTES), mtime=0)
    sizes = [len(chunk) async for chunk in unpacked_chunks(in_pieces(packed, 10**9))]
    assert sum(sizes) == 20 * MAX_STEP_BYTES
    assert max(sizes) <= MAX_STEP_BYTES


@pytest.mark.parametrize("broken", [PACKED[:-9], PACKED[:-1], PACKED + b"junk", b"II*\0 no gzip"])
async def test_a_broken_gzip_is_reported(broken: bytes) -> None:
    with pytest.raises(AssetUnavailable, match="broken"):
        [chunk async for chunk in unpacked_chunks(in_pieces(broken, 100))]


@pytest.mark.parametrize(
    ("data", "filename", "is_unpacked"),
    [
        (PACKED, "DS1.tif", True),
        (PACKED, "DS1.TIF", True),
        (PACKED, "DS1.tif.gz", False),
        (PACKED, "DS1.tgz", False),
        (PACKED, "DS1", False),
        (b"II*\0", "DS1.tif", False),
    ],
)
async def test_only_a_gzip_of_a_tif_is_unpacked(data: bytes, filename: str, is_unpacked: bool) -> None:
    source = await probe("https://host/x", "x", Host(data, ranges=False).http, HostAllowList(["host"]))
    inside = unpacked(source, filename)
    assert (inside.packed == source) if is_unpacked else (inside is source)
    assert inside.media_type == "image/tiff" if is_unpacked else True


@pytest.mark.parametrize("ranges", [True, False])
async def test_ranges_of_the_file_inside_are_served_from_the_spool(tmp_path: Path, ranges: bool) -> None:
    host = Host(PACKED, ranges=ranges)
    streamer = host.streamer(tmp_path)
    source = unpacked(host.source(is_gzip=True), "DS1.tif")
    part = await streamer.open(source, "bytes=100-299", None, never)
    assert (part.status, part.headers["Content-Range"]) == (206, f"bytes 100-299/{len(DATA)}")
    assert await body(part) == DATA[100:300]
    assert await body(await streamer.open(source, None, None, never)) == DATA
    assert (await streamer.head(source, never))["Content-Length"] == str(len(DATA))
    requests = len(host.requests)
    assert await body(await streamer.open(source, "bytes=-5", None, never)) == DATA[-5:]
    assert len(host.requests) == requests, "it is on the disk"


async def test_the_gzip_itself_and_the_file_inside_are_two_files(tmp_path: Path) -> None:
    host = Host(PACKED, ranges=False)
    streamer = host.streamer(tmp_path)
    packed = host.source(is_gzip=True)
    assert await body(await streamer.open(unpacked(packed, "DS1.tif"), None, None, never)) == DATA
    assert await body(await streamer.open(packed, None, None, never)) == PACKED


async def test_a_url_that_dies_is_renewed_while_the_gzip_is_read(tmp_path: Path) -> None:
    host = Host(PACKED, ranges=False, cuts=[0], dead={"file"})
    source = unpacked(host.source(is_gzip=True), "DS1.tif")
    fresh = unpacked(host.source("other", is_gzip=True), "DS1.tif")

    async def renew(stale: Source) -> Source:
        assert stale == source
        return fresh

    assert await body(await host.streamer(tmp_path).open(source, None, None, renew)) == DATA


async def test_a_broken_gzip_ends_in_an_error_and_not_in_half_a_file(tmp_path: Path) -> None:
    host = Host(PACKED[:-9], ranges=False)
    source = unpacked(host.source(is_gzip=True), "DS1.tif")
    with pytest.raises(AssetUnavailable):
        await body(await host.streamer(tmp_path).open(source, "bytes=-5", None, never))


async def test_a_head_has_the_size_of_a_file_inside_that_nobody_has_read_before(tmp_path: Path) -> None:
    host = Host(PACKED, ranges=False)
    streamer = host.streamer(tmp_path)
    headers = await streamer.head(unpacked(host.source(is_gzip=True), "DS1.tif"), never)
    assert headers["Content-Length"] == str(len(DATA))
