"""Building, starting and stopping the services of a server."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from stac_bridge.api.services import Services, build_services
from stac_bridge.errors import BridgeError
from stac_bridge.settings import Settings
from tests.support import Script, says


def services(folder: Path, script: Script, **settings: str) -> Services:
    values = {
        "m2m_url": "http://m2m.test/api/api/json/stable/",
        "m2m_username": "someone",
        "m2m_token": "a-token",
        "signing_keys": "0123456789abcdef0123",
        **settings,
    }
    return build_services(Settings(data_dir=folder, **values), transport=httpx.MockTransport(script))


def script() -> Script:
    return Script(
        {
            "login-token": says("key"),
            "permissions": says(["user"]),
            "dataset-search": says([]),
            "notifications": says([]),
            "dataset-messages": says([]),
            "logout": says(None),
        }
    )


def test_building_makes_no_request(tmp_path: Path) -> None:
    m2m = script()
    services(tmp_path, m2m)
    assert m2m.asked == []


async def test_leaving_stops_the_services_and_logs_out(tmp_path: Path) -> None:
    m2m = script()
    built = services(tmp_path, m2m)
    async with built.running():
        await built.m2m.permissions()
    assert m2m.endpoints[-1] == "logout"
    assert built.http.is_closed


async def test_an_error_while_running_stops_the_services_too(tmp_path: Path) -> None:
    built = services(tmp_path, script())
    with pytest.raises(ZeroDivisionError):
        async with built.running():
            raise ZeroDivisionError
    assert built.http.is_closed


async def test_the_catalogs_of_two_m2m_services_are_separate_files(tmp_path: Path) -> None:
    for url in ("http://one.test/api/", "http://two.test/api/"):
        built = services(tmp_path, script(), m2m_url=url)
        async with built.running():
            await built.catalog.refresh()
    assert len(list(tmp_path.rglob("catalog.json"))) == 2


def test_an_invalid_setting_is_a_bridge_error(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match="STAC_BRIDGE_SIGNING_KEYS"):
        services(tmp_path, script(), signing_keys="short")
