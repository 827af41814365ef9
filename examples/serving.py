"""A STAC API for the examples: the one that is named, else one on the embedded sandbox, which needs no account."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator


@contextlib.contextmanager
def server(api: str | None) -> Iterator[str]:
    """The address of a STAC API: the one named, else one started here and stopped afterwards."""
    if api:
        yield api
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("STAC_BRIDGE_M2M")}
    started = subprocess.Popen(
        [sys.executable, "-c", "from stac_bridge.cli import app; app()", "serve", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=quiet,
    )
    try:
        address = f"http://127.0.0.1:{port}/"
        wait_for(address, started)
        yield address
    finally:
        started.terminate()
        started.wait()


def wait_for(address: str, started: subprocess.Popen[bytes]) -> None:
    """Return as soon as the server answers."""
    for _ in range(300):
        if started.poll() is not None:
            sys.exit("The server did not start; run `stac-bridge serve` to see why.")
        with contextlib.suppress(OSError), urllib.request.urlopen(address):
            return
        time.sleep(0.1)
    sys.exit(f"Nothing answers at {address}.")
