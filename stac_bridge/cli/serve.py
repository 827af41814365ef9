"""``stac-bridge serve``: the STAC API, over an M2M account or over the embedded sandbox."""

from __future__ import annotations

import asyncio
import atexit
import ipaddress
import logging
import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from pydantic_core import ValidationError

from stac_bridge.cli.garbage import collect_rarely
from stac_bridge.cli.leaving import told
from stac_bridge.cli.log import Redactor, log_to_stderr
from stac_bridge.errors import BridgeError
from stac_bridge.extras import require_extra

if TYPE_CHECKING:
    from types import FrameType

    from starlette.types import ASGIApp

    from stac_bridge.settings import Settings

__all__ = ["build", "serve"]

_log = logging.getLogger("stac_bridge")

_PRETEND_URL = "http://sandbox.invalid/api/api/json/stable/"

FINISHING = 5
"""Seconds that answers under way may still take when the server is told to stop; a container is killed after ten."""

SANDBOX = "/sandbox"
"""Where the embedded sandbox is mounted."""


def serve(
    host: Annotated[str, typer.Option(help="Address to bind; only this machine reaches the default.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, envvar="PORT", help="Port to bind.")] = 8000,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes; several share the one M2M account by way of STAC_BRIDGE_STORE.")
    ] = 1,
) -> None:
    """Serve the STAC API.

    With STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN set, over USGS's archive; with neither the username
    nor STAC_BRIDGE_M2M_URL set, over the embedded sandbox, which needs no account.
    """
    import uvicorn

    from stac_bridge.settings import Settings

    try:
        settings = Settings()
        log_to_stderr(settings)
        if workers > 1:
            _check_several(settings)
            _count_together()
        server: ASGIApp | str = build(settings, host, port)
    except ValidationError as invalid:
        _leave("; ".join(told(one) for one in invalid.errors()))
    except BridgeError as wrong:
        _leave(str(wrong))
    collect_rarely()
    # X-Forwarded-* headers are read in api/callers.py, which believes only STAC_BRIDGE_TRUSTED_PROXIES.
    signal.signal(signal.SIGTERM, _end)
    if workers > 1:
        server = "stac_bridge.cli.worker:worker"
    uvicorn.run(
        server,
        factory=workers > 1,
        workers=workers,
        host=host,
        port=port,
        proxy_headers=False,
        timeout_graceful_shutdown=FINISHING,
        log_config=None,  # its records reach our log, which knows what to leave out
        access_log=False,
    )


def _check_several(settings: Settings) -> None:
    """Whether several processes can serve these settings. Raises BridgeError."""
    from stac_bridge.store import is_shared

    if settings.embeds_sandbox:
        raise BridgeError(
            "--workers: the embedded sandbox lives in one process. Start `stac-bridge sandbox` beside the server "
            "and name it by STAC_BRIDGE_M2M_URL (any username and token will do), or set an M2M account."
        )
    if not is_shared(settings.store):
        raise BridgeError(
            "--workers: M2M serves one request of an account at a time, so several processes have to take turns. "
            "Set STAC_BRIDGE_STORE=redis://host:6379/0 to a Redis or Valkey, by which they do."
        )


def _count_together() -> None:
    """Let the workers' metrics be one, whichever of them is asked; before anything is counted."""
    folder = tempfile.TemporaryDirectory(prefix="stac-bridge-metrics-")
    atexit.register(folder.cleanup)
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder.name)


def _end(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Uvicorn raises the signal again when all is done: then we leave in peace, and what is temporary is removed.

    Threads that still work, such as on a picture of the sandbox, have nobody left to give it to.
    """
    atexit._run_exitfuncs()
    logging.shutdown()
    os._exit(0)


def build(settings: Settings, host: str, port: int) -> ASGIApp:
    """The server for these settings, reached at this address. Raises BridgeError."""
    from stac_bridge.store import is_shared, reach

    if is_shared(settings.store):
        asyncio.run(reach(settings.store))
    if settings.embeds_sandbox:
        return _with_sandbox(settings, _address(settings, host, port))
    if not settings.m2m_username or not settings.m2m_token.get_secret_value():
        raise BridgeError("Set both STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN, or neither for the sandbox.")
    if not _is_loopback(host):
        _log.warning(
            "LISTENING ON %s WITH AN M2M ACCOUNT: whoever reaches this address spends the account's quota "
            "and its one request at a time. Bind 127.0.0.1, or put a gate in front.",
            host,
        )
    from stac_bridge.api import create_app

    return create_app(settings)


def _with_sandbox(settings: Settings, address: str) -> ASGIApp:
    """The server and, mounted below it, the sandbox that it asks without going over the network.

    What is kept of the sandbox ends with the process: its scenes are not worth a place beside USGS's.
    """
    import httpx
    from pydantic import HttpUrl, SecretStr

    require_extra(
        "sandbox",
        "Serving without an account",
        "set STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN to serve the real archive",
    )
    from stac_bridge.api import create_app
    from stac_bridge.sandbox import create_sandbox

    notice = "This server runs on the embedded sandbox: its scenes and pictures are computed, not USGS's."
    _log.warning("%s Set STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN to serve the real archive.", notice)
    pretend = create_sandbox(base_url=f"{address}{SANDBOX}")
    told = {"m2m_url": HttpUrl(_PRETEND_URL), "m2m_username": "sandbox", "m2m_token": SecretStr("sandbox")}
    folder = tempfile.TemporaryDirectory(prefix="stac-bridge-")
    atexit.register(folder.cleanup)
    app = create_app(
        settings.model_copy(update=told),
        notice=notice,
        keep_in=Path(folder.name),
        transport=httpx.ASGITransport(pretend),
        own_origin=address,
    )
    app.mount(SANDBOX, pretend)
    return app


def _address(settings: Settings, host: str, port: int) -> str:
    """Where readers reach the server: as configured, else on this machine."""
    if settings.public_url:
        return str(settings.public_url).rstrip("/")
    name = "127.0.0.1" if host in ("0.0.0.0", "::", "") else f"[{host}]" if ":" in host else host  # noqa: S104
    return f"http://{name}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _leave(why: str) -> NoReturn:
    typer.echo(f"stac-bridge: {Redactor()(why)}", err=True)
    raise typer.Exit(2)
