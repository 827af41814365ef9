"""Fills .venv for the Makefile: ``python -m scripts.setup`` makes it, ``… [--clone] LOCK STAMP…`` installs a lock.

uv installs if it is on the PATH or can be had from PyPI (at the version and by the hashes of requirements-dev.lock),
because it is several times as fast; pip installs otherwise, and if uv fails: uv knows nothing of pip's configuration.
Standard library only.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.processes import Failed, exit_on_signals, run

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
DEV_LOCK = ROOT / "requirements-dev.lock"

_PIP = (PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input")
_UV_PIP = ("pip", "install", "--python", PYTHON)
_CLONE = ("--no-deps", "--no-build-isolation", "--editable", ROOT)


def main(arguments: list[str]) -> None:
    """Make the environment or install a lock; exits with a sentence if that fails."""
    exit_on_signals()
    try:
        if arguments:
            lock, *stamps = (Path(one) for one in arguments if one != "--clone")
            install(lock, clone="--clone" in arguments)
        else:
            stamps = [VENV / ".made"]
            make_environment()
    except Failed as failed:
        sys.exit(str(failed))
    for stamp in stamps:
        stamp.touch()


def make_environment() -> None:
    """A virtual environment with pip, and with uv if it can be had and is not on the PATH."""
    if not _has_pip():
        # an interrupted set-up leaves half an environment, and a new Python of the system one that does not start
        run([sys.executable, "-m", "venv", "--clear", VENV], "Making .venv")
    if _uv() is None:
        try:
            _install_uv()
        except Failed as failed:
            print(f"{failed} pip installs the packages, which takes longer.", flush=True)


def _has_pip() -> bool:
    try:
        return subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _uv() -> str | None:
    """The path of uv, in .venv or on the PATH."""
    return shutil.which("uv", path=str(VENV / "bin")) or shutil.which("uv")


def _install_uv() -> None:
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder) / "uv.txt"
        pinned.write_text(pin("uv", DEV_LOCK.read_text(encoding="utf-8")), encoding="utf-8")
        # a source distribution would need a Rust compiler and many minutes
        options: list[str | Path] = ["--require-hashes", "--only-binary", ":all:", "--requirement", pinned]
        run([*_PIP, "install", *options], "Installing uv", shown=pip_line)


def pin(name: str, lock: str) -> str:
    """The part of a lock about one package: its version and hashes."""
    found = re.search(rf"^{re.escape(name)}==(?:.*\\\n)*.*\n", lock, re.MULTILINE)
    if not found:
        raise Failed(f"{name} is not in {DEV_LOCK.name}; run make lock.")
    return found[0]


def install(lock: Path, *, clone: bool) -> None:
    """Install what a lock lists and, if ``clone``, the clone itself, to be imported from where it is. Raises Failed."""
    steps: list[tuple[str, tuple[str | Path, ...]]] = [
        (f"Installing the packages of {lock.name}", ("--require-hashes", "--requirement", lock))
    ]
    if clone:
        steps.append(("Installing stac-bridge", _CLONE))
    with (VENV / ".setup-lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # `make serve` installs behind the server while `make test` may begin
        if uv := _uv():
            try:
                for label, options in steps:
                    run([uv, *_UV_PIP, *options], label, shown=uv_line)
                return
            except Failed as failed:
                print(f"{failed} Trying pip instead.", flush=True)
        for label, options in steps:
            run([*_PIP, "install", *options], label, shown=pip_line)


def uv_line(line: str) -> str | None:
    """Of uv's lines, those about large downloads and what was done; not one for each package."""
    return f"  {line.strip()}" if re.match(r"Downloading |Prepared |Installed |warning", line) else None


def pip_line(line: str) -> str | None:
    """Of pip's lines, those about downloads of a megabyte and more, and the number of packages."""
    if line.startswith("Installing collected packages: "):
        return f"  Unpacking {line.count(',') + 1} packages"
    found = re.match(r"\s*Downloading (\S+?)(?:-\d\S*)? (\(\d+(?:\.\d+)? [MG]B\))", line)
    return f"  Downloading {found[1]} {found[2]}" if found else None


if __name__ == "__main__":
    main(sys.argv[1:])
