"""What commands print: tables for people, one JSON document for programs. Words of others go out as plain text."""

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

__all__ = ["WIDTH", "aside", "facts", "plain", "print_json", "put", "rows"]

WIDTH = 160
"""Columns of a table where no terminal says how many there are."""


def put(*answer: RenderableType) -> None:
    """On stdout: coloured on a terminal, unless NO_COLOR is set; in a pipe plain and wide, with no blanks at ends."""
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(*answer, sep="\n")
        return
    console.width = WIDTH
    with console.capture() as written:
        console.print(*answer, sep="\n")
    typer.echo("\n".join(line.rstrip() for line in written.get().splitlines()))


def aside() -> Console:
    """Stderr, for what is no part of the answer: progress, and how to go on."""
    return Console(stderr=True, highlight=False)


def print_json(said: Any) -> None:
    """One document; laid out where somebody looks."""
    console = Console()
    if console.is_terminal:
        console.print_json(data=said, ensure_ascii=False)
    else:
        typer.echo(json.dumps(said, ensure_ascii=False))


def plain(value: Any, most: int = 500) -> Text:
    """Somebody else's value on one line: no markup, and nothing that a terminal takes for a command."""
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Text(one_line(words, most))


def facts(known: Iterable[tuple[str, Any]]) -> Table:
    """A line for each (name, value) that has a value."""
    found = Table.grid(padding=(0, 2))
    found.add_column(style="bold cyan", no_wrap=True)
    found.add_column(overflow="fold")
    for name, value in known:
        if value not in (None, "", [], {}):
            found.add_row(plain(name), value if isinstance(value, Text) else plain(value))
    return found


def rows(headings: Sequence[str], cells: Iterable[Sequence[Text]]) -> Table:
    """A table without lines; a column that says nothing is left out, what does not fit is folded, never cut."""
    lines = list(cells)
    filled = [place for place in range(len(headings)) if any(line[place] for line in lines)]
    found = Table(*(headings[place] for place in filled), box=None, pad_edge=False, header_style="bold")
    for column in found.columns:
        column.overflow = "fold"
    for line in lines:
        found.add_row(*(line[place] for place in filled))
    return found
