"""A server and the sandbox that it asks, on this machine."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from m2m_sandbox import create_sandbox
from stac_bridge.api import create_app
from stac_bridge.settings import Settings
from tests.redis_server import RedisServer
from tests.serving import free_port, started, until

__all__ = ["bridged", "seen"]


@contextlib.contextmanager
def bridged(
    folder: Path, *, latency: float, workers: int = 1, apart: bool = True, **settings: str
) -> Iterator[tuple[str, str]]:
    """The addresses of a server, and of the sandbox that it asks; with several workers, on a Redis of their own.

    They are processes, as they are where figures count; unless ``apart`` threads, which start at once.
    """
    with contextlib.ExitStack() as running:
        sandbox = running.enter_context(_sandbox(folder, latency, apart))
        given = {"m2m_url": f"{sandbox}/api/api/json/stable/", "m2m_username": "crowd", "m2m_token": "a-token"}
        given |= {"download_hosts": "127.0.0.1", "signing_keys": "a-key-for-measuring-only"}
        if workers > 1:
            redis = RedisServer(folder)
            redis.start()
            running.callback(redis.kill)
            given["store"] = redis.url
        yield running.enter_context(_server(folder, workers, apart, given | settings)), sandbox


@contextlib.contextmanager
def _sandbox(folder: Path, latency: float, apart: bool) -> Iterator[str]:
    if apart:
        with started("sandbox", folder, "--faults", "--latency", str(latency)) as (address, _log):
            yield address
    else:
        with _in_thread(lambda at: create_sandbox(base_url=at, api_latency=latency, faults=True)) as address:
            yield address


@contextlib.contextmanager
def _server(folder: Path, workers: int, apart: bool, given: dict[str, str]) -> Iterator[str]:
    if apart:
        more = ("--workers", str(workers)) if workers > 1 else ()
        with started("serve", folder, *more, **given) as (address, _log):  # type: ignore[arg-type]
            yield address
    else:
        settings = Settings.model_validate({"data_dir": folder / "data", **given})
        with _in_thread(lambda _at: create_app(settings)) as address:
            yield address


@contextlib.contextmanager
def _in_thread(app: Callable[[str], ASGIApp]) -> Iterator[str]:
    """The address of an app that is made for it."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    server = uvicorn.Server(uvicorn.Config(app(address), port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until(lambda: server.started)
        yield address
    finally:
        server.should_exit = True
        thread.join(20)


def seen(sandbox: str) -> dict[str, Any]:
    """What the sandbox has seen: calls, and requests of an account that were in flight at once."""
    with urllib.request.urlopen(f"{sandbox}/__sandbox/seen") as answer:
        said: dict[str, Any] = json.load(answer)
        return said
