"""Refusals that may mean a dead key, and those that a new key would get, too."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from stac_bridge.errors import UpstreamLogin, UpstreamUnreachable
from stac_bridge.m2m.filters import SceneSearch
from stac_bridge.m2m.models.downloads import DownloadInput
from tests.support import Answer, Script, fails, m2m_client, says

SEARCH = SceneSearch(dataset="naip")
NO_SCENES = says({"results": [], "totalHits": 0, "startingNumber": 1, "recordsReturned": 0, "nextRecord": 0})
AUTH_CODES = ["AUTH_INVALID", "AUTH_UNAUTHORIZED", "AUTH_UNAUTHROIZED", "UNAUTHORIZED_USER"]
NO_ROLE = fails("AUTH_UNAUTHORIZED", status=403)
FILE = DownloadInput("LC8", "id")


def script(permissions: list[str] | None = None, **answers: Answer | list[Answer]) -> Script:
    """Return an M2M with these answers, in which a search succeeds."""
    names = {name.replace("_", "-"): answer for name, answer in answers.items()}
    return Script({"scene-search": NO_SCENES, "permissions": says(permissions or ["user"]), **names})


def logins(script: Script) -> int:
    return script.endpoints.count("login-token")


@pytest.mark.parametrize("code", AUTH_CODES)
@pytest.mark.parametrize("status", [200, 401, 403])
async def test_a_key_that_has_worked_is_replaced_once_after_any_authentication_error(code: str, status: int) -> None:
    m2m = script(scene_search=[NO_SCENES, fails(code, status=status), NO_SCENES])
    client = m2m_client(m2m)
    await client.scene_search(SEARCH)
    await client.scene_search(SEARCH)
    assert m2m.endpoints == ["login-token", "scene-search", "scene-search", "login-token", "scene-search"]


@pytest.mark.parametrize("body", [b"", b"<html>Forbidden</html>", b"{}"])
async def test_a_403_without_a_code_may_mean_a_dead_key_too(body: bytes) -> None:
    m2m = script(scene_search=[NO_SCENES, httpx.Response(403, content=body), NO_SCENES])
    client = m2m_client(m2m)
    await client.scene_search(SEARCH)
    await client.scene_search(SEARCH)
    assert logins(m2m) == 2


@pytest.mark.parametrize("code", AUTH_CODES)
async def test_a_key_that_has_never_worked_is_not_replaced(code: str) -> None:
    m2m = script(scene_search=fails(code, status=403))
    client = m2m_client(m2m)
    for _ in range(3):
        with pytest.raises(UpstreamLogin):
            await client.scene_search(SEARCH)
    assert logins(m2m) == 1


async def test_a_page_with_status_403_does_not_log_in_at_every_attempt() -> None:
    m2m = script(scene_search=[NO_SCENES, httpx.Response(403, text="<html>Maintenance</html>")])
    client = m2m_client(m2m)
    await client.scene_search(SEARCH)
    for _ in range(2):
        with pytest.raises(UpstreamUnreachable):
            await client.scene_search(SEARCH)
    assert logins(m2m) == 2


@pytest.mark.parametrize("code", ["DATASET_AUTH", "DATASET_UNAUTHORIZED", "ORDER_AUTH", "NOT_FOUND", "INPUT_INVALID"])
async def test_an_error_that_is_not_about_the_account_costs_no_login(code: str) -> None:
    m2m = script(download_options=fails(code, status=403))
    client = m2m_client(m2m)
    await client.scene_search(SEARCH)
    with pytest.raises(Exception, match=code):
        await client.download_options("naip", ["1"])
    assert logins(m2m) == 1


@pytest.mark.parametrize("code", ["AUTH_UNAUTHORIZED", "AUTH_UNAUTHROIZED"])
async def test_an_account_known_to_lack_the_role_never_logs_in_again_for_a_download(code: str) -> None:
    m2m = script(download_options=fails(code, status=403), download_request=fails(code, status=403))
    client = m2m_client(m2m)
    await client.permissions()
    for _ in range(3):
        with pytest.raises(UpstreamLogin):
            await client.download_options("naip", ["1"])
        with pytest.raises(UpstreamLogin):
            await client.download_request([FILE], "label")
        await client.scene_search(SEARCH)
    assert logins(m2m) == 1


async def test_an_account_of_unknown_roles_logs_in_again_once_for_all_refused_downloads() -> None:
    m2m = script(download_options=NO_ROLE)
    client = m2m_client(m2m)
    for _ in range(4):
        await client.scene_search(SEARCH)
        with pytest.raises(UpstreamLogin):
            await client.download_options("naip", ["1"])
    assert logins(m2m) == 2


async def test_an_account_with_the_role_replaces_a_dead_key_on_a_download() -> None:
    m2m = script(["user", "download", "order"], download_options=[says([]), NO_ROLE, says([]), NO_ROLE, says([])])
    client = m2m_client(m2m)
    await client.permissions()
    for _ in range(3):
        await client.download_options("naip", ["1"])
    assert logins(m2m) == 3


async def test_an_account_without_the_role_replaces_a_dead_key_on_a_search() -> None:
    m2m = script(scene_search=[NO_SCENES, NO_ROLE, NO_SCENES])
    client = m2m_client(m2m)
    await client.permissions()
    await client.scene_search(SEARCH)
    await client.scene_search(SEARCH)
    assert logins(m2m) == 2


async def test_a_dead_key_with_a_certain_code_is_replaced_whatever_the_roles() -> None:
    m2m = script(download_options=[fails("AUTH_EXPIRED", status=403), NO_ROLE])
    client = m2m_client(m2m)
    await client.permissions()
    with pytest.raises(UpstreamLogin):
        await client.download_options("naip", ["1"])
    assert logins(m2m) == 2


async def test_a_role_that_was_granted_ends_the_memory_of_its_refusal() -> None:
    refused_then_granted: list[Any] = [NO_ROLE, NO_ROLE, says([]), NO_ROLE, says([])]
    m2m = script(download_options=refused_then_granted)
    client = m2m_client(m2m)
    await client.scene_search(SEARCH)
    with pytest.raises(UpstreamLogin):
        await client.download_options("naip", ["1"])
    await client.download_options("naip", ["1"])
    await client.download_options("naip", ["1"])
    assert logins(m2m) == 3


@pytest.mark.parametrize("code", ["AUTH_EXPIRED", "AUTH_KEY_INVALID", *AUTH_CODES])
async def test_logging_out_with_a_dead_key_does_not_log_in(code: str) -> None:
    m2m = script(logout=fails(code, status=403))
    client = m2m_client(m2m)
    await client.scene_search(SEARCH)
    await client.logout()
    assert m2m.endpoints == ["login-token", "scene-search", "logout"]
