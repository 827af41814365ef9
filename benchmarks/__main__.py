"""``python -m benchmarks [NAME ...] [--tiny]``: those that are named, or all, each in a process of its own.

What one leaves in memory would change the figures of the next. One that fails does not stop the others.
"""

from __future__ import annotations

import argparse
import pkgutil
import subprocess
import sys
from collections.abc import Sequence

import benchmarks

__all__ = ["main", "names"]


def names() -> list[str]:
    """Each module of this package but this one."""
    return [one.name for one in pkgutil.iter_modules(benchmarks.__path__) if not one.ispkg and one.name != "__main__"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; the exit status names what failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}; all if none is given")
    parser.add_argument("--tiny", action="store_true", help="the size that tests run")
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - set(names()):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    failed = [name for name in given.names or names() if not _runs(name, given.tiny)]
    sys.exit(f"FAILED: {', '.join(failed)}" if failed else 0)


def _runs(name: str, tiny: bool) -> bool:
    print(f"== {name}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", *(["--tiny"] if tiny else [])]
    return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    main()
