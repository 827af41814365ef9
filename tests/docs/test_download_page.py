"""What the page about fetching files says is what happens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stac_bridge.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "download.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: the page's examples were not run")
def test_every_example_works_and_prints_what_the_page_shows(api: str, tmp_path: Path) -> None:
    shim = tmp_path / "bin" / "stac-bridge"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from stac_bridge.cli import app; app()" "$@"\n')
    shim.chmod(0o755)
    path = f"{shim.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    settings = {"STAC_BRIDGE_API": api, "NO_COLOR": "1", "PYTHONPATH": str(ROOT), "LC_ALL": "C", "PATH": path}
    said = ""
    for language, text in BLOCKS:
        if language == "text":
            assert said == text
            continue
        command = ["sh", "-ec", text] if language == "sh" else [sys.executable, "-c", text]
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, **settings}
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        said = "".join(f"{line.rstrip()}\n" for line in ran.stdout.splitlines())
    assert '"status": "skipped"' in said


def test_the_readmes_example_works(api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = re.findall(
        r"^\$ \.venv/bin/stac-bridge (download .*)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(app, line.split(), env={"STAC_BRIDGE_API": api})
    assert ran.exit_code == 0, ran.stdout
    assert len(list((tmp_path / "downloads").glob("*/*/*_MTL.txt"))) > 1


def test_the_page_tells_every_option_and_exit_code() -> None:
    said = CliRunner().invoke(app, ["download", "--help"], env={"COLUMNS": "200"}).stdout
    for option in set(re.findall(r"--[a-z]+", said)) - {"--help", "--output"}:
        assert f"`{option}" in PAGE, option
    told = re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)
    assert told == ["0", "1", "2", "130"]
    for code in told:
        assert re.search(rf"\b{code}\b", said.partition("Leaves with")[2].partition("╭")[0])
