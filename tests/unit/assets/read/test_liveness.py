"""No reader is redirected to a URL that has been dead for long, and checking costs little."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import httpx
import pytest

from stac_bridge.assets import DEFAULT_READ_TIMEOUTS, HostAllowList, LivenessCheck, Source
from stac_bridge.errors import UpstreamBusy
from stac_bridge.store import Store
from tests.unit.assets.read.upstream_host import LOGIN, Host, Renewal, never

DATA = bytes(1000)


def alive(host: Host) -> LivenessCheck:
    return LivenessCheck(host.http, HostAllowList(["host"]), Store())


def old(source: Source) -> Source:
    return replace(source, verified_at=time.time() - DEFAULT_READ_TIMEOUTS.liveness_ttl - 1)


async def test_a_url_that_worked_just_now_is_not_checked() -> None:
    host = Host(DATA, dead={"file"})
    source = host.source()
    assert await alive(host).ensure_live(source, never) is source
    assert host.requests == []


async def test_a_time_from_a_clock_that_was_ahead_says_nothing() -> None:
    host = Host(DATA, dead={"file"})
    ahead, fresh = replace(host.source(), verified_at=time.time() + 3600), host.source("new")
    assert await alive(host).ensure_live(ahead, Renewal(fresh)) is fresh


async def test_an_older_url_is_checked_once_for_all_readers_by_its_first_bytes() -> None:
    host = Host(DATA)
    source, look = old(host.source()), alive(host)
    assert set(await asyncio.gather(*(look.ensure_live(source, never) for _ in range(20)))) == {source}
    assert await look.ensure_live(source, never) == source
    assert len(host.requests) == 1
    assert host.sent < 100


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401),
        httpx.Response(403),
        httpx.Response(404),
        httpx.Response(302, headers={"Location": "https://login.example/"}),
        httpx.Response(200, content=LOGIN),
        httpx.Response(206, content=b"I", headers={"Content-Range": "bytes 0-0/999"}),
        httpx.Response(206, content=b"I", headers={"Content-Range": "bytes 0-0/1000", "ETag": '"2"'}),
    ],
    ids=["401", "403", "404", "redirect", "login page", "another size", "another etag"],
)
async def test_a_dead_url_is_renewed(answer: httpx.Response) -> None:
    host = Host(DATA)
    host.responses = {0: lambda _request: answer}
    stale, fresh = old(host.source()), host.source("new")
    renewal = Renewal(fresh)
    assert await alive(host).ensure_live(stale, renewal) is fresh
    assert renewal.stale == [stale]


async def test_a_busy_host_is_an_error() -> None:
    host = Host(DATA)
    host.responses = {0: lambda _request: httpx.Response(503, headers={"Retry-After": "7"})}
    with pytest.raises(UpstreamBusy):
        await alive(host).ensure_live(old(host.source()), never)
