"""Output of the commands: tables for people, a JSON document for programs. Text from servers is printed unstyled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stac_bridge.client.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

WIDTH = 160
"""Columns of the output if it is not a terminal."""


def print_answer(*parts: RenderableType) -> None:
    """Prints to stdout: with color on a terminal, unless NO_COLOR is set; else plain, wide, without trailing blanks."""
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(*parts, sep="\n")
        return
    console.width = WIDTH
    with console.capture() as capture:
        console.print(*parts, sep="\n")
    typer.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


def stderr_console() -> Console:
    """The console for everything that is not output: progress bars and hints."""
    return Console(stderr=True, highlight=False)


def print_json(document: Any) -> None:
    """Prints one JSON document to stdout; indented on a terminal."""
    console = Console()
    if console.is_terminal:
        console.print_json(data=document, ensure_ascii=False)
    else:
        typer.echo(json.dumps(document, ensure_ascii=False))


def plain(value: Any, max_length: int = 500) -> Text:
    """A value from a server on one line, without markup or control characters that a terminal would obey."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Text(one_line(text, max_length))


def grid(values: Iterable[tuple[str, Any]]) -> Table:
    """One line for each (name, value) whose value is not empty."""
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="bold cyan", no_wrap=True)
    lines.add_column(overflow="fold")
    for name, value in values:
        if value not in (None, "", [], {}):
            lines.add_row(plain(name), value if isinstance(value, Text) else plain(value))
    return lines


def table(headings: Sequence[str], cells: Iterable[Sequence[Text]]) -> Table:
    """A table without rules. Omits empty columns; folds long values instead of truncating them."""
    lines = list(cells)
    filled = [column for column in range(len(headings)) if any(line[column] for line in lines)]
    result = Table(*(headings[column] for column in filled), box=None, pad_edge=False, header_style="bold")
    for column in result.columns:
        column.overflow = "fold"
    for line in lines:
        result.add_row(*(line[column] for column in filled))
    return result
