"""The commands as people type them."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.serving import started


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    given = {f"STAC_BRIDGE_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-c", "from stac_bridge.cli import app; app()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=given, timeout=60)


DAY = "2024-07-28T00:00:00Z/2024-07-28T23:59:59Z"
"""Of scenes whose files are in the cloud long since."""


def test_the_sandbox_alone_serves_a_bridge_beside_it(tmp_path: Path) -> None:
    with started("sandbox", tmp_path) as (sandbox, _log):
        account = {
            "m2m_url": f"{sandbox}/api/api/json/stable/",
            "m2m_username": "somebody",
            "m2m_token": "any-token",
            "download_hosts": "127.0.0.1",
        }
        with (
            started("serve", tmp_path, **account) as (api, log),
            urllib.request.urlopen(f"{api}/search?collections=landsat_ot_c2_l2&datetime={DAY}&limit=1") as answer,
        ):
            item = json.load(answer)["features"][0]
            assert item["assets"]["red"]["href"].startswith(api)
            with urllib.request.urlopen(item["assets"]["mtl.xml"]["href"]) as bytes_of:
                assert bytes_of.url.startswith(sandbox)
                assert item["id"] in bytes_of.read().decode()
            assert "embedded sandbox" not in log.read_text()


def test_an_account_on_an_open_address_is_told_loudly(tmp_path: Path) -> None:
    account = {"m2m_url": "http://127.0.0.1:9/", "m2m_username": "somebody", "m2m_token": "any-token"}
    with started("serve", tmp_path, "--host", "0.0.0.0", **account) as (_api, log):
        assert "WITH AN M2M ACCOUNT" in log.read_text()
        assert "any-token" not in log.read_text()


def test_with_m2m_down_and_nothing_kept_serve_starts_and_answers_503(tmp_path: Path) -> None:
    account = {"m2m_url": "http://127.0.0.1:9/", "m2m_username": "somebody", "m2m_token": "t", "m2m_timeout": "1"}
    with started("serve", tmp_path, **account) as (api, _log):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(f"{api}/collections")
        assert error.value.code == 503
        assert int(error.value.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("arguments", "settings", "told"),
    [
        (["serve"], {"m2m_username": "somebody"}, "STAC_BRIDGE_M2M_TOKEN"),
        (["serve"], {"m2m_url": "http://127.0.0.1:9/"}, "STAC_BRIDGE_M2M_USERNAME"),
        (["serve"], {"m2m_timeout": "soon"}, "STAC_BRIDGE_M2M_TIMEOUT"),
        (["serve"], {"delivery": "pigeon"}, "STAC_BRIDGE_DELIVERY"),
        (["serve"], {"signing_keys": "short"}, "STAC_BRIDGE_SIGNING_KEYS"),
        (["serve"], {"store": "http://localhost"}, "STAC_BRIDGE_STORE"),
        (["serve"], {"store": "redis://127.0.0.1:9/0"}, "Redis is down"),
        (["serve"], {"mappings": "/nowhere"}, "STAC_BRIDGE_MAPPINGS"),
        (["serve", "--workers", "4"], {}, "stac-bridge sandbox"),
        (["serve", "--workers", "4"], {"m2m_username": "somebody", "m2m_token": "t"}, "STAC_BRIDGE_STORE=redis://"),
    ],
)
def test_a_wrong_setting_ends_with_one_sentence_and_no_traceback(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], told: str
) -> None:
    ran = run(*arguments, data_dir=str(tmp_path), **settings)
    assert ran.returncode == 2
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("command", [[], ["serve"], ["sandbox"], ["download"]])
def test_help_explains_the_command(command: list[str]) -> None:
    ran = run(*command, "--help")
    assert ran.returncode == 0
    assert "Usage" in ran.stdout


def test_the_version_is_told() -> None:
    from stac_bridge import __version__

    assert run("--version").stdout.strip() == f"stac-bridge {__version__}"
