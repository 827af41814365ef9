"""The contract between M2M and its sandbox as a page: ``python -m tests.contract.table`` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.contract.answers import answers
from tests.contract.samples import samples
from tests.contract.shapes import Shapes, shapes

__all__ = ["PAGE", "Row", "page", "reason_of", "reasons", "rows", "unlike"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sandbox-contract.md"
_REASONS = Path(__file__).with_name("differences.yaml")
_NONE = "–"

_HEAD = """# Answers of M2M and of the sandbox

Made by `python -m tests.contract.table`; a test compares it with the sandbox.

Each row is a place in the answers of an endpoint, from all recordings and from the samples of the official reference.
The next columns list the kinds of JSON values at this place, in the recordings and in the answers of the sandbox. If
they differ, the last column has the reason. `[]` are the elements of a list, `*` the values of an object whose keys
are ids.

{count} places of {endpoints} endpoints: {same} are the same, {other} differ.
"""


@dataclass(frozen=True)
class Row:
    """A place of an endpoint's answers, with the kinds of value recorded there and those of the sandbox."""

    endpoint: str
    place: str
    recorded: tuple[str, ...]
    given: tuple[str, ...]


def rows(recorded: dict[str, list[Any]], given: dict[str, list[Any]]) -> list[Row]:
    """A row for every place of every endpoint that is known and that the sandbox has."""
    return [
        row
        for endpoint in sorted(recorded.keys() & given.keys())
        for row in _rows(endpoint, shapes(endpoint, recorded[endpoint]), shapes(endpoint, given[endpoint]))
    ]


def _rows(endpoint: str, recorded: Shapes, given: Shapes) -> Iterator[Row]:
    """What lies below a place where only one of the two has anything is not listed: the place says it all."""
    for place in sorted(recorded.keys() | given.keys()):
        above = _above(place)
        if not above or all(side.get(above, set()) & {"object", "list"} for side in (recorded, given)):
            yield Row(endpoint, place, tuple(sorted(recorded.get(place, ()))), tuple(sorted(given.get(place, ()))))


def _above(place: str) -> str:
    return place[:-2] if place.endswith("[]") else place.rpartition(".")[0]


def unlike(row: Row) -> bool:
    """Whether the sandbox differs from what is known."""
    return row.recorded != row.given


@cache
def reasons() -> dict[str, str]:
    """``endpoint place`` or ``* place`` → why a difference is left."""
    said: dict[str, str] = yaml.safe_load(_REASONS.read_text(encoding="utf-8"))
    return said


def reason_of(row: Row) -> tuple[str, str] | None:
    """The entry of the reasons that is about this row: its key and its text."""
    known = reasons()
    keys = f"{row.endpoint} {row.place}", f"* {row.place}"
    return next(((key, known[key]) for key in keys if key in known), None)


def page(every: list[Row]) -> str:
    """The page as Markdown."""
    other = sum(map(unlike, every))
    endpoints = list(dict.fromkeys(row.endpoint for row in every))
    head = _HEAD.format(count=len(every), endpoints=len(endpoints), same=len(every) - other, other=other)
    return "\n".join([head, *(_section(name, [row for row in every if row.endpoint == name]) for name in endpoints)])


def _section(endpoint: str, every: list[Row]) -> str:
    lines = [f"## {endpoint}", "", "| place | recorded | sandbox | reason for the difference |", "|---|---|---|---|"]
    return "\n".join([*lines, *map(_line, every), ""])


def _line(row: Row) -> str:
    reason = reason_of(row) if unlike(row) else None
    cells = f"`{row.place}`", ", ".join(row.recorded) or _NONE, ", ".join(row.given) or _NONE
    return f"| {' | '.join(cells)} | {reason[1] if reason else ''} |"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(rows(samples(), answers())), encoding="utf-8")
