"""Options given more than once: lists accumulate in order, single values are refused, nothing is dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from stac_bridge.cli import app
from stac_bridge.cli.options import asks
from stac_bridge.cli.repeats import App, is_repeatable
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


def wanted_by(*arguments: str) -> SearchParams:
    """What the search options of a command line ask for."""
    parsed: list[SearchParams] = []
    probe = App()

    @probe.command()
    @asks(limit=7)
    def command(wanted: SearchParams) -> int:
        parsed.append(wanted)
        return 0

    ran = CliRunner().invoke(probe, list(arguments))
    assert ran.exit_code == 0, ran.output
    return parsed[0]


@pytest.mark.parametrize(("name", "option"), SINGLE, ids=titles(SINGLE))
def test_every_option_of_one_value_is_refused_when_it_is_given_twice(name: str, option: Any) -> None:
    twice = [option.opts[0], "1", option.opts[-1], "2"]
    ran = CliRunner().invoke(app, [*name.split(), *twice], env=PLAIN)
    assert ran.exit_code == 2
    assert option.opts[0] in ran.output
    assert "It is given 2 times, but takes one value." in ran.output


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=titles(OPTIONS))
def test_every_option_that_takes_a_list_may_be_repeated_and_says_so(name: str, option: Any) -> None:
    takes_a_list = "comma-separated" in (option.help or "").lower()
    assert takes_a_list == option.multiple == ("may be repeated" in (option.help or ""))


def test_the_lists_are_those_of_searches_and_downloads() -> None:
    assert {option.opts[0] for _name, option in LISTS} == {"--collections", "--ids", "--sort", "--assets"}


def test_repeated_lists_accumulate_in_order_and_mix_with_commas() -> None:
    found = wanted_by("-c", "b", "--ids", "x,y", "--collections", "a, c", "--ids", "x", "--sort", "-z", "--sort", "y,x")
    assert found.collections == ("b", "a", "c")
    assert found.ids == ("x", "y", "x"), "the same as --ids x,y,x"
    assert found.sortby == ("-z", "y", "x")


def test_a_new_option_cannot_forget_the_rule() -> None:
    probe = App()

    @probe.command()
    def first(name: str = "", tags: Annotated[list[str] | None, typer.Option()] = None, loud: bool = False) -> None:
        typer.echo(f"{name} {tags} {loud}")

    @probe.callback()
    def group(level: int = 0) -> None:
        """A group with an option of its own."""

    run = CliRunner().invoke
    assert run(probe, ["first", "--tags", "a", "--tags", "b", "--loud", "--loud"]).output.strip() == "['a', 'b'] True"
    for arguments in (["first", "--name", "a", "--name", "a"], ["--level", "1", "--level", "2", "first"]):
        ran = run(probe, arguments, env=PLAIN)
        assert (ran.exit_code, "It is given 2 times" in ran.output) == (2, True), ran.output


def test_a_limit_beside_a_file_of_items_is_refused_as_the_other_search_options_are(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    found.write_text('{"type": "FeatureCollection", "features": []}')
    for option in (["--limit", "100"], ["--ids", "a"], ["--cloud", "5"], ["--sort", "x"]):
        ran = CliRunner().invoke(app, ["download", str(found), *option, "--output", str(tmp_path / "out")])
        assert ran.exit_code == 2
        assert "not both" in ran.output
