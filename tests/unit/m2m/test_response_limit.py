"""A response of M2M has a size limit, which counts decoded bytes while they are read."""

from __future__ import annotations

import contextlib
import gzip
import json
import random
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from stac_bridge.errors import UpstreamError, UpstreamFault, UpstreamUnreachable
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.session import Backoff, build_session

LIMIT = 100_000
PIECE = 1000


class Body(httpx.AsyncByteStream):
    """Sends its bytes in pieces, ``copies`` times, and counts what was read."""

    def __init__(self, data: bytes, copies: int = 1) -> None:
        self.data, self.copies, self.read, self.closed = data, copies, 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.copies):
            for start in range(0, len(self.data), PIECE):
                self.read += len(self.data[start : start + PIECE])
                yield self.data[start : start + PIECE]

    async def aclose(self) -> None:
        self.closed = True


def envelope(data: Any, **more: Any) -> bytes:
    return json.dumps({"requestId": 1, "data": data, "errorCode": None, "errorMessage": None, **more}).encode()


def client(body: Body, at: str = "permissions", **headers: str) -> M2MClient:
    """Return a client of an M2M that sends ``body`` at one endpoint."""

    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(at):
            return httpx.Response(200, stream=body, headers=headers)
        return httpx.Response(200, content=envelope("key" if "login" in request.url.path else ["user"]))

    session = build_session(
        "http://m2m.test/api/",
        "someone",
        "a-token",
        timeout=5,
        transport=httpx.MockTransport(respond),
        backoff=Backoff(attempts=1),
        max_response=LIMIT,
    )
    return M2MClient(session)


@pytest.mark.parametrize("at", ["login-token", "permissions"])
@pytest.mark.parametrize("coding", ["", "gzip"])
async def test_a_response_above_the_limit_is_a_fault_and_is_not_read_to_its_end(at: str, coding: str) -> None:
    data = random.Random(1).randbytes(10 * LIMIT).hex().encode()
    body = Body(gzip.compress(data, 1) if coding else data)
    with pytest.raises(UpstreamFault, match=f"response to {at} has more than") as error:
        await client(body, at, **({"Content-Encoding": coding} if coding else {})).permissions()
    assert str(error.value).endswith(".")
    assert body.read <= LIMIT + PIECE
    assert body.closed


async def test_an_endless_response_ends_in_a_fault() -> None:
    body = Body(b" " * PIECE, copies=10**9)
    with pytest.raises(UpstreamFault, match="more than"):
        await client(body).permissions()
    assert body.read <= LIMIT + PIECE


async def test_a_response_that_announces_too_much_is_not_read_at_all() -> None:
    body = Body(b" " * PIECE)
    with pytest.raises(UpstreamFault, match="more than"):
        await client(body, **{"Content-Length": str(LIMIT + 1)}).permissions()
    assert body.read == 0


async def test_a_gzip_of_much_takes_no_more_memory_than_the_limit() -> None:
    packed = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packed.compress(bytes(2**20)) for _ in range(64)) + packed.flush()
    assert len(bomb) < LIMIT
    tracemalloc.start()
    try:
        with pytest.raises(UpstreamFault, match="more than"):
            await client(Body(bomb), **{"Content-Encoding": "gzip"}).permissions()
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 2**20


@pytest.mark.parametrize("coding", ["", "identity", "gzip", "x-gzip", "GZIP"])
@pytest.mark.parametrize("size", [1, 70_000, 99_000])
async def test_a_response_below_the_limit_is_read_in_each_coding(coding: str, size: int) -> None:
    data = envelope(["x" * size])
    sent = gzip.compress(data) if "gzip" in coding.lower() else data
    assert await client(Body(sent), **{"Content-Encoding": coding}).permissions() == ("x" * size,)


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "gzip, gzip"])
async def test_a_coding_that_was_not_requested_is_unreachable_and_not_decoded(coding: str) -> None:
    body = Body(b"\x1b\x00")
    with pytest.raises(UpstreamUnreachable):
        await client(body, **{"Content-Encoding": coding}).permissions()
    assert body.read == 0


@pytest.mark.parametrize("cut", [1, 9, 30])
async def test_a_gzip_that_is_cut_off_is_unreachable(cut: int) -> None:
    with pytest.raises(UpstreamUnreachable):
        await client(Body(gzip.compress(envelope(["user"]))[:-cut]), **{"Content-Encoding": "gzip"}).permissions()


async def test_any_body_ends_in_data_or_in_an_upstream_error() -> None:
    chance = random.Random(16)
    for _ in range(200):
        data = chance.choice([envelope(["user"]), chance.randbytes(chance.randrange(3000)), b"[" * 5000, b"null"])
        data *= chance.choice([1, 1, 50])
        coding = chance.choice(["", "gzip"])
        sent = bytearray(gzip.compress(data) if coding else data)
        if sent and chance.random() < 0.5:
            sent[chance.randrange(len(sent))] ^= 1 << chance.randrange(8)
        body = Body(bytes(sent), copies=chance.choice([1, 1, 1000]))
        with contextlib.suppress(UpstreamError):
            await client(body, **({"Content-Encoding": coding} if coding else {})).permissions()
        assert body.read <= LIMIT + PIECE
