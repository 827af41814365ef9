"""``stac-bridge serve``: the STAC API, with an M2M account or with the embedded sandbox."""

from __future__ import annotations

import asyncio
import atexit
import ipaddress
import logging
import os
import resource
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from pydantic_core import ValidationError

from stac_bridge.cli.commands.sandbox import EMBEDDED_M2M_URL
from stac_bridge.cli.exit_codes import setting_error
from stac_bridge.cli.garbage_collection import tune_garbage_collection
from stac_bridge.cli.output.log import Redactor, log_to_stderr
from stac_bridge.errors import BridgeError
from stac_bridge.extras import require_extra

if TYPE_CHECKING:
    from types import FrameType

    from starlette.types import ASGIApp

    from stac_bridge.settings import Settings

_log = logging.getLogger("stac_bridge")

SHUTDOWN_TIMEOUT = 5
"""Seconds for open requests to finish at shutdown. Container runtimes kill a process after ten."""

SANDBOX_PATH = "/sandbox"
"""Path at which the embedded sandbox is mounted."""


def serve(
    host: Annotated[
        str, typer.Option(help="Address to bind; the default is only reachable from this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, envvar="PORT", help="Port to bind.")] = 8000,
    workers: Annotated[
        int, typer.Option(min=1, help="Number of processes; several of them share the account via STAC_BRIDGE_STORE.")
    ] = 1,
) -> None:
    """Run the STAC API server.

    With STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN, it serves USGS's archive; with neither the username nor
    STAC_BRIDGE_M2M_URL, it serves the embedded sandbox, which needs no account.
    """
    import uvicorn

    from stac_bridge.settings import Settings

    try:
        settings = Settings()
        log_to_stderr(settings)
        if workers > 1:
            _check_workers(settings)
            _share_metrics()
        server: ASGIApp | str = build(settings, host, port)
    except ValidationError as invalid:
        _fail("; ".join(setting_error(error) for error in invalid.errors()))
    except BridgeError as error:
        _fail(str(error))
    _raise_file_limit(settings)
    tune_garbage_collection()
    signal.signal(signal.SIGTERM, _exit)
    if workers > 1:
        server = "stac_bridge.cli.worker:worker"
    uvicorn.run(
        server,
        factory=workers > 1,
        workers=workers,
        host=host,
        port=port,
        # X-Forwarded-* is handled by api/middleware/client_address.py, which respects STAC_BRIDGE_TRUSTED_PROXIES.
        proxy_headers=False,
        http="stac_bridge.cli.connection:LimitedProtocol",
        ws="none",
        limit_concurrency=settings.max_connections,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
        log_config=None,  # its records go to the root logger, whose handler redacts secrets
        access_log=False,
    )


def _raise_file_limit(settings: Settings) -> None:
    """Allows this process as many open files as its limits need: with too few, it can accept no connection at all."""
    from stac_bridge.cli.connection import needed_files

    needed = needed_files(settings.max_connections, settings.max_streams)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < needed:
        _log.warning(
            "This process may open %d files, and needs %d for STAC_BRIDGE_MAX_CONNECTIONS and STAC_BRIDGE_MAX_STREAMS; "
            "raise the limit (ulimit -n) or lower these settings.",
            allowed,
            needed,
        )


def _check_workers(settings: Settings) -> None:
    """Checks that several processes can run with these settings. Raises BridgeError."""
    from stac_bridge.store import is_shared

    if settings.embeds_sandbox:
        raise BridgeError(
            "--workers: the embedded sandbox runs in a single process. Start `stac-bridge sandbox` separately and set "
            "STAC_BRIDGE_M2M_URL to it (with any username and token), or set an M2M account."
        )
    if not is_shared(settings.store):
        raise BridgeError(
            "--workers: M2M serves one request of an account at a time, so several processes have to take turns. "
            "Set STAC_BRIDGE_STORE=redis://host:6379/0 to a Redis or Valkey that coordinates them."
        )


def _share_metrics() -> None:
    """Makes each worker report the metrics of all. Must run before the first metric is created."""
    folder = tempfile.TemporaryDirectory(prefix="stac-bridge-metrics-")
    atexit.register(folder.cleanup)
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder.name)


def _exit(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Handles SIGTERM, which uvicorn raises again after its shutdown: removes temporary files and exits with 0.

    ``os._exit`` does not wait for threads, such as one that computes a picture: its result is not needed.
    """
    atexit._run_exitfuncs()
    logging.shutdown()
    os._exit(0)


def build(settings: Settings, host: str, port: int) -> ASGIApp:
    """The application for these settings, reachable at this address. Raises BridgeError."""
    from stac_bridge.store import check_redis, is_shared

    if is_shared(settings.store):
        asyncio.run(check_redis(settings.store))
    if settings.embeds_sandbox:
        return _with_sandbox(settings, _public_address(settings, host, port))
    if not settings.m2m_username or not settings.m2m_token.get_secret_value():
        raise BridgeError("Set both STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN, or neither for the sandbox.")
    if not _is_loopback(host):
        _log.warning(
            "LISTENING ON %s WITH AN M2M ACCOUNT: every client that reaches this address spends the account's quota "
            "and its only concurrent request. Bind 127.0.0.1, or put an authenticating proxy in front.",
            host,
        )
    from stac_bridge.api import create_app

    return create_app(settings)


def _with_sandbox(settings: Settings, address: str) -> ASGIApp:
    """The application with a sandbox mounted in it, which it calls in memory instead of over the network.

    The data folder is temporary, because the sandbox's scenes are not worth keeping.
    """
    import httpx
    from pydantic import HttpUrl, SecretStr

    require_extra(
        "sandbox",
        "Serving without an account",
        "set STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN to serve the real archive",
    )
    from m2m_sandbox import create_sandbox
    from stac_bridge.api import create_app

    notice = "This server runs on the embedded sandbox: its scenes and pictures are computed, not USGS's."
    _log.warning("%s Set STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN to serve the real archive.", notice)
    sandbox = create_sandbox(base_url=f"{address}{SANDBOX_PATH}")
    account = {"m2m_url": HttpUrl(EMBEDDED_M2M_URL), "m2m_username": "sandbox", "m2m_token": SecretStr("sandbox")}
    folder = tempfile.TemporaryDirectory(prefix="stac-bridge-")
    atexit.register(folder.cleanup)
    app = create_app(
        settings.model_copy(update=account),
        notice=notice,
        keep_in=Path(folder.name),
        transport=httpx.ASGITransport(sandbox),
        own_origin=address,
    )
    app.mount(SANDBOX_PATH, sandbox)
    return app


def _public_address(settings: Settings, host: str, port: int) -> str:
    """The address at which clients reach the server: the configured one, else on this machine."""
    if settings.public_url:
        return str(settings.public_url).rstrip("/")
    name = "127.0.0.1" if host in ("0.0.0.0", "::", "") else f"[{host}]" if ":" in host else host  # noqa: S104
    return f"http://{name}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _fail(reason: str) -> NoReturn:
    typer.echo(f"stac-bridge: {Redactor()(reason)}", err=True)
    raise typer.Exit(2)
