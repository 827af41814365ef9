"""The parts of docs/cli.md, docs/download.md and the README about the commands, generated from the code.

``python -m tests.docs.commands_page`` updates them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from stac_bridge.cli import app
from stac_bridge.cli.examples import EXAMPLES
from stac_bridge.cli.exit_codes import CODES

ROOT = Path(__file__).resolve().parents[2]
PAGE, DOWNLOAD, README = ROOT / "docs" / "cli.md", ROOT / "docs" / "download.md", ROOT / "README.md"
WRITTEN = (PAGE, DOWNLOAD, README)
_PLACE = re.compile(r"(<!-- (commands|codes): [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)
_BUILT_IN = ("help", "install_completion", "show_completion")


def commands() -> Iterator[tuple[str, Any]]:
    """Each command by its full name, without groups, in the order of the help."""
    yield from _below(typer.main.get_command(app), ())


def _below(group: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _below(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


def chapter() -> str:
    """A section for each command: description, arguments, options, examples."""
    return "\n".join(section for name, command in commands() for section in _section(name, command))


def _section(name: str, command: Any) -> list[str]:
    params = sorted((one for one in command.params if one.name not in _BUILT_IN), key=_is_option)
    arguments = [_argument(one) for one in params if not _is_option(one)]
    return [
        f"### {' '.join(['stac-bridge', name, *arguments])}\n",
        f"{inspect.cleandoc(command.help)}\n",
        "| option | meaning | default |\n|---|---|---|",
        *(_row(one) for one in params),
        f"\n```sh\n{EXAMPLES[name].strip()}\n```\n" if name in EXAMPLES else "",
    ]


def _is_option(one: Any) -> bool:
    return bool(one.param_type_name == "option")


def _argument(argument: Any) -> str:
    word = (argument.metavar or argument.name.upper()).strip("[]")
    return word if argument.required else f"[{word}]"


def _row(one: Any) -> str:
    if not _is_option(one):
        return f"| {_argument(one)} | {one.help} | |"
    takes = "" if one.is_flag else f" {one.metavar or one.name.upper()}"
    default = "" if one.is_flag or one.default in (None, "") else f"`{one.default}`"
    return f"| {', '.join(f'`{word}`' for word in one.opts)}{takes} | {one.help} | {default} |"


def codes() -> str:
    """The table of exit codes."""
    rows = (f"| {code} | {meaning} |" for code, meaning in CODES.items())
    return "\n".join(["| exit code | meaning |\n|---|---|", *rows])


def summary() -> str:
    """A line for each command."""
    rows = (
        f"| `stac-bridge {name}` | {inspect.cleandoc(one.help).partition(chr(10) * 2)[0].replace(chr(10), ' ')} |"
        for name, one in commands()
    )
    return "\n".join(["| command | what it does |\n|---|---|", *rows])


def written(path: Path) -> str:
    """The text of a file with its generated parts updated."""
    parts = {"commands": summary() if path == README else chapter(), "codes": codes()}
    return _PLACE.sub(lambda found: f"{found[1]}{parts[found[2]]}\n{found[3]}", path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    for each in WRITTEN:
        each.write_text(written(each), encoding="utf-8")
