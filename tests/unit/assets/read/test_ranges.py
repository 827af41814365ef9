"""Any Range header gets the bytes that it names, each once, and no others."""

from __future__ import annotations

import asyncio
import tempfile
from email.parser import BytesParser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stac_bridge.assets import AssetResponse
from stac_bridge.assets.read.ranges import MAX_RANGES
from tests.unit.assets.read.upstream_host import Host, body, never

DATA = bytes(index * 7 % 251 for index in range(3000))
SIZE = len(DATA)

Spec = tuple[int | None, int | None]
ENDS = st.none() | st.integers(0, SIZE + 100)
SPECS = st.lists(st.tuples(ENDS, ENDS).filter(lambda spec: spec != (None, None)), min_size=1, max_size=6)
COMMAS = st.sampled_from([",", ", ", " ,", ",,", ", ,\t"])
UNITS = st.sampled_from(["bytes=", "Bytes=", "BYTES=", "bytes= "])


def named_bytes(specs: list[Spec]) -> set[int] | None:
    """The positions that a header names; None if a range ends before it starts, which makes the header invalid."""
    named: set[int] = set()
    for first, last in specs:
        if first is None:
            named |= set(range(max(0, SIZE - (last or 0)), SIZE))
        elif last is not None and last < first:
            return None
        else:
            named |= set(range(first, SIZE if last is None else min(SIZE, last + 1)))
    return named


async def received(response: AssetResponse) -> list[tuple[int, bytes]]:
    """Return the parts of a response, each with its position in the file."""
    content = await body(response)
    assert len(content) == int(response.headers["Content-Length"])
    media_type = response.headers["Content-Type"]
    if response.status == 416:
        assert response.headers["Content-Range"] == f"bytes */{SIZE}"
        return []
    if not media_type.startswith("multipart/"):
        content_range = response.headers.get("Content-Range", "bytes 0-")
        return [(int(content_range.removeprefix("bytes ").partition("-")[0]), content)]
    boundary = media_type.partition("boundary=")[2].encode()
    start, *parts, end = content.split(b"--" + boundary)
    assert (start, end) == (b"", b"--\r\n")
    result = []
    for part in parts:
        head, _, data = part.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n")
        headers = BytesParser().parsebytes(head)
        assert headers["Content-Type"] == "image/tiff"
        first, last = headers["Content-Range"].removeprefix("bytes ").removesuffix(f"/{SIZE}").split("-")
        assert len(data) == int(last) + 1 - int(first)
        result.append((int(first), data))
    return result


async def request(header: str, has_ranges: bool) -> AssetResponse:
    with tempfile.TemporaryDirectory() as folder:
        host = Host(DATA, has_ranges)
        response = await host.streamer(Path(folder)).open(host.source(), header, None, never)
        content = await body(response)

        async def chunks():  # type: ignore[no-untyped-def]
            yield content

        return AssetResponse(response.status, response.headers, chunks())


@pytest.mark.parametrize("has_ranges", [True, False], ids=["host with Range", "spooled"])
@given(specs=SPECS, comma=COMMAS, unit=UNITS)
@example(specs=[(0, 1), (4, 5)], comma=",", unit="bytes=")
def test_exactly_the_named_bytes_are_sent(has_ranges: bool, specs: list[Spec], comma: str, unit: str) -> None:
    texts = ("-".join("" if end is None else str(end) for end in spec) for spec in specs)
    response = asyncio.run(request(unit + comma.join(texts), has_ranges))
    parts = asyncio.run(received(response))
    named = named_bytes(specs)
    assert response.status == (200 if named is None else 206 if named else 416)
    assert all(DATA[start : start + len(data)] == data for start, data in parts)
    positions = [place for start, data in parts for place in range(start, start + len(data))]
    assert sorted(positions) == sorted(range(SIZE) if named is None else named)


async def test_parts_keep_the_order_of_the_request(tmp_path: Path) -> None:
    host = Host(DATA)
    response = await host.streamer(tmp_path).open(host.source(), "bytes=900-999, 0-9, 10-19", None, never)
    assert [(start, len(data)) for start, data in await received(response)] == [(900, 100), (0, 10), (10, 10)]


async def test_more_ranges_than_the_maximum_are_the_whole_file(tmp_path: Path) -> None:
    host = Host(DATA)
    header = "bytes=" + ",".join(f"{start * 3}-{start * 3}" for start in range(MAX_RANGES + 1))
    response = await host.streamer(tmp_path).open(host.source(), header, None, never)
    assert (response.status, await body(response)) == (200, DATA)


async def test_a_multipart_response_that_is_not_read_releases_its_connection(tmp_path: Path) -> None:
    host = Host(DATA)
    response = await host.streamer(tmp_path).open(host.source(), "bytes=0-9, 20-29", None, never)
    await response.aclose()
    assert len(host.requests) == 1
