"""A server and its sandbox, on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import uvicorn
from starlette.types import ASGIApp

from m2m_sandbox import create_sandbox
from stac_bridge.api import create_app
from stac_bridge.settings import Settings
from tests.redis_server import RedisServer
from tests.serving import free_port, started, until

__all__ = ["bridged", "in_thread", "peak_memory", "sandbox_process", "seen"]


@contextlib.contextmanager
def bridged(
    folder: Path, *, latency: float, workers: int = 1, apart: bool = True, **settings: str
) -> Iterator[tuple[str, str]]:
    """Yield the addresses of a server and of its sandbox; several workers share a Redis of their own.

    Both are processes, as figures that count need; without ``apart`` they are threads, which start at once.
    """
    with contextlib.ExitStack() as running:
        sandbox = running.enter_context(_sandbox(folder, latency, apart))
        values = {"m2m_url": f"{sandbox}/api/api/json/stable/", "m2m_username": "crowd", "m2m_token": "a-token"}
        values |= {"download_hosts": "127.0.0.1", "signing_keys": "a-key-for-measuring-only"}
        if workers > 1:
            redis = RedisServer(folder)
            redis.start()
            running.callback(redis.kill)
            values["store"] = redis.url
        yield running.enter_context(_server(folder, workers, apart, values | settings)), sandbox


@contextlib.contextmanager
def _sandbox(folder: Path, latency: float, apart: bool) -> Iterator[str]:
    if apart:
        with sandbox_process(folder, latency) as address:
            yield address
    else:
        with in_thread(lambda at: create_sandbox(base_url=at, api_latency=latency, faults=True)) as (address, _thread):
            yield address


@contextlib.contextmanager
def sandbox_process(folder: Path, latency: float) -> Iterator[str]:
    """Start a sandbox with faults on demand, and yield its address."""
    with started("sandbox", folder, "--faults", "--latency", str(latency)) as (address, _log):
        yield address


@contextlib.contextmanager
def _server(folder: Path, workers: int, apart: bool, values: dict[str, str]) -> Iterator[str]:
    if apart:
        more = ("--workers", str(workers)) if workers > 1 else ()
        with started("serve", folder, *more, **values) as (address, _log):  # type: ignore[arg-type]
            yield address
    else:
        settings = Settings.model_validate({"data_dir": folder / "data", **values})
        with in_thread(lambda _at: create_app(settings)) as (address, _thread):
            yield address


@contextlib.contextmanager
def in_thread(
    app: Callable[[str], ASGIApp], loop: Literal["auto", "asyncio"] = "auto"
) -> Iterator[tuple[str, threading.Thread]]:
    """Serve an app in a thread; yield its address, which the app is made with, and the thread."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    server = uvicorn.Server(uvicorn.Config(app(address), port=port, log_config=None, access_log=False, loop=loop))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until(lambda: server.started)
        yield address, thread
    finally:
        server.should_exit = True
        thread.join(20)


def peak_memory(command: str | None = None) -> float:
    """Return the maximum memory so far, in MB, of the child process that runs a command, or of this process."""
    process = "self" if command is None else str(_child(command))
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1e3


def _child(command: str) -> int:
    """Return the id of the child process that runs a command."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return next(int(pid) for pid in children if command in Path(f"/proc/{pid}/cmdline").read_text().split("\0"))


def seen(sandbox: str) -> dict[str, Any]:
    """Return the sandbox's counters: calls, and the account's concurrent requests."""
    with urllib.request.urlopen(f"{sandbox}/__sandbox/seen") as response:
        counters: dict[str, Any] = json.load(response)
        return counters
