"""``make serve`` leaves no process behind, however it ends and whatever it is doing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.processes import is_alive
from stac_bridge.api.routes.browser import is_expected
from tests.unit.scripts.clone import HANGS, Clone

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(os.name != "posix", reason="the Makefile is for POSIX"),
    pytest.mark.slow,
]


def interrupt(make: int, _server: int) -> None:
    """What Ctrl-C does: the terminal signals all of the group in the foreground."""
    os.killpg(make, signal.SIGINT)


def terminate(make: int, _server: int) -> None:
    os.kill(make, signal.SIGTERM)


def kill_server(_make: int, server: int) -> None:
    os.kill(server, signal.SIGKILL)


End = Callable[[int, int], None]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


@pytest.mark.parametrize("end", [interrupt, terminate])
def test_ending_it_while_it_installs_ends_the_installer(clone: Clone, end: End) -> None:
    clone.program("path/uv", HANGS)
    clone.done(".venv/.made")
    with clone.serving() as (make, pipe):
        end(make.pid, 0)
        assert pipe.read() == "", "neither the installer nor its child holds the pipe any more"
        output, _ = make.communicate()  # to the end of its output, which the script would hold open
    assert make.returncode != 0
    assert "Installing the packages of requirements.lock …" in output
    assert not (clone.root / ".venv" / ".serve").exists(), "the next time it installs again"


@pytest.mark.parametrize("end", [interrupt, terminate, kill_server])
def test_the_build_of_the_browser_ends_with_the_server(clone: Clone, end: End) -> None:
    clone.program("path/npm", HANGS)
    clone.program("path/node", "echo v99.0.0")
    clone.program(".venv/bin/stac-bridge", "echo $$ > server.pid; exec sleep 600")
    clone.done(".venv/.made", ".venv/.serve", ".venv/.examples")
    os.mkfifo(clone.root / "server.pid")
    folder = clone.root / "stac_bridge" / "browser"
    with clone.serving() as (make, pipe):
        server = int((clone.root / "server.pid").read_text())
        assert is_expected(folder), "/browser/ shows that it is being built"
        end(make.pid, server)
        assert pipe.read() == "", "neither npm nor its child holds the pipe any more"
        make.communicate()
    assert not is_alive(server)
    assert not is_expected(folder)
    assert not (clone.root / "browser" / ".built").exists(), "the next time it builds again"


def test_serving_installs_what_serving_needs_and_nothing_for_developers(clone: Clone) -> None:
    planned = clone.make("--dry-run", "serve").stdout
    assert "scripts.setup --clone requirements.lock" in planned
    assert "requirements-dev.lock" not in planned
    assert "browser.build" not in planned


@pytest.mark.parametrize("target", ["lint", "format", "docs", "bench"])
def test_what_needs_no_browser_builds_none(clone: Clone, target: str) -> None:
    planned = clone.make("--dry-run", target)
    assert planned.returncode == 0, planned.stderr
    assert "requirements-dev.lock" in planned.stdout
    assert "browser.build" not in planned.stdout
