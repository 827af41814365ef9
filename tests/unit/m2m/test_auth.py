"""Login: one key for all processes of an account; and the calls that a listener gets."""

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
    """An M2M that invalidates the previous key with each login, and counts logins."""

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
    """Returns an old key first, like a store in which another process is just replacing it."""

    def __init__(self, stale: str) -> None:
        super().__init__()
        self.stale: str | None = stale

    async def get(self) -> str | None:
        key, self.stale = self.stale or await super().get(), None
        return key


async def test_a_key_renewed_by_another_process_is_used_instead_of_a_login() -> None:
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


async def test_a_dead_key_is_deleted_even_if_the_login_after_it_fails() -> None:
    keys = LocalKey()
    await keys.put("dead", KEY_TTL)
    script = Script({"permissions": fails("AUTH_EXPIRED"), "login-token": fails("AUTH_INVALID", status=401)})
    with pytest.raises(UpstreamLogin):
        await m2m_client(script, keys=keys).permissions()
    assert await keys.get() is None


async def test_a_key_that_never_works_raises_after_a_few_requests() -> None:
    script = Script({"permissions": fails("AUTH_EXPIRED", status=403)})
    with pytest.raises(UpstreamLogin):
        await m2m_client(script).permissions()
    assert len(script.asked) <= 6


async def test_a_login_that_fails_for_a_dead_key_does_not_pause_logins() -> None:
    script = Script({"login-token": fails("AUTH_EXPIRED", status=403)})
    client = m2m_client(script)
    for logins in (1, 2):
        with pytest.raises(UpstreamLogin) as error:
            await client.permissions()
        assert error.value.retry_after
        assert len(script.asked) == logins


async def test_dropping_a_key_leaves_a_newer_one() -> None:
    keys = LocalKey()
    await keys.put("new", 5)
    await keys.drop("old")
    assert await keys.get() == "new"
    await keys.drop("new")
    assert await keys.get() is None


async def test_a_key_is_renewed_before_it_expires() -> None:
    now = 0.0
    keys, account = LocalKey(lambda: now), Account()
    client = m2m_client(account.script(), keys=keys)
    for now in (0, KEY_TTL - 1, KEY_TTL + 1):  # noqa: B007 -- the clock reads it
        await client.permissions()
    assert account.logins == 2


async def test_logging_out_deletes_the_shared_key() -> None:
    account, keys = Account(), LocalKey()
    script = account.script()
    client = m2m_client(script, keys=keys)
    await client.permissions()
    await client.logout()
    assert await keys.get() is None
    assert script.endpoints[-1] == "logout"


async def test_a_listener_gets_endpoint_outcome_and_request_id_of_every_attempt() -> None:
    calls: list[Call] = []
    answers = [fails("RATE_LIMIT", status=500), httpx.ConnectError("no"), httpx.Response(502), says([])]
    script = Script({"permissions": [*answers], "download-remove": fails("NOT_FOUND")})
    await m2m_client(script, listener=calls.append).permissions()
    assert [(call.endpoint, call.outcome, call.request_id) for call in calls] == [
        ("login-token", "ok", "1"),
        ("permissions", "RATE_LIMIT", "1"),
        ("permissions", "unreachable", None),
        ("permissions", "unreachable", None),
        ("permissions", "ok", "1"),
    ]
    assert all(call.seconds >= 0 and call.queued >= 0 for call in calls)


async def test_a_listener_gets_requests_that_were_never_sent() -> None:
    calls: list[Call] = []

    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return says([])

    gate = Gate(max_waiting=1)
    client = m2m_client(Script({"permissions": hang}), listener=calls.append, timeout=0.3, attempts=1, gate=gate)
    running, waiting = (asyncio.create_task(client.permissions()) for _ in range(2))
    while gate.waiting == 0:  # noqa: ASYNC110
        await asyncio.sleep(0)
    with pytest.raises(UpstreamBusy):
        await client.permissions()
    waiting.cancel()
    await asyncio.gather(running, waiting, return_exceptions=True)
    assert [call.outcome for call in calls if call.endpoint == "permissions"] == ["turned-away", "left", "timeout"]


async def test_a_listener_gets_a_rejected_login() -> None:
    calls: list[Call] = []
    script = Script({"login-token": fails("AUTH_INVALID", status=401)})
    with pytest.raises(UpstreamLogin):
        await m2m_client(script, listener=calls.append, breaker=Breaker()).permissions()
    assert [(call.endpoint, call.outcome) for call in calls] == [
        ("login-token", "AUTH_INVALID"),
        ("permissions", "AUTH_INVALID"),
    ]
