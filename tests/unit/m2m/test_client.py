"""The client as its callers see it: turns, retries, logins and time limits."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from stac_bridge.errors import UpstreamBusy, UpstreamFault, UpstreamLogin, UpstreamTimeout, UpstreamUnreachable
from stac_bridge.m2m.errors import TABLE, upstream_error
from stac_bridge.m2m.filters import SceneSearch
from stac_bridge.request_context import request_deadline
from tests.support import Script, fails, m2m_client, says

SEARCH = SceneSearch(dataset="naip")
NO_SCENES = says({"results": [], "totalHits": 0, "startingNumber": 1, "recordsReturned": 0, "nextRecord": 0})


async def test_it_logs_in_once_and_sends_the_key_with_every_request() -> None:
    keys = []

    async def search(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers.get("x-auth-token"))
        return NO_SCENES

    script = Script({"scene-search": search, "login-token": says("the-key")})
    client = m2m_client(script)
    await client.scene_search(SEARCH)
    await client.scene_search(SEARCH)
    assert script.endpoints == ["login-token", "scene-search", "scene-search"]
    assert keys == ["the-key", "the-key"]


@pytest.mark.parametrize("code", ["AUTH_EXPIRED", "AUTH_KEY_INVALID"])
@pytest.mark.parametrize("status", [200, 401, 403])
async def test_a_dead_key_is_renewed_whatever_the_status(code: str, status: int) -> None:
    script = Script({"scene-search": [fails(code, status=status), NO_SCENES]})
    await m2m_client(script).scene_search(SEARCH)
    assert script.endpoints == ["login-token", "scene-search", "login-token", "scene-search"]


async def test_concurrent_requests_share_one_login_and_run_one_by_one() -> None:
    running, max_running = 0, 0

    async def slow(_request: httpx.Request) -> httpx.Response:
        nonlocal running, max_running
        running += 1
        max_running = max(max_running, running)
        await asyncio.sleep(0.01)
        running -= 1
        return NO_SCENES

    script = Script({"scene-search": slow, "login-token": slow_login})
    client = m2m_client(script)
    await asyncio.gather(*(client.scene_search(SEARCH) for _ in range(8)))
    assert max_running == 1
    assert script.endpoints.count("login-token") == 1


async def slow_login(_request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(0.01)
    return says("key")


async def test_turns_come_in_the_order_of_the_requests() -> None:
    order: list[int] = []
    script = Script({"permissions": says(["user"])})
    client = m2m_client(script)

    async def request(number: int) -> None:
        await client.permissions()
        order.append(number)

    await asyncio.gather(*(request(number) for number in range(6)))
    assert order == list(range(6))


async def test_a_caller_that_goes_away_while_waiting_blocks_nobody() -> None:
    script = Script({"permissions": slow_permissions})
    client = m2m_client(script)
    first, second = (asyncio.create_task(client.permissions()) for _ in range(2))
    await asyncio.sleep(0.01)
    second.cancel()
    first.cancel()
    assert await client.permissions() == ("user",)


async def slow_permissions(_request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(0.05)
    return says(["user"])


@pytest.mark.parametrize(
    "trouble",
    [
        fails("RATE_LIMIT", status=500),
        fails("RATE_LIMIT_USER", status=500),
        fails("UNKNOWN"),
        fails("SERVER_ERROR", status=500),
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("server disconnected"),
        httpx.ReadError("reset"),
        httpx.Response(200, text="<html>Scheduled maintenance</html>"),
        httpx.Response(200, content=b'{"requestId": 1, "data": {"resul'),
        httpx.Response(429),
        httpx.Response(502, text="Bad Gateway"),
        httpx.Response(503),
        httpx.Response(504),
    ],
    ids=str,
)
async def test_a_transient_failure_is_retried(trouble: httpx.Response | Exception) -> None:
    script = Script({"scene-search": [trouble, trouble, NO_SCENES]})
    assert (await m2m_client(script).scene_search(SEARCH)).total_hits == 0
    assert script.endpoints.count("scene-search") == 3


async def test_a_transient_failure_of_the_login_is_retried_too() -> None:
    script = Script({"scene-search": NO_SCENES, "login-token": [fails("RATE_LIMIT", status=500), says("key")]})
    await m2m_client(script).scene_search(SEARCH)
    assert script.endpoints == ["login-token", "login-token", "scene-search"]


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (fails("RATE_LIMIT", status=500), UpstreamBusy),
        (httpx.Response(429, headers={"Retry-After": "17"}), UpstreamBusy),
        (httpx.ConnectError("refused"), UpstreamUnreachable),
        (httpx.Response(200, text="<html>"), UpstreamUnreachable),
        (fails("DATASET_INVALID", status=500), UpstreamFault),
        (fails("AUTH_UNAUTHROIZED", status=403), UpstreamLogin),
    ],
)
async def test_a_lasting_failure_is_raised_as_its_kind(trouble: httpx.Response | Exception, kind: type) -> None:
    with pytest.raises(kind) as error:
        await m2m_client(Script({"scene-search": trouble})).scene_search(SEARCH)
    if kind in (UpstreamBusy, UpstreamUnreachable):
        assert error.value.retry_after


async def test_a_permanent_failure_is_not_retried() -> None:
    script = Script({"scene-search": fails("SEARCH_FAILED")})
    with pytest.raises(UpstreamFault):
        await m2m_client(script).scene_search(SEARCH)
    assert script.endpoints.count("scene-search") == 1


async def test_a_rejected_login_has_a_clear_error_and_is_not_retried_at_once() -> None:
    script = Script({"login-token": fails("AUTH_INVALID", status=401), "permissions": says([])})
    client = m2m_client(script)
    for _ in range(3):
        with pytest.raises(UpstreamLogin, match="username or token"):
            await client.permissions()
    assert script.endpoints == ["login-token"]


async def hang(_request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(60)
    return NO_SCENES


async def test_a_request_takes_at_most_three_times_the_timeout_of_one_attempt() -> None:
    begun = time.monotonic()
    with pytest.raises(UpstreamTimeout):
        await m2m_client(Script({"scene-search": hang}), timeout=0.2, attempts=50).scene_search(SEARCH)
    assert 0.2 < time.monotonic() - begun < 0.7


async def test_waiting_for_a_turn_ends_at_the_deadline_of_the_request() -> None:
    client = m2m_client(Script({"scene-search": hang}), timeout=2)
    hanging = asyncio.create_task(client.scene_search(SEARCH))
    await asyncio.sleep(0.01)
    with request_deadline(0.1), pytest.raises(UpstreamBusy):
        await client.permissions()
    hanging.cancel()


async def test_every_request_to_m2m_is_counted_logins_and_retries_included() -> None:
    script = Script({"scene-search": [fails("RATE_LIMIT", status=500), NO_SCENES]})
    with request_deadline(5) as request:
        await m2m_client(script).scene_search(SEARCH)
    assert request.calls == 3
    assert request.upstream > 0


async def test_a_response_of_an_unknown_form_is_a_fault_that_names_what_it_lacks() -> None:
    with pytest.raises(UpstreamFault, match="totalHits"):
        await m2m_client(Script({"scene-search": says({"results": []})})).scene_search(SEARCH)


@pytest.mark.parametrize("code", ["NOT_FOUND", "INPUT_INVALID"])
async def test_a_missing_scene_is_none(code: str) -> None:
    assert await m2m_client(Script({"scene-metadata": fails(code)})).scene_metadata("naip", "nothing") is None


async def test_empty_maps_that_come_as_lists_are_read() -> None:
    script = Script(
        {
            "scene-metadata-list": says([]),
            "download-request": says({"newRecords": [], "duplicateProducts": [], "failed": []}),
            "download-options": says(None),
        }
    )
    client = m2m_client(script)
    assert await client.scene_metadata_list("some") == ()
    assert (await client.download_request([], "label")).duplicates == {}
    assert await client.download_options("naip", ["1"]) == ()


async def test_logging_out_with_a_dead_key_is_not_an_error() -> None:
    script = Script({"permissions": says([]), "logout": fails("AUTH_INVALID", status=403)})
    client = m2m_client(script)
    await client.logout()
    await client.permissions()
    await client.logout()
    assert script.endpoints == ["login-token", "permissions", "logout"]


@pytest.mark.parametrize("code", sorted(TABLE))
def test_every_code_has_its_exception_and_includes_the_message_of_m2m(code: str) -> None:
    error = upstream_error(code, "the server's words")
    assert error.code == code
    assert "the server's words" in str(error)
