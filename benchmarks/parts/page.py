"""The page of the documentation that shows the figures."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.parts.figures import Result, table
from benchmarks.parts.machine import Machine

__all__ = ["page"]

_INTRODUCTION = """\
# Benchmarks

`make bench WRITE=1` measured these figures, on the sandbox, and wrote this page.
All processes of a benchmark share one machine, so compare ratios between machines, not times.
A target is a goal: a missed one fails nothing.
"""


def page(results: Sequence[Result], machine: Machine) -> str:
    """Write the page: the machine, the table, and how each benchmark measures."""
    conditions = {
        "date": machine.date,
        "processor": machine.processor,
        "cores": str(machine.cores),
        "memory": f"{machine.memory / 2**30:.1f} GiB",
        "Python": machine.python,
        "load average at the start": f"{machine.load:.2f}",
    }
    parts = [
        _INTRODUCTION,
        "\n".join(f"- {name}: {value}" for name, value in conditions.items()),
        table(results),
        "## How each benchmark measures",
        "\n".join(f"- **{run.benchmark}**: {run.about} Size: `{run.size}`." for run in results if not run.failed),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"
