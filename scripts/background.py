"""Runs make behind a server, as long as that runs: ``python -m scripts.background PID TARGET…``.

`make serve` starts it before it becomes the server. However the server ends, interrupted, terminated or killed, all
that was started here ends within a few seconds.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from scripts.processes import GRACE, end_with, exit_on_signals, group

ROOT = Path(__file__).resolve().parents[1]


def main(pid: int, targets: list[str]) -> int:
    """The exit code of make."""
    exit_on_signals()
    os.setsid()  # the terminal's Ctrl-C is for the server, which may take a while to end
    os.nice(5)  # requests to the server go first
    end_with(pid)
    command = [os.environ.get("MAKE", "make"), "--silent", "--jobs=2", "--directory", str(ROOT), *targets]
    with group(command, grace=5 * GRACE) as process:
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
