"""The commands as processes on free ports, as a newcomer starts them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def started(
    command: str, folder: Path, *more: str, before: str = "", port: int = 0, **settings: str
) -> Iterator[tuple[str, Path]]:
    """The address of ``stac-bridge <command>`` and its log; it is stopped afterwards. ``before`` is code run first."""
    port, log = port or free_port(), folder / f"{command}.log"
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("STAC_BRIDGE_") and name != "PORT"
    }
    given = {f"STAC_BRIDGE_{name.upper()}": value for name, value in settings.items()}
    arguments = [
        sys.executable,
        "-c",
        f"{before}\nfrom stac_bridge.cli import app; app()",
        command,
        "--port",
        str(port),
        *more,
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(
            arguments, stdout=out, stderr=out, env={**clean, "STAC_BRIDGE_DATA_DIR": str(folder / "data"), **given}
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/", process, log)
            yield f"http://127.0.0.1:{port}", log
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(900):
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(address).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


def until(done: Callable[[], T], seconds: float = 30) -> T:
    """What ``done`` gives, as soon as that is something."""
    end = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < end, "It did not come to that."
        time.sleep(0.05)
    return found
