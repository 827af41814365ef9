"""Repeated options: lists accumulate in order, single values are rejected, nothing is dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from stac_bridge.cli import app
from stac_bridge.cli.options import with_search_options
from stac_bridge.cli.repeated_options import App, is_repeatable
from stac_bridge.client.download import SearchParams
from tests.docs.commands_page import commands

PLAIN = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
OPTIONS: list[tuple[str, Any]] = [
    (name, option) for name, command in commands() for option in command.params if option.param_type_name == "option"
]
SINGLE = [(name, option) for name, option in OPTIONS if not is_repeatable(option)]
LISTS = [(name, option) for name, option in OPTIONS if option.multiple]


def titles(options: list[tuple[str, Any]]) -> list[str]:
    return [f"{name} {option.opts[0]}" for name, option in options]


def parse(*arguments: str) -> SearchParams:
    """The search that a command line describes."""
    parsed: list[SearchParams] = []
    probe = App()

    @probe.command()
    @with_search_options(limit=7)
    def command(wanted: SearchParams) -> int:
        parsed.append(wanted)
        return 0

    result = CliRunner().invoke(probe, list(arguments))
    assert result.exit_code == 0, result.output
    return parsed[0]


@pytest.mark.parametrize(("name", "option"), SINGLE, ids=titles(SINGLE))
def test_repeating_an_option_with_one_value_is_an_error(name: str, option: Any) -> None:
    twice = [option.opts[0], "1", option.opts[-1], "2"]
    result = CliRunner().invoke(app, [*name.split(), *twice], env=PLAIN)
    assert result.exit_code == 2
    assert option.opts[0] in result.output
    assert "It appears 2 times but takes one value." in result.output


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=titles(OPTIONS))
def test_options_with_lists_may_be_repeated_and_their_help_says_so(name: str, option: Any) -> None:
    takes_a_list = "comma-separated" in (option.help or "").lower()
    assert takes_a_list == option.multiple == ("may be repeated" in (option.help or ""))


def test_which_options_take_lists() -> None:
    assert {option.opts[0] for _name, option in LISTS} == {"--collections", "--ids", "--sort", "--assets"}


def test_repeated_lists_accumulate_in_order_and_may_contain_commas() -> None:
    search = parse("-c", "b", "--ids", "x,y", "--collections", "a, c", "--ids", "x", "--sort", "-z", "--sort", "y,x")
    assert search.collections == ("b", "a", "c")
    assert search.ids == ("x", "y", "x"), "the same as --ids x,y,x"
    assert search.sortby == ("-z", "y", "x")


def test_the_rule_applies_to_every_command_of_an_app() -> None:
    probe = App()

    @probe.command()
    def first(name: str = "", tags: Annotated[list[str] | None, typer.Option()] = None, loud: bool = False) -> None:
        typer.echo(f"{name} {tags} {loud}")

    @probe.callback()
    def group(level: int = 0) -> None:
        """A group with its own option."""

    run = CliRunner().invoke
    assert run(probe, ["first", "--tags", "a", "--tags", "b", "--loud", "--loud"]).output.strip() == "['a', 'b'] True"
    for arguments in (["first", "--name", "a", "--name", "a"], ["--level", "1", "--level", "2", "first"]):
        result = run(probe, arguments, env=PLAIN)
        assert (result.exit_code, "It appears 2 times" in result.output) == (2, True), result.output


def test_search_options_with_a_file_of_items_are_an_error(tmp_path: Path) -> None:
    items = tmp_path / "items.json"
    items.write_text('{"type": "FeatureCollection", "features": []}')
    for option in (["--limit", "100"], ["--ids", "a"], ["--cloud", "5"], ["--sort", "x"]):
        result = CliRunner().invoke(app, ["download", str(items), *option, "--output", str(tmp_path / "out")])
        assert result.exit_code == 2
        assert "not both" in result.output
