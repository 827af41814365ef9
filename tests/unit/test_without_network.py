"""``.ci/without-network`` keeps what it runs on this machine, and tells by which means."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "without-network"

pytestmark = [pytest.mark.skipif(not SCRIPT.is_file(), reason="a source distribution has no .ci"), pytest.mark.slow]

OUTSIDE = "192.0.2.1"
"""An address of documentation. A UDP socket sends nothing when it connects, it only needs a route."""

TRIES = f"""
import socket

def can_connect(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
        try:
            tried.connect((address, 9))
        except OSError:
            return False
    return True

def test_only_this_machine_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    assert not can_connect("{OUTSIDE}")
"""


def run(folder: Path, *command: str, path: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT), *command],
        cwd=folder,
        env={**os.environ, "PATH": f"{path}:{os.environ['PATH']}".lstrip(":"), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_in_a_namespace_a_command_reaches_this_machine_and_nothing_else(tmp_path: Path) -> None:
    ran = run(tmp_path, sys.executable, "-c", f"{TRIES}\ntest_only_this_machine_can_be_reached()")
    if "pytest-socket" in ran.stderr:
        pytest.skip(f"NO NAMESPACE IS ALLOWED HERE: {ran.stderr}")
    assert ran.returncode == 0, ran.stderr
    assert "WITHOUT A NETWORK: unshare" in ran.stderr


def test_if_no_namespace_is_allowed_pytest_refuses_connections_to_other_machines(tmp_path: Path) -> None:
    refusing = tmp_path / "bin" / "unshare"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\necho Operation not permitted >&2\nexit 1\n")
    refusing.chmod(0o755)
    (tmp_path / "test_tries.py").write_text(TRIES)
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=.", "-n", "1")
    ran = run(tmp_path, *command, "test_tries.py", path=str(refusing.parent))
    assert "pytest-socket" in ran.stderr
    assert "Operation not permitted" in ran.stderr
    assert f'SocketConnectBlockedError: A test tried to use socket.socket.connect() with host "{OUTSIDE}"' in ran.stdout
    assert ran.returncode == 1


def test_a_command_that_fails_fails(tmp_path: Path) -> None:
    assert run(tmp_path, "sh", "-c", "exit 7").returncode == 7
