"""The API that a command asks: one that runs, else a server of the command's own, in a thread, while it is needed."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

from stac_bridge.cli.exit_codes import note
from stac_bridge.cli.log import quieten
from stac_bridge.cli.serve import build
from stac_bridge.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from uvicorn import Server

    from stac_bridge.settings import Settings

__all__ = ["named", "own_server", "reached", "tell_of_hrefs"]

_HOST = "127.0.0.1"


def named(api: str | None) -> str | None:
    """The address that an option gives, else the settings; None where neither does."""
    from stac_bridge.settings import Settings

    settings = Settings()
    return api or (str(settings.api).rstrip("/") if settings.api else None)


@contextlib.contextmanager
def reached(api: str | None) -> Iterator[str]:
    """The address of the API to ask. Raises BridgeError."""
    from stac_bridge.settings import Settings

    address = named(api)
    with contextlib.nullcontext(address) if address else own_server(Settings()) as found:
        yield found


def tell_of_hrefs(api: str | None) -> None:
    """Where a command prints hrefs that lead to a server of its own, for those who mean to keep them."""
    if named(api) is None:
        note("The hrefs end with this command's own server; those of a server that runs (--api) last for days.")


@contextlib.contextmanager
def own_server(settings: Settings, purpose: str = "this command") -> Iterator[str]:
    """The address of a server for these settings; it is stopped afterwards. Raises BridgeError."""
    import uvicorn

    quieten()
    taken = socket.socket()
    taken.bind((_HOST, 0))
    address = f"http://{_HOST}:{taken.getsockname()[1]}"
    # Readers reach it here and nowhere else, whatever address another server of these settings is known under.
    app = build(settings.model_copy(update={"public_url": None}), _HOST, taken.getsockname()[1])
    if not settings.embeds_sandbox:
        note(f"serving for {purpose} with the M2M account of the settings.")
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
