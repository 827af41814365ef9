"""``python -m benchmarks [NAME ...] [--tiny] [--write]``: run the named benchmarks, or all, and print one table.

Each runs in its own process, because objects that one leaves in memory would change the figures of the next. A
benchmark that fails does not stop the others.
"""

from __future__ import annotations

import argparse
import pkgutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import benchmarks
from benchmarks.parts.figures import Result, not_measured, table
from benchmarks.parts.machine import this_machine
from benchmarks.parts.page import page

__all__ = ["main", "names"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def names() -> list[str]:
    """List the modules of this package, except this one."""
    modules = pkgutil.iter_modules(benchmarks.__path__)
    return [module.name for module in modules if not module.ispkg and module.name != "__main__"]


def main(arguments: Sequence[str] | None = None, path: Path = PAGE) -> None:
    """Run the command; the exit status names the benchmarks that failed. ``--write`` writes the page to ``path``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(names())}; all by default")
    parser.add_argument("--tiny", action="store_true", help="the size that tests run")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md, too")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(names()):
        parser.error(f"unknown benchmark {', '.join(sorted(unknown))}; use any of {', '.join(names())}")
    machine = this_machine()
    results = [_measure(name, options.tiny) for name in options.names or names()]
    print(table(results))
    if options.write:
        path.write_text(page(results, machine), encoding="utf-8")
    failed = [result.benchmark for result in results if result.failed]
    sys.exit(f"FAILED: {', '.join(failed)}" if failed else 0)


def _measure(name: str, tiny: bool) -> Result:
    """Run one benchmark in a process, whose last line on stdout is its result."""
    print(f"{name} …", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json", *(["--tiny"] if tiny else [])]
    child = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if child.returncode:
        failure = not_measured("all figures", f"it failed with exit code {child.returncode}")
        return Result(name, (failure,), failed=True)
    return Result.from_json(child.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
