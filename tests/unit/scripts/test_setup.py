"""The set-up installs with uv, with pip if uv cannot, and prints a few lines while it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.processes import Failed
from scripts.setup import pin, pip_line, uv_line
from tests.unit.scripts.clone import ROOT, Clone

pytestmark = pytest.mark.slow


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clone whose pip writes down what it was told, as its uv does if there is one."""
    made = Clone(tmp_path)
    python = (made.root / ".venv" / "bin" / "python").read_text().splitlines()[1]
    made.program(
        ".venv/bin/python",
        f'if [ "$2" = pip ]; then shift 2; echo "pip $*" >> "{made.root}/told"; else {python}; fi',
    )
    made.done(".venv/.made")
    return made


def uv(clone: Clone, ending: str) -> None:
    clone.program("path/uv", f'echo "uv $*" >> "{clone.root}/told"; {ending}')


def told(clone: Clone) -> list[str]:
    lines = (clone.root / "told").read_text().replace(f"{clone.root}/", "").splitlines()
    return [line.split(" ", 1)[0] + (" clone" if "--editable" in line else " " + line.split()[-1]) for line in lines]


def test_uv_installs_the_lock_and_the_clone(clone: Clone) -> None:
    uv(clone, "exit 0")
    assert clone.make(".venv/.serve").returncode == 0
    assert told(clone) == ["uv requirements.lock", "uv clone"]
    assert clone.make(".venv/.serve").stdout.endswith("is up to date.\n")


def test_pip_installs_if_uv_fails(clone: Clone) -> None:
    uv(clone, "echo no index >&2; exit 2")
    made = clone.make(".venv/.serve")
    assert made.returncode == 0
    assert "Trying pip instead." in made.stdout
    assert "no index" in made.stderr
    assert told(clone) == ["uv requirements.lock", "pip requirements.lock", "pip clone"]


def test_all_for_developers_follows_what_serving_needs_and_leaves_the_clone_alone(clone: Clone) -> None:
    uv(clone, "exit 0")
    assert clone.make(".venv/.dev").returncode == 0
    assert told(clone) == ["uv requirements.lock", "uv clone", "uv requirements-dev.lock"]
    assert clone.make(".venv/.examples").stdout.endswith("is up to date.\n"), "which has the examples' packages, too"


def test_uv_is_installed_at_the_version_and_by_the_hashes_of_the_lock() -> None:
    lines = pin("uv", (ROOT / "requirements-dev.lock").read_text()).splitlines()
    assert lines[0].startswith("uv==")
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])
    assert len(lines) > 10
    with pytest.raises(Failed, match="run make lock"):
        pin("uv", "uvicorn==1.0\n")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Downloading numpy (16.1MiB)", "  Downloading numpy (16.1MiB)"),
        (" Downloaded numpy", None),
        ("Installed 89 packages in 349ms", "  Installed 89 packages in 349ms"),
        (" + numpy==2.4.6", None),
    ],
)
def test_of_uv_a_line_for_each_large_download_is_shown(line: str, shown: str | None) -> None:
    assert uv_line(line) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  Downloading numpy-2.4.6-cp311-cp311-linux_x86_64.whl (16.6 MB)", "  Downloading numpy (16.6 MB)"),
        ("  Downloading click-8.5.1-py3-none-any.whl (98 kB)", None),
        ("Collecting numpy==2.4.6", None),
        ("Installing collected packages: click, numpy", "  Unpacking 2 packages"),
    ],
)
def test_of_pip_a_line_for_each_large_download_is_shown(line: str, shown: str | None) -> None:
    assert pip_line(line) == shown
