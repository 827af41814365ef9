"""What the page about the command line says is what the commands do."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stac_bridge.cli import app
from stac_bridge.cli.examples import EXAMPLES
from tests.docs.commands_page import PAGE, WRITTEN, commands, written
from tests.docs.shell import run_blocks
from tests.serving import started

PROSE = PAGE.read_text(encoding="utf-8").partition("## Commands")[0]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PROSE, re.MULTILINE | re.DOTALL)
SERVERS = ("serve", "sandbox")


def lines(command: str) -> list[str]:
    return [line for line in EXAMPLES[command].strip().splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: path.name)
def test_commands_options_and_codes_are_the_codes(page: Path) -> None:
    assert written(page) == page.read_text(encoding="utf-8"), "run python -m tests.docs.commands_page"


@pytest.mark.long
def test_the_pages_own_blocks_run_and_print_what_it_shows(api: str, tmp_path: Path) -> None:
    assert "landsat-9" in run_blocks(BLOCKS, api, tmp_path)


def test_every_command_has_examples_that_begin_with_it_and_stand_in_its_help() -> None:
    assert set(EXAMPLES) == {name for name, _command in commands()}
    for name in EXAMPLES:
        assert any(line.startswith(f"stac-bridge {name}") for line in lines(name))
        said = CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "160", "NO_COLOR": "1"}).stdout
        assert lines(name)[0] in said


@pytest.mark.parametrize("command", [name for name in EXAMPLES if name not in SERVERS])
def test_every_example_works(api: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for line in lines(command):
        words, _, into = line.partition(" > ")
        ran = CliRunner().invoke(app, shlex.split(words)[1:], env={"STAC_BRIDGE_API": api})
        assert ran.exit_code == 0, ran.output
        assert ran.stdout.strip()
        for saved in re.findall(r"--output (\w[\w.]+)", words):
            assert (tmp_path / saved).exists()
        assert not into or into.endswith(".yaml")


@pytest.mark.long
@pytest.mark.parametrize("command", SERVERS)
def test_every_example_of_a_server_serves(command: str, tmp_path: Path) -> None:
    for line in lines(command):
        _program, _command, *options = shlex.split(re.sub(r"--port \d+", "", line))
        with started(command, tmp_path, *options):
            pass
