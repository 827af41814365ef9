"""The doctor says in a sentence what is wrong, and leaves no trace where it looked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stac_bridge.cli import app

GIVEN = ("M2M_USERNAME", "M2M_URL", "M2M_TOKEN", "SIGNING_KEYS", "STORE", "MAPPINGS", "SPOOL_BYTES")


def run(folder: Path, *arguments: str, **settings: str) -> Result:
    clean = {f"STAC_BRIDGE_{name}": "" for name in GIVEN}
    given = {f"STAC_BRIDGE_{name.upper()}": value for name, value in settings.items()}
    env = {**clean, "STAC_BRIDGE_DATA_DIR": str(folder / "data"), **given}
    return CliRunner().invoke(app, ["doctor", *arguments], env=env)


def found(folder: Path, *arguments: str, **settings: str) -> dict[str, dict[str, Any]]:
    ran = run(folder, "--json", *arguments, **settings)
    said = json.loads(ran.stdout)
    assert said["ok"] is (ran.exit_code == 0) is all(one["state"] != "wrong" for one in said["checks"])
    return {one["check"]: one for one in said["checks"]}


def test_all_is_well_as_a_newcomer_has_it_and_nothing_is_left_behind(tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert ran.exit_code == 0, ran.stdout
    names = {line.split()[1].rstrip(":") for line in ran.stdout.splitlines()}
    assert {"settings", "account", "mappings", "signing", "data", "store"} == names
    assert all(line.startswith("ok ") for line in ran.stdout.splitlines())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "check", "told"),
    [
        ({"m2m_timeout": "soon"}, "settings", "STAC_BRIDGE_M2M_TIMEOUT"),
        ({"m2m_username": "somebody"}, "account", "STAC_BRIDGE_M2M_TOKEN"),
        ({"mappings": "/nowhere"}, "mappings", "/nowhere"),
        ({"signing_keys": "short"}, "signing keys", "16 characters"),
        ({"data_dir": "/proc/nowhere"}, "data folder", "STAC_BRIDGE_DATA_DIR"),
        ({"store": "redis://:very-secret@127.0.0.1:9/0"}, "store", "Redis is down"),
        ({"store": "postgres://somewhere"}, "store", "STAC_BRIDGE_STORE"),
    ],
)
def test_what_is_wrong_is_told_by_its_setting(tmp_path: Path, settings: dict[str, str], check: str, told: str) -> None:
    one = found(tmp_path, **settings)[check]
    assert one["state"] == "wrong"
    assert told in one["said"]
    assert one["said"].endswith(".")
    assert "very-secret" not in one["said"]


def test_m2m_is_not_asked_while_something_is_wrong_here(tmp_path: Path) -> None:
    checks = found(tmp_path, "--live", signing_keys="short")
    assert checks["live"]["state"] == "skipped"
    assert "login" not in checks


def test_an_m2m_that_cannot_be_reached_is_told_once_and_the_rest_is_skipped(tmp_path: Path) -> None:
    account = {"m2m_url": "http://127.0.0.1:9/", "m2m_username": "u", "m2m_token": "a-token", "m2m_timeout": "0.4"}
    checks = found(tmp_path, "--live", **account)
    assert (checks["clock"]["state"], checks["login"]["state"]) == ("wrong", "wrong")
    assert "127.0.0.1 cannot be reached" in checks["clock"]["said"]
    assert (checks["search"]["state"], checks["asset"]["state"]) == ("skipped", "skipped")


def test_without_an_account_the_embedded_sandbox_is_asked_for_all_that_a_server_does(tmp_path: Path) -> None:
    checks = found(tmp_path, "--live")
    assert [checks[name]["state"] for name in ("clock", "login", "search", "asset")] == ["skipped", "ok", "ok", "ok"]
    assert "landsat_ot_c2_l2" in checks["search"]["said"]
    assert "16 bytes" in checks["asset"]["said"]
