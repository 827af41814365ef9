"""M2M down, or wanting to be left alone: who asks hears it at once, and one asks from time to time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from stac_bridge.errors import UpstreamBusy, UpstreamError, UpstreamUnreachable
from stac_bridge.m2m.breaker import Breaker
from stac_bridge.m2m.turns import AccountLease, Gate, LocalLock
from tests.support import Script, fails, m2m_client, says

REFUSED = httpx.ConnectError("refused")


async def test_once_m2m_is_taken_as_down_nothing_is_sent() -> None:
    script = Script({"permissions": REFUSED})
    breaker = Breaker()
    client = m2m_client(script, attempts=10, breaker=breaker)
    with pytest.raises(UpstreamUnreachable):
        await client.permissions()
    sent = len(script.asked)
    assert (sent, breaker.state) == (6, "open")  # a login and five attempts
    with pytest.raises(UpstreamUnreachable) as told:
        await client.permissions()
    assert 1 <= (told.value.retry_after or 0) <= 5
    assert len(script.asked) == sent


class Counted(LocalLock):
    """A slot that keeps how often it was held."""

    times = 0

    def acquire(self) -> AbstractAsyncContextManager[AccountLease]:
        self.times += 1
        return super().acquire()


async def test_those_who_wait_hear_at_once_that_m2m_is_down() -> None:
    slot = Counted()
    client = m2m_client(Script({"permissions": REFUSED}), attempts=10, gate=Gate(lock=slot))
    ended = await asyncio.gather(*(client.permissions() for _ in range(50)), return_exceptions=True)
    assert {type(one) for one in ended} == {UpstreamUnreachable}
    assert slot.times == 5


async def test_one_request_tries_and_all_may_ask_again_when_it_works() -> None:
    script = Script({"permissions": [*[REFUSED] * 5, says(["user"])]})
    breaker = Breaker(first_pause=0.05)
    client = m2m_client(script, attempts=10, breaker=breaker)
    with pytest.raises(UpstreamUnreachable):
        await client.permissions()
    await asyncio.sleep(0.06)
    assert breaker.state == "half-open"
    assert await client.permissions() == ("user",)
    assert breaker.state == "closed"


async def test_refusals_and_errors_of_m2m_never_open_it() -> None:
    script = Script({"permissions": fails("RATE_LIMIT", status=500)})
    breaker = Breaker()
    client = m2m_client(script, attempts=12, breaker=breaker)
    with pytest.raises(UpstreamBusy):
        await client.permissions()
    assert (script.endpoints.count("permissions"), breaker.state) == (12, "closed")


async def test_nothing_is_sent_before_m2m_said_that_we_may_come_back() -> None:
    script = Script({"permissions": [httpx.Response(429, headers={"Retry-After": "1"}), says(["user"])]})
    client = m2m_client(script)
    begun = time.monotonic()
    await asyncio.gather(client.permissions(), client.permissions())
    assert time.monotonic() - begun >= 1
    assert script.endpoints.count("permissions") == 3


def in_seconds(count: int) -> str:
    return str(count)


def at_a_date(count: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=count), usegmt=True)


@pytest.mark.parametrize("told_when", [in_seconds, at_a_date])
@pytest.mark.parametrize(("status", "kind"), [(429, UpstreamBusy), (503, UpstreamUnreachable)])
async def test_who_has_not_the_time_that_m2m_wants_is_told_so_at_once(
    told_when: Callable[[int], str], status: int, kind: type[UpstreamError]
) -> None:
    script = Script({"permissions": httpx.Response(status, headers={"Retry-After": told_when(40)})})
    client = m2m_client(script)
    for _ in range(3):
        with pytest.raises(kind) as told:
            await client.permissions()
        assert 30 < (told.value.retry_after or 0) <= 40
    assert script.endpoints.count("permissions") == 1


@pytest.mark.parametrize("nonsense", ["", "soon", "-5", "9" * 400, "Wed, 99 Foo 2026 00:00:00 GMT"])
async def test_a_retry_after_that_means_nothing_stops_nobody_for_good(nonsense: str) -> None:
    client = m2m_client(Script({"permissions": httpx.Response(429, headers={"Retry-After": nonsense})}), attempts=2)
    with pytest.raises(UpstreamBusy) as told:
        await client.permissions()
    assert 0 < (told.value.retry_after or 0) <= 86_400
