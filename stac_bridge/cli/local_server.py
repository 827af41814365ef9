"""The API that a command uses: a running one, or else a server in a thread of the command itself."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

from stac_bridge.cli.commands.serve import build
from stac_bridge.cli.exit_codes import note
from stac_bridge.cli.output.log import quiet_libraries
from stac_bridge.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from uvicorn import Server

    from stac_bridge.settings import Settings

_HOST = "127.0.0.1"


def configured_api(api: str | None) -> str | None:
    """The address from the option ``--api``, else from the settings; None if neither is set."""
    from stac_bridge.settings import Settings

    settings = Settings()
    return api or (str(settings.api).rstrip("/") if settings.api else None)


@contextlib.contextmanager
def api_address(api: str | None) -> Iterator[str]:
    """The address of the API to use; an own server runs only inside. Raises BridgeError."""
    from stac_bridge.settings import Settings

    configured = configured_api(api)
    with contextlib.nullcontext(configured) if configured else own_server(Settings()) as address:
        yield address


def note_short_lived_hrefs(api: str | None) -> None:
    """Warns that printed hrefs stop working with the command, if they lead to the command's own server."""
    if configured_api(api) is None:
        note("The hrefs work only while this command runs; those of a running server (--api) are valid for days.")


@contextlib.contextmanager
def own_server(settings: Settings, purpose: str = "this command") -> Iterator[str]:
    """Runs a server with these settings on a free port; yields its address. Raises BridgeError."""
    import uvicorn

    quiet_libraries()
    listener = socket.socket()
    listener.bind((_HOST, 0))
    port = listener.getsockname()[1]
    address = f"http://{_HOST}:{port}"
    # STAC_BRIDGE_PUBLIC_URL is the address of another server with these settings; this one is only reachable here.
    app = build(settings.model_copy(update={"public_url": None}), _HOST, port)
    if not settings.embeds_sandbox:
        note(f"starting a server for {purpose} with the M2M account of the settings.")
    config = uvicorn.Config(app, log_config=None, log_level="error", access_log=False, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="stac-bridge serve", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield address
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def _wait_until_started(server: Server, thread: threading.Thread) -> None:
    while not server.started:
        if not thread.is_alive():
            raise BridgeError("The server did not start; run `stac-bridge serve` to see why.")
        time.sleep(0.02)
