"""M2M is down, or sends Retry-After: callers get an error at once, and single requests test it."""

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


async def test_nothing_is_sent_while_m2m_counts_as_down() -> None:
    script = Script({"permissions": REFUSED})
    breaker = Breaker()
    client = m2m_client(script, attempts=10, breaker=breaker)
    with pytest.raises(UpstreamUnreachable):
        await client.permissions()
    sent = len(script.asked)
    assert (sent, breaker.state) == (6, "open")  # a login and five attempts
    with pytest.raises(UpstreamUnreachable) as error:
        await client.permissions()
    assert 1 <= (error.value.retry_after or 0) <= 5
    assert len(script.asked) == sent


class CountingLock(LocalLock):
    """A lock that counts how often it was acquired."""

    times = 0

    def acquire(self) -> AbstractAsyncContextManager[AccountLease]:
        self.times += 1
        return super().acquire()


async def test_waiting_requests_fail_at_once_when_m2m_goes_down() -> None:
    lock = CountingLock()
    client = m2m_client(Script({"permissions": REFUSED}), attempts=10, gate=Gate(lock=lock))
    errors = await asyncio.gather(*(client.permissions() for _ in range(50)), return_exceptions=True)
    assert {type(error) for error in errors} == {UpstreamUnreachable}
    assert lock.times == 5


async def test_one_request_tests_m2m_and_all_pass_once_it_succeeds() -> None:
    script = Script({"permissions": [*[REFUSED] * 5, says(["user"])]})
    breaker = Breaker(first_pause=0.05)
    client = m2m_client(script, attempts=10, breaker=breaker)
    with pytest.raises(UpstreamUnreachable):
        await client.permissions()
    await asyncio.sleep(0.06)
    assert breaker.state == "half-open"
    assert await client.permissions() == ("user",)
    assert breaker.state == "closed"


async def test_error_codes_of_m2m_never_open_the_breaker() -> None:
    script = Script({"permissions": fails("RATE_LIMIT", status=500)})
    breaker = Breaker()
    client = m2m_client(script, attempts=12, breaker=breaker)
    with pytest.raises(UpstreamBusy):
        await client.permissions()
    assert (script.endpoints.count("permissions"), breaker.state) == (12, "closed")


async def test_nothing_is_sent_before_the_retry_after_of_m2m() -> None:
    script = Script({"permissions": [httpx.Response(429, headers={"Retry-After": "1"}), says(["user"])]})
    client = m2m_client(script)
    started = time.monotonic()
    await asyncio.gather(client.permissions(), client.permissions())
    assert time.monotonic() - started >= 1
    assert script.endpoints.count("permissions") == 3


def in_seconds(count: int) -> str:
    return str(count)


def at_a_date(count: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=count), usegmt=True)


@pytest.mark.parametrize("format_retry_after", [in_seconds, at_a_date])
@pytest.mark.parametrize(("status", "kind"), [(429, UpstreamBusy), (503, UpstreamUnreachable)])
async def test_a_retry_after_beyond_the_deadline_fails_at_once(
    format_retry_after: Callable[[int], str], status: int, kind: type[UpstreamError]
) -> None:
    script = Script({"permissions": httpx.Response(status, headers={"Retry-After": format_retry_after(40)})})
    client = m2m_client(script)
    for _ in range(3):
        with pytest.raises(kind) as error:
            await client.permissions()
        assert 30 < (error.value.retry_after or 0) <= 40
    assert script.endpoints.count("permissions") == 1


@pytest.mark.parametrize("nonsense", ["", "soon", "-5", "9" * 400, "Wed, 99 Foo 2026 00:00:00 GMT"])
async def test_a_nonsensical_retry_after_blocks_nothing_for_long(nonsense: str) -> None:
    client = m2m_client(Script({"permissions": httpx.Response(429, headers={"Retry-After": nonsense})}), attempts=2)
    with pytest.raises(UpstreamBusy) as error:
        await client.permissions()
    assert 0 < (error.value.retry_after or 0) <= 86_400
