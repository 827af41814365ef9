"""What the page about fetching files says is what happens."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stac_bridge.cli import app
from tests.docs.shell import ROOT, run_blocks

PAGE = (ROOT / "docs" / "download.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.long
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: the page's examples were not run")
def test_every_example_works_and_prints_what_the_page_shows(api: str, tmp_path: Path) -> None:
    assert '"status": "skipped"' in run_blocks(BLOCKS, api, tmp_path)


def test_the_readmes_example_works(api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = re.findall(
        r"^\$ \.venv/bin/stac-bridge (download .*)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(app, line.split(), env={"STAC_BRIDGE_API": api})
    assert ran.exit_code == 0, ran.stdout
    assert len(list((tmp_path / "downloads").glob("*/*/*_MTL.txt"))) > 1


def test_the_page_tells_every_option() -> None:
    said = CliRunner().invoke(app, ["download", "--help"], env={"COLUMNS": "200"}).stdout
    for option in set(re.findall(r"--[a-z]+", said)) - {"--help", "--output"}:
        assert f"`{option}" in PAGE, option
