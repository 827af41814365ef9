"""One command line for all benchmarks: ``--tiny``, and an option for each part of a benchmark's size."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

__all__ = ["Benchmark"]

Size = TypeVar("Size")
"""A frozen dataclass of numbers, flags and tuples of numbers."""


@dataclass(frozen=True)
class Benchmark(Generic[Size]):
    """``run`` measures at a size and prints the figures; each module of ``benchmarks`` has one as ``BENCHMARK``."""

    run: Callable[[Size], None]
    full: Size
    tiny: Size
    """Small enough for a test, which only shows that the benchmark runs."""

    def command(self, arguments: Sequence[str] | None = None) -> None:
        """Run as a command. An option that is not given is as in ``full``, or with ``--tiny`` as in ``tiny``."""
        given = vars(self._parser().parse_args(arguments))
        size = self.tiny if given.pop("tiny") else self.full
        parts = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        self.run(dataclasses.replace(size, **parts))  # type: ignore[type-var]

    def _parser(self) -> argparse.ArgumentParser:
        module = sys.modules[self.run.__module__]
        parser = argparse.ArgumentParser(description=module.__doc__, argument_default=argparse.SUPPRESS)
        parser.add_argument("--tiny", action="store_true", default=False, help="the size that tests run")
        for part in dataclasses.fields(self.full):  # type: ignore[arg-type]
            usual = getattr(self.full, part.name)
            parser.add_argument(f"--{part.name}", help=f"in full {usual}", **_kind(usual))
        return parser


def _kind(usual: Any) -> dict[str, Any]:
    """How argparse reads a value of the same kind."""
    if isinstance(usual, bool):
        return {"action": argparse.BooleanOptionalAction}
    if isinstance(usual, tuple):
        return {"nargs": "+", "type": type(usual[0])}
    return {"type": type(usual)}
