"""A clone in miniature, whose set-up runs on programs that only pretend: no network, no packages, no npm."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
FILES = ("Makefile", "pyproject.toml", "stac_bridge/__init__.py", *(path.name for path in ROOT.glob("*.lock")))

HANGS = """exec 9>"$PIPE"
echo running >&9
sleep 600 &
wait
"""
"""A program that says when it runs, and then keeps the pipe open, as its child does, until both have ended."""


class Clone:
    """The Makefile and the scripts of this clone in another folder, with what they start replaced."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in FILES:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
        for folder in ("scripts", "browser"):
            (root / folder).mkdir()
            for path in (ROOT / folder).iterdir():
                if path.is_file() and path.name != ".built":
                    shutil.copy(path, root / folder)
        self.pipe = root / "pipe"
        os.mkfifo(self.pipe)
        self.program(".venv/bin/python", f'exec "{sys.executable}" "$@"')

    def program(self, name: str, script: str) -> None:
        """A program of the virtual environment, or on the PATH if it is in ``path/``."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def done(self, *stamps: str) -> None:
        """Let make believe that these targets are up to date."""
        for stamp in stamps:
            (self.root / stamp).touch()

    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        path = f"{self.root / 'path'}:{os.environ['PATH']}"
        return {**inherited, "PATH": path, "PIPE": str(self.pipe), "PYTHONPATH": ""}

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", f"PYTHON={sys.executable}", *arguments],
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @contextmanager
    def serving(self) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
        """``make serve``, at the moment when the program that hangs runs, and the pipe which that holds open."""
        process = subprocess.Popen(
            ["make", "serve", f"PYTHON={sys.executable}"],
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # a shell's background, where the tests may run, has children ignore it
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        try:
            with self.pipe.open() as pipe:
                assert pipe.readline() == "running\n"
                yield process, pipe
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
