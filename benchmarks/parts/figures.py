"""The figures that a benchmark returns, each beside its target, and the table that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

__all__ = ["Figure", "Result", "Target", "at_least", "at_most", "not_measured", "table"]


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on a figure, in the figure's unit."""

    relation: Literal["at most", "at least"]
    bound: float

    def is_met_by(self, value: float) -> bool:
        """Compare a value with the bound, which is itself allowed."""
        return value <= self.bound if self.relation == "at most" else value >= self.bound

    def __str__(self) -> str:
        return f"{self.relation} {_number(self.bound)}"


def at_most(bound: float) -> Target:
    """Return a target that larger values miss."""
    return Target("at most", bound)


def at_least(bound: float) -> Target:
    """Return a target that smaller values miss."""
    return Target("at least", bound)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, or the reason why there is none."""

    name: str
    value: float | None
    unit: str = ""
    target: Target | None = None
    reason: str = ""
    """Why the value is None. It may be published: put paths, addresses and logs on stderr instead."""

    @property
    def verdict(self) -> Literal["met", "missed", ""]:
        """Whether the target is met; empty without a target or a value."""
        if self.target is None or self.value is None:
            return ""
        return "met" if self.target.is_met_by(self.value) else "missed"

    @property
    def text(self) -> str:
        """The value with its unit, or the reason why there is none."""
        return f"not measured: {self.reason}" if self.value is None else f"{_number(self.value)} {self.unit}".rstrip()


def not_measured(name: str, reason: str, target: Target | None = None) -> Figure:
    """Return a figure without a value."""
    return Figure(name, None, target=target, reason=reason)


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one benchmark, and how they were measured."""

    benchmark: str
    figures: tuple[Figure, ...]
    about: str = ""
    size: str = ""
    failed: bool = False
    """Whether the benchmark ended with an error."""

    def to_json(self) -> str:
        """Write the result as one line."""
        return _JSON.dump_json(self).decode()

    @staticmethod
    def from_json(line: str | bytes) -> Result:
        """Read what ``to_json`` wrote."""
        return _JSON.validate_json(line)


_JSON = TypeAdapter(Result)


def table(results: Iterable[Result]) -> str:
    """Lay out all figures as one Markdown table, aligned so that a terminal shows it as well."""
    rows = [("benchmark", "figure", "value", "target", "result"), *_rows(results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def _rows(results: Iterable[Result]) -> Iterator[tuple[str, ...]]:
    for result in results:
        for figure in result.figures:
            target = "" if figure.target is None else f"{figure.target} {figure.unit}".rstrip()
            cells = (result.benchmark, figure.name, figure.text, target, figure.verdict)
            yield tuple(cell.replace("|", r"\|") for cell in cells)


def _number(value: float) -> str:
    """Three significant digits, and all digits of the integer part."""
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:.3g}"
