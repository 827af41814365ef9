"""A command that needs an extra that is not installed names it, and exits with 2."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stac_bridge.cli import app


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No extra is installed, and nothing is set but a data folder."""
    for name in [name for name in os.environ if name.startswith("STAC_BRIDGE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STAC_BRIDGE_DATA_DIR", str(tmp_path))
    # serve logs to the stderr of its runner, which is closed when it ends
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for module in ("PIL", "redis", "stac_geoparquet"):
        monkeypatch.setitem(sys.modules, module, None)


@pytest.mark.parametrize(
    "command",
    [
        ["serve"],
        ["sandbox"],
        ["search", "-c", "landsat_ot_c2_l2"],
        ["mappings", "new", "landsat_ot_c2_l2"],
    ],
    ids=lambda command: command[0],
)
def test_without_an_account_the_sandbox_is_needed(command: list[str]) -> None:
    ran = CliRunner().invoke(app, command)
    assert ran.exit_code == 2, ran.output
    assert "pip install 'stac-bridge[sandbox]'" in ran.output
    if command != ["sandbox"]:
        assert "or set STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN" in ran.output


def test_a_store_in_redis_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAC_BRIDGE_STORE", "redis://127.0.0.1:1/0")
    ran = CliRunner().invoke(app, ["serve"])
    assert ran.exit_code == 2
    assert "STAC_BRIDGE_STORE" in ran.output
    assert "pip install 'stac-bridge[redis]'" in ran.output


def test_the_doctor_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAC_BRIDGE_STORE", "redis://127.0.0.1:1/0")
    ran = CliRunner().invoke(app, ["doctor"])
    assert ran.exit_code == 1, ran.output
    assert "stac-bridge[sandbox]" in ran.output.replace("\n", "")
    assert "stac-bridge[redis]" in ran.output.replace("\n", "")
