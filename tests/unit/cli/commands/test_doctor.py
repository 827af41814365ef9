"""The doctor reports in a sentence what is wrong, and leaves no files behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stac_bridge.cli import app
from tests.redis_server import RedisServer, needs_redis

pytestmark = pytest.mark.slow

SETTINGS = ("M2M_USERNAME", "M2M_URL", "M2M_TOKEN", "SIGNING_KEYS", "STORE", "MAPPINGS", "SPOOL_BYTES")


def run(folder: Path, *arguments: str, **settings: str) -> Result:
    clean = {f"STAC_BRIDGE_{name}": "" for name in SETTINGS}
    variables = {f"STAC_BRIDGE_{name.upper()}": value for name, value in settings.items()}
    env = {**clean, "STAC_BRIDGE_DATA_DIR": str(folder / "data"), **variables}
    return CliRunner().invoke(app, ["doctor", *arguments], env=env)


def run_checks(folder: Path, *arguments: str, **settings: str) -> dict[str, dict[str, Any]]:
    result = run(folder, "--json", *arguments, **settings)
    report = json.loads(result.stdout)
    assert report["ok"] is (result.exit_code == 0) is all(check["state"] != "wrong" for check in report["checks"])
    return {check["check"]: check for check in report["checks"]}


def test_without_settings_everything_is_in_order_and_no_file_is_left(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.exit_code == 0, result.stdout
    names = {line.split()[1].rstrip(":") for line in result.stdout.splitlines()}
    assert {"settings", "account", "mappings", "signing", "data", "store"} == names
    assert all(line.startswith("ok ") for line in result.stdout.splitlines())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "check", "text"),
    [
        ({"m2m_timeout": "soon"}, "settings", "STAC_BRIDGE_M2M_TIMEOUT"),
        ({"m2m_username": "someone"}, "account", "STAC_BRIDGE_M2M_TOKEN"),
        ({"mappings": "/nowhere"}, "mappings", "/nowhere"),
        ({"signing_keys": "short"}, "signing keys", "16 characters"),
        ({"data_dir": "/proc/nowhere"}, "data folder", "STAC_BRIDGE_DATA_DIR"),
        ({"store": "redis://:very-secret@127.0.0.1:9/0"}, "store", "Redis is down"),
        ({"store": "postgres://somewhere"}, "store", "STAC_BRIDGE_STORE"),
    ],
)
def test_faults_name_their_setting(tmp_path: Path, settings: dict[str, str], check: str, text: str) -> None:
    result = run_checks(tmp_path, **settings)[check]
    assert result["state"] == "wrong"
    assert text in result["said"]
    assert result["said"].endswith(".")
    assert "very-secret" not in result["said"]


@needs_redis
def test_a_redis_that_is_full_is_wrong_and_one_with_room_is_not(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path)
    redis.start()
    try:
        assert run_checks(tmp_path, store=redis.url)["store"]["state"] == "ok"
        redis.say("CONFIG", "SET", "maxmemory", "1")
        result = run_checks(tmp_path, store=redis.url)["store"]
    finally:
        redis.kill()
    assert result["state"] == "wrong"
    assert "refuses to store values" in result["said"]


def test_m2m_is_not_called_while_local_checks_fail(tmp_path: Path) -> None:
    checks = run_checks(tmp_path, "--live", signing_keys="short")
    assert checks["live"]["state"] == "skipped"
    assert "login" not in checks


def test_if_m2m_is_unreachable_later_checks_are_skipped(tmp_path: Path) -> None:
    account = {"m2m_url": "http://127.0.0.1:9/", "m2m_username": "u", "m2m_token": "a-token", "m2m_timeout": "0.4"}
    checks = run_checks(tmp_path, "--live", **account)
    assert (checks["clock"]["state"], checks["login"]["state"]) == ("wrong", "wrong")
    assert "127.0.0.1 cannot be reached" in checks["clock"]["said"]
    assert (checks["search"]["state"], checks["asset"]["state"]) == ("skipped", "skipped")


def test_without_an_account_the_live_checks_use_the_embedded_sandbox(tmp_path: Path) -> None:
    checks = run_checks(tmp_path, "--live")
    assert [checks[name]["state"] for name in ("clock", "login", "search", "asset")] == ["skipped", "ok", "ok", "ok"]
    assert "landsat_ot_c2_l2" in checks["search"]["said"]
    assert "16 bytes" in checks["asset"]["said"]
