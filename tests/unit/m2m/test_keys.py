"""One key for all processes of an account, and what a listener hears of it all."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from stac_bridge.errors import UpstreamBusy, UpstreamLogin
from stac_bridge.m2m.auth import KEY_TTL, LocalKey
from stac_bridge.m2m.breaker import Breaker
from stac_bridge.m2m.calls import Call
from stac_bridge.m2m.turns import Gate
from tests.support import Script, fails, m2m_client, says


class Account:
    """An M2M whose every login throws the key before away; it keeps the logins it has seen."""

    def __init__(self) -> None:
        self.logins = 0

    async def login(self, _request: httpx.Request) -> httpx.Response:
        self.logins += 1
        return says(f"key-{self.logins}")

    async def permissions(self, request: httpx.Request) -> httpx.Response:
        good = request.headers["x-auth-token"] == f"key-{self.logins}"
        return says(["user"]) if good else fails("AUTH_KEY_INVALID", status=403)

    def script(self) -> Script:
        return Script({"login-token": self.login, "permissions": self.permissions})


async def test_processes_that_share_a_key_log_in_once() -> None:
    account, keys = Account(), LocalKey()
    clients = [m2m_client(account.script(), keys=keys) for _ in range(3)]
    for client in clients:
        await client.permissions()
    assert account.logins == 1


class Stale(LocalKey):
    """Says the key of before once more, as a store does where another process has just put a new one."""

    def __init__(self, stale: str) -> None:
        super().__init__()
        self.stale: str | None = stale

    async def get(self) -> str | None:
        said, self.stale = self.stale or await super().get(), None
        return said


async def test_a_key_that_another_process_renewed_is_taken_before_logging_in_anew() -> None:
    account, keys = Account(), Stale("key-0")
    account.logins = 1
    await keys.put("key-1", KEY_TTL)
    script = account.script()
    assert await m2m_client(script, keys=keys).permissions() == ("user",)
    assert script.endpoints == ["permissions", "permissions"]


async def test_a_newer_key_that_is_dead_too_is_followed_by_a_login() -> None:
    account, keys = Account(), Stale("key-8")
    await keys.put("key-9", KEY_TTL)
    script = account.script()
    await m2m_client(script, keys=keys).permissions()
    assert script.endpoints == ["permissions", "permissions", "login-token", "permissions"]
    assert await keys.get() == "key-1"


async def test_a_dead_key_is_dropped_though_the_login_after_it_fails() -> None:
    keys = LocalKey()
    await keys.put("dead", KEY_TTL)
    script = Script({"permissions": fails("AUTH_EXPIRED"), "login-token": fails("AUTH_INVALID", status=401)})
    with pytest.raises(UpstreamLogin):
        await m2m_client(script, keys=keys).permissions()
    assert await keys.get() is None


async def test_a_key_that_never_works_is_an_error_after_few_requests() -> None:
    script = Script({"permissions": fails("AUTH_EXPIRED", status=403)})
    with pytest.raises(UpstreamLogin):
        await m2m_client(script).permissions()
    assert len(script.asked) <= 6


async def test_a_login_that_meets_a_dead_key_is_no_refusal_of_the_account_and_is_tried_again() -> None:
    script = Script({"login-token": fails("AUTH_EXPIRED", status=403)})
    client = m2m_client(script)
    for logins in (1, 2):
        with pytest.raises(UpstreamLogin) as told:
            await client.permissions()
        assert told.value.retry_after
        assert len(script.asked) == logins


async def test_dropping_a_key_leaves_another_ones_newer_key() -> None:
    keys = LocalKey()
    await keys.put("new", 5)
    await keys.drop("old")
    assert await keys.get() == "new"
    await keys.drop("new")
    assert await keys.get() is None


async def test_a_key_is_renewed_before_its_time_is_over() -> None:
    now = 0.0
    keys, account = LocalKey(lambda: now), Account()
    client = m2m_client(account.script(), keys=keys)
    for now in (0, KEY_TTL - 1, KEY_TTL + 1):  # noqa: B007 -- the clock reads it
        await client.permissions()
    assert account.logins == 2


async def test_logging_out_leaves_no_key_to_the_others() -> None:
    account, keys = Account(), LocalKey()
    script = account.script()
    client = m2m_client(script, keys=keys)
    await client.permissions()
    await client.logout()
    assert await keys.get() is None
    assert script.endpoints[-1] == "logout"


async def test_a_listener_hears_of_every_attempt_by_endpoint_outcome_and_m2ms_own_name() -> None:
    heard: list[Call] = []
    answers = [fails("RATE_LIMIT", status=500), httpx.ConnectError("no"), httpx.Response(502), says([])]
    script = Script({"permissions": [*answers], "download-remove": fails("NOT_FOUND")})
    await m2m_client(script, listener=heard.append).permissions()
    assert [(one.endpoint, one.outcome, one.request_id) for one in heard] == [
        ("login-token", "ok", "1"),
        ("permissions", "RATE_LIMIT", "1"),
        ("permissions", "unreachable", None),
        ("permissions", "unreachable", None),
        ("permissions", "ok", "1"),
    ]
    assert all(one.seconds >= 0 and one.queued >= 0 for one in heard)


async def test_a_listener_hears_of_those_that_were_never_sent() -> None:
    heard: list[Call] = []

    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return says([])

    gate = Gate(max_waiting=1)
    client = m2m_client(Script({"permissions": hang}), listener=heard.append, timeout=0.3, attempts=1, gate=gate)
    running, waiting = (asyncio.create_task(client.permissions()) for _ in range(2))
    while gate.waiting == 0:  # noqa: ASYNC110
        await asyncio.sleep(0)
    with pytest.raises(UpstreamBusy):
        await client.permissions()
    waiting.cancel()
    await asyncio.gather(running, waiting, return_exceptions=True)
    assert [one.outcome for one in heard if one.endpoint == "permissions"] == ["turned-away", "left", "timeout"]


async def test_a_login_that_is_refused_is_heard_as_such() -> None:
    heard: list[Call] = []
    script = Script({"login-token": fails("AUTH_INVALID", status=401)})
    with pytest.raises(UpstreamLogin):
        await m2m_client(script, listener=heard.append, breaker=Breaker()).permissions()
    assert [(one.endpoint, one.outcome) for one in heard] == [
        ("login-token", "AUTH_INVALID"),
        ("permissions", "AUTH_INVALID"),
    ]
