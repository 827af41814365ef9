"""A server of the command's own, in a thread on a free port of this machine, for as long as it is needed."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import typer

from stac_bridge.cli.log import quieten
from stac_bridge.cli.serve import build
from stac_bridge.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from uvicorn import Server

    from stac_bridge.settings import Settings

__all__ = ["own_server"]

_HOST = "127.0.0.1"


@contextlib.contextmanager
def own_server(settings: Settings, purpose: str = "this download") -> Iterator[str]:
    """The address of a server for these settings; it is stopped afterwards. Raises BridgeError."""
    import uvicorn

    quieten()
    taken = socket.socket()
    taken.bind((_HOST, 0))
    address = f"http://{_HOST}:{taken.getsockname()[1]}"
    # Readers reach it here and nowhere else, whatever address another server of these settings is known under.
    app = build(settings.model_copy(update={"public_url": None}), _HOST, taken.getsockname()[1])
    if not settings.embeds_sandbox:
        typer.echo(f"stac-bridge: serving for {purpose} with the M2M account of the settings.", err=True)
    config = uvicorn.Config(app, log_config=None, log_level="error", access_log=False, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([taken],), name="stac-bridge serve", daemon=True)
    thread.start()
    try:
        _wait_for(server, thread)
        yield address
    finally:
        server.should_exit = True
        thread.join(10)
        taken.close()


def _wait_for(server: Server, thread: threading.Thread) -> None:
    while not server.started:
        if not thread.is_alive():
            raise BridgeError("The server did not start; `stac-bridge serve` tells why.")
        time.sleep(0.02)
