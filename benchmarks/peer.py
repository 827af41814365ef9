"""The peer, stac-fastapi-eodag, beside stac-bridge: the same searches of the same sandbox by the same clients.

It is installed into an environment of its own in a temporary folder (STAC_BRIDGE_BENCH_PEER names one that is there),
which takes minutes. Clients are few, for it logs in and out around every search and M2M refuses whoever comes second.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.crowd import Outcome, crowd
from benchmarks.parts.servers import bridged, seen
from benchmarks.parts.workload import Asked, searches
from tests.serving import free_port, started, wait_for

PACKAGES = ("eodag==4.10.1", "stac-fastapi-eodag==0.6.1", "usgs==0.3.7", "uvicorn")
THEIRS = "LANDSAT_C2L2"

_APP = """
import os, usgs
usgs.USGS_API = os.environ["M2M_URL"].rstrip("/")
import usgs.api
from stac_fastapi.eodag.app import app
"""


@dataclass(frozen=True)
class Size:
    """How many clients search how often, and whether the peer may be installed."""

    clients: int = 8
    requests: int = 10
    seconds: float = 90.0
    latency: float = 0.1
    install: bool = True
    apart: bool = True
    """Whether the servers are processes of their own."""


def run(size: Size) -> None:
    """Print the figures."""
    print(
        f"{size.clients} clients, {size.requests} searches of 10 Items each at most, "
        f"M2M taking {size.latency} s a call:"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ours").mkdir()
        with bridged(folder / "ours", latency=size.latency, apart=size.apart) as (address, sandbox):
            _print("stac-bridge", _searched(address, "landsat_ot_c2_l2", size), sandbox)
        python = _installed(folder, size.install)
        if python is None:
            print("  stac-fastapi-eodag: NOT MEASURED, it is not installed here")
            return
        try:
            with _peer(folder, python, size.latency) as (address, sandbox):
                _print("stac-fastapi-eodag", _searched(address, THEIRS, size), sandbox)
        except AssertionError as broken:
            print(f"  stac-fastapi-eodag: NOT MEASURED, it does not start: {str(broken)[-300:]}")


def _searched(address: str, collection: str, size: Size) -> Outcome:
    asked = [
        Asked("search", str(httpx.URL("/search", params={**one, "collections": collection})))
        for one in searches(size.clients * size.requests)
    ]

    def of(client: int) -> Iterator[Asked]:
        return iter(asked[client :: size.clients])

    return asyncio.run(crowd(address, of, clients=size.clients, requests=size.requests, seconds=size.seconds))


def _installed(folder: Path, may_install: bool) -> Path | None:
    """The interpreter that has the peer."""
    there = os.environ.get("STAC_BRIDGE_BENCH_PEER")
    if there:
        return Path(there) / "bin" / "python"
    if not may_install:
        return None
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    return python if subprocess.run(command, check=False, timeout=600).returncode == 0 else None


@contextlib.contextmanager
def _peer(folder: Path, python: Path, latency: float) -> Iterator[tuple[str, str]]:
    """The addresses of the peer, and of the sandbox that it asks. Raises AssertionError."""
    (folder / "peer_app.py").write_text(_APP, encoding="utf-8")
    (folder / "home").mkdir()
    port, log = free_port(), folder / "peer.log"
    with started("sandbox", folder, "--faults", "--latency", str(latency)) as (sandbox, _log), log.open("wb") as out:
        told = {
            "HOME": str(folder / "home"),
            "M2M_URL": f"{sandbox}/api/api/json/stable",
            "COUNT": "true",
            "EODAG__USGS__API__CREDENTIALS__USERNAME": "bench",
            "EODAG__USGS__API__CREDENTIALS__PASSWORD": "token",
            "EODAG_PROVIDERS_WHITELIST": '["usgs"]',
            "EODAG_EXT_COLLECTIONS_CFG_URI": "",
            "PYTHONPATH": str(folder),
            "PATH": os.environ["PATH"],
        }
        command = [str(python), "-m", "uvicorn", "peer_app:app", "--host", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen(command, env=told, stdout=out, stderr=out, cwd=folder)
        try:
            wait_for(f"http://127.0.0.1:{port}/", process, log)
            yield f"http://127.0.0.1:{port}", sandbox
        finally:
            process.terminate()
            process.wait(10)


def _print(what: str, outcome: Outcome, sandbox: str) -> None:
    told = seen(sandbox)
    done, failed = len(outcome.every), len(outcome.errors)
    times = sorted(one.seconds for one in outcome.every)
    print(
        f"  {what:20} {done:4} searches in {outcome.seconds:5.1f} s, failed {failed:3} ({failed / done:.0%}), "
        f"median {times[len(times) // 2]:5.2f} s, calls of M2M {sum(told['calls'].values()) / done:4.1f} a search, "
        f"refused as second {told['refused_parallel']}"
    )
    for error in sorted(set(outcome.errors))[:2]:
        print(f"    failed: {error[:160]}")


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(clients=2, requests=1, latency=0.0, install=False, apart=False))

if __name__ == "__main__":
    BENCHMARK.command()
