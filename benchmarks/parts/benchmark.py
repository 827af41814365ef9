"""One command line for all benchmarks: ``--tiny``, ``--json``, and an option for each field of a benchmark's size."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Generic, TypeVar

from benchmarks.parts.figures import Figure, Result, table

__all__ = ["Benchmark"]

Size = TypeVar("Size")
"""A frozen dataclass of numbers, flags and tuples of numbers."""


@dataclass(frozen=True)
class Benchmark(Generic[Size]):
    """``run`` measures at a size; each module of ``benchmarks`` has one instance, ``BENCHMARK``."""

    run: Callable[[Size], Sequence[Figure]]
    full: Size
    tiny: Size
    """Small enough for a test, which only shows that the benchmark runs."""

    def command(self, arguments: Sequence[str] | None = None) -> None:
        """Run as a command. Options default to the fields of ``full``, or with ``--tiny`` to those of ``tiny``."""
        options = vars(self._parser().parse_args(arguments))
        as_json, size = options.pop("json"), self.tiny if options.pop("tiny") else self.full
        fields = {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
        result = self.measure(dataclasses.replace(size, **fields))  # type: ignore[type-var]
        print(result.to_json() if as_json else table([result]))

    def measure(self, size: Size) -> Result:
        """Run the benchmark and describe how it was run."""
        figures = tuple(self.run(size))
        fields = dataclasses.asdict(size)  # type: ignore[call-overload]
        return Result(
            benchmark=str(self._module.__spec__ and self._module.__spec__.name.rpartition(".")[2]),
            figures=figures,
            about=" ".join(str(inspect.getdoc(self._module)).split()),
            size=", ".join(f"{name}={value}" for name, value in fields.items()),
        )

    @property
    def _module(self) -> ModuleType:
        return sys.modules[self.run.__module__]

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(description=self._module.__doc__, argument_default=argparse.SUPPRESS)
        parser.add_argument("--tiny", action="store_true", default=False, help="the size that tests run")
        parser.add_argument("--json", action="store_true", default=False, help="print one line of JSON, no table")
        for field in dataclasses.fields(self.full):  # type: ignore[arg-type]
            default = getattr(self.full, field.name)
            parser.add_argument(f"--{field.name}", help=f"full size: {default}", **_kind(default))
        return parser


def _kind(default: Any) -> dict[str, Any]:
    """Return how argparse reads a value of the same type."""
    if isinstance(default, bool):
        return {"action": argparse.BooleanOptionalAction}
    if isinstance(default, tuple):
        return {"nargs": "+", "type": type(default[0])}
    return {"type": type(default)}
