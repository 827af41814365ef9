"""The peer, stac-fastapi-eodag, beside stac-bridge: the same searches on the same sandbox by the same clients.

The peer is installed into a temporary virtual environment, which takes minutes. There are few clients, because the peer
logs in and out around each search, and M2M refuses a parallel request.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.crowd import Outcome, crowd
from benchmarks.parts.figures import Figure, not_measured
from benchmarks.parts.servers import bridged, seen
from benchmarks.parts.workload import Request, searches
from tests.serving import free_port, started, wait_for

PACKAGES = ("eodag==4.10.1", "stac-fastapi-eodag==0.6.1", "usgs==0.3.7", "uvicorn")
COLLECTION, PEER_COLLECTION = "landsat_ot_c2_l2", "LANDSAT_C2L2"
PEER = "stac-fastapi-eodag"

_APP = """
import os, usgs
usgs.USGS_API = os.environ["M2M_URL"].rstrip("/")
import usgs.api
from stac_fastapi.eodag.app import app
"""


@dataclass(frozen=True)
class Size:
    """The number of clients and of their searches, and whether the peer may be installed."""

    clients: int = 8
    requests: int = 10
    seconds: float = 90.0
    latency: float = 0.1
    install: bool = True
    apart: bool = True
    """Whether the servers are processes, not threads."""


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own_folder = folder / "stac-bridge"
        own_folder.mkdir()
        with bridged(own_folder, latency=size.latency, apart=size.apart) as (address, sandbox):
            own = _figures("stac-bridge", _search(address, COLLECTION, size), sandbox)
        return own + _peer_figures(folder, size)


def _peer_figures(folder: Path, size: Size) -> list[Figure]:
    python = _installed(folder, size.install)
    if python is None:
        return [not_measured(PEER, "it is not installed")]
    try:
        with _peer(folder, python, size.latency) as (address, sandbox):
            return _figures(PEER, _search(address, PEER_COLLECTION, size), sandbox)
    except AssertionError as error:
        print(str(error)[-300:], file=sys.stderr)
        return [not_measured(PEER, "it does not start")]


def _search(address: str, collection: str, size: Size) -> Outcome:
    requests = [
        Request("search", str(httpx.URL("/search", params={**search, "collections": collection})))
        for search in searches(size.clients * size.requests)
    ]

    def requests_of(client: int) -> Iterator[Request]:
        return iter(requests[client :: size.clients])

    return asyncio.run(crowd(address, requests_of, clients=size.clients, requests=size.requests, seconds=size.seconds))


def _figures(server: str, outcome: Outcome, sandbox: str) -> list[Figure]:
    counters, count = seen(sandbox), len(outcome.samples)
    outcome.print_errors(2)
    times = sorted(sample.seconds for sample in outcome.samples)
    return [
        Figure(f"{server}: searches", count),
        Figure(f"{server}: duration", outcome.seconds, "s"),
        Figure(f"{server}: failed searches", len(outcome.errors)),
        Figure(f"{server}: failed searches / searches", 100 * len(outcome.errors) / count, "%"),
        Figure(f"{server}: median", times[len(times) // 2], "s"),
        Figure(f"{server}: M2M calls per search", sum(counters["calls"].values()) / count),
        Figure(f"{server}: parallel requests that M2M refused", counters["refused_parallel"]),
    ]


def _installed(folder: Path, may_install: bool) -> Path | None:
    """Return the interpreter of an environment with the peer; STAC_BRIDGE_BENCH_PEER names an existing one."""
    existing = os.environ.get("STAC_BRIDGE_BENCH_PEER")
    if existing:
        return Path(existing) / "bin" / "python"
    if not may_install:
        return None
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    return python if subprocess.run(command, check=False, timeout=600).returncode == 0 else None


@contextlib.contextmanager
def _peer(folder: Path, python: Path, latency: float) -> Iterator[tuple[str, str]]:
    """Yield the addresses of the peer and of its sandbox; raise AssertionError if the peer does not start."""
    (folder / "peer_app.py").write_text(_APP, encoding="utf-8")
    (folder / "home").mkdir()
    port, log = free_port(), folder / "peer.log"
    with started("sandbox", folder, "--faults", "--latency", str(latency)) as (sandbox, _log), log.open("wb") as out:
        environment = {
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
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out, cwd=folder)
        try:
            wait_for(f"http://127.0.0.1:{port}/", process, log)
            yield f"http://127.0.0.1:{port}", sandbox
        finally:
            process.terminate()
            process.wait(10)


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(clients=2, requests=1, latency=0.0, install=False, apart=False))

if __name__ == "__main__":
    BENCHMARK.command()
