"""What the page of pictures shows is what the examples draw; that they run is held by tests/e2e/test_pictures.py."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent

import pytest

from tests.docs.notebooks import EXAMPLES, NAMES
from tests.docs.shell import ROOT

PAGE = ROOT / "docs" / "pictures.md"
PARTS = {re.findall(r"examples/(\w+)\.py\)", part)[0]: part for part in PAGE.read_text("utf-8").split("\n## ")[1:]}


def blocks(language: str, part: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)


def test_every_example_has_its_picture_told_in_words_and_the_command_that_made_it() -> None:
    assert tuple(PARTS) == NAMES
    for name, part in PARTS.items():
        ((told, picture),) = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", part)
        assert picture == f"pictures/{name}.png"
        assert len(told.split()) > 20
        assert blocks("sh", part) == [f"python examples/{name}.py --out docs/pictures/{name}.png\n"]
        for target in re.findall(r"\]\(([^)]+)\)", part):
            assert (PAGE.parent / target).is_file(), target


def test_the_lines_that_are_shown_are_the_scripts() -> None:
    for name, part in PARTS.items():
        (shown,) = blocks("python", part)
        script = (EXAMPLES / f"{name}.py").read_text("utf-8")
        assert any(indent(dedent(shown), " " * deep) in script for deep in (0, 4, 8)), name


@pytest.mark.long
def test_a_command_of_the_page_draws_its_picture(api: str, tmp_path: Path) -> None:
    (command,) = blocks("sh", PARTS["by_year"])
    _python, script, _out, picture = command.split()
    (tmp_path / picture).parent.mkdir(parents=True)
    ran = subprocess.run(
        [sys.executable, str(ROOT / script), "--api", api, "--out", picture],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert ran.stderr == ""
    assert f"{picture}: 1400 × 800 pixels" in ran.stdout
    assert (tmp_path / picture).is_file()
