"""A caller has a limited number of streams, all callers together too, and none is lost."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from stac_bridge.assets import HostAllowList, LivenessCheck, Spool, Streamer, StreamLimits
from stac_bridge.errors import ServerBusy, TooOften, UpstreamError
from stac_bridge.request_context import request_deadline
from stac_bridge.store import Store
from tests.unit.assets.read.upstream_host import QUICK, Host, Renewal, body, never

DATA = bytes(range(256)) * 40


async def test_random_readers_never_exceed_the_limits_and_leave_nothing_behind() -> None:
    chance = random.Random(20)
    limits, open_by = StreamLimits(total=6, per_caller=3, max_wait=0.02), Counter[str]()
    refused = Counter[str]()

    async def read(caller: str, seconds: float) -> None:
        try:
            leave = await limits.enter(caller)
        except (TooOften, ServerBusy) as error:
            assert error.retry_after
            refused[type(error).__name__] += 1
            return
        open_by[caller] += 1
        assert open_by[caller] <= 3
        assert open_by.total() <= 6
        try:
            await asyncio.sleep(seconds)
        finally:
            open_by[caller] -= 1
            leave()
            leave()

    tasks = [asyncio.create_task(read(chance.choice("abcd"), chance.random() / 20)) for _ in range(300)]
    for task in chance.sample(tasks, 60):
        await asyncio.sleep(0.001)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert set(refused) == {"TooOften", "ServerBusy"}
    assert limits._callers == {}
    ends = [await limits.enter(caller) for caller in "aaabbb"]
    with pytest.raises(ServerBusy):
        await limits.enter("c")
    for leave in ends:
        leave()


class Slots:
    """A host whose connections are counted: at most ``maximum`` at once."""

    def __init__(self, host: Host, maximum: int) -> None:
        self.host, self.free, self.used = host, maximum, 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not self.free:
            raise httpx.PoolTimeout("no connection is free")
        response = self.host(request)
        self.free -= 1
        return httpx.Response(response.status_code, headers=response.headers, stream=_Counted(self, response.stream))


class _Counted(httpx.AsyncByteStream):
    def __init__(self, slots: Slots, stream: object) -> None:
        self._slots, self._stream = slots, stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:  # type: ignore[attr-defined]
            yield chunk

    async def aclose(self) -> None:
        self._slots.free += 1


@pytest.fixture
def streamer(tmp_path: Path) -> Callable[[Host, int], Streamer]:
    def build(host: Host, connections: int) -> Streamer:
        http = httpx.AsyncClient(transport=httpx.MockTransport(Slots(host, connections)))
        liveness = LivenessCheck(http, HostAllowList(["host"]), Store())
        limits = StreamLimits(total=connections, per_caller=3, max_wait=0.01)
        return Streamer(http, Spool(tmp_path, host.http), liveness, QUICK, limits)

    return build


@pytest.mark.parametrize("ranges", [True, False], ids=["with Range", "spooled"])
async def test_a_hundred_readers_of_one_caller_that_do_not_read_leave_room_for_others(
    streamer: Callable[[Host, int], Streamer], ranges: bool, caplog: pytest.LogCaptureFixture
) -> None:
    host = Host(DATA, ranges=ranges)
    files = streamer(host, 6)
    opened, refused = [], 0
    with caplog.at_level(logging.WARNING), request_deadline(60, "slow"):
        for _ in range(100):
            try:
                opened.append(await files.open(host.source(), None, None, never))
                await anext(opened[-1].chunks)
            except TooOften as error:
                assert error.retry_after
                refused += 1
    assert (len(opened), refused) == (3, 97)
    assert "STAC_BRIDGE_MAX_STREAMS_PER_CALLER" in caplog.text
    with request_deadline(60, "honest"):
        for _ in range(20):
            assert await body(await files.open(host.source(), "bytes=0-99", None, never)) == DATA[:100]
    for response in opened:
        await response.aclose()
    with request_deadline(60, "slow"):
        assert await body(await files.open(host.source(), None, None, never)) == DATA


async def test_each_end_of_a_stream_frees_its_place(streamer: Callable[[Host, int], Streamer]) -> None:
    host = Host(DATA)
    files = streamer(host, 3)
    for _ in range(5):
        await body(await files.open(host.source(), None, None, never))  # read to its end
        await (await files.open(host.source(), None, None, never)).aclose()  # not begun
        begun = await files.open(host.source(), None, None, never)
        await anext(begun.chunks)
        await begun.aclose()
        await (await files.open(host.source(), "bytes=99999-", None, never)).aclose()  # 416
        host.dead = {"file"}
        with pytest.raises(UpstreamError):
            await files.open(host.source(), None, None, Renewal(host.source(), host.source()))
        host.dead = set()
        host.cuts = [5000, 0, 0, 0, 0]
        with pytest.raises(UpstreamError):
            await body(await files.open(host.source(), None, None, never))
        host.cuts = []
    assert files._limits._callers == {}
