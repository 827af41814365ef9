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
from pathlib import Path

import httpx

from benchmarks.crowd import Outcome, crowd
from benchmarks.load import bridged, seen
from benchmarks.workload import Asked, searches
from tests.serving import free_port, started, wait_for

CLIENTS, REQUESTS, SECONDS = 8, 10, 90.0
LATENCY = 0.1
PACKAGES = ("eodag==4.10.1", "stac-fastapi-eodag==0.6.1", "usgs==0.3.7", "uvicorn")
THEIRS = "LANDSAT_C2L2"

_APP = """
import os, usgs
usgs.USGS_API = os.environ["M2M_URL"].rstrip("/")
import usgs.api
from stac_fastapi.eodag.app import app
"""


def main() -> None:
    """Print the figures."""
    print(f"{CLIENTS} clients, {REQUESTS} searches of 10 Items each at most, M2M taking {LATENCY} s a call:")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ours").mkdir()
        with bridged(folder / "ours", latency=LATENCY) as (address, sandbox):
            _print("stac-bridge", _searched(address, "landsat_ot_c2_l2"), sandbox)
        python = _installed(folder)
        if python is None:
            print("  stac-fastapi-eodag: NOT MEASURED, it cannot be installed here")
            return
        try:
            with _peer(folder, python) as (address, sandbox):
                _print("stac-fastapi-eodag", _searched(address, THEIRS), sandbox)
        except AssertionError as broken:
            print(f"  stac-fastapi-eodag: NOT MEASURED, it does not start: {str(broken)[-300:]}")


def _searched(address: str, collection: str) -> Outcome:
    asked = [
        Asked("search", str(httpx.URL("/search", params={**one, "collections": collection})))
        for one in searches(CLIENTS * REQUESTS)
    ]

    def of(client: int) -> Iterator[Asked]:
        return iter(asked[client::CLIENTS])

    return asyncio.run(crowd(address, of, clients=CLIENTS, requests=REQUESTS, seconds=SECONDS))


def _installed(folder: Path) -> Path | None:
    """The interpreter that has the peer."""
    there = os.environ.get("STAC_BRIDGE_BENCH_PEER")
    if there:
        return Path(there) / "bin" / "python"
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    return python if subprocess.run(command, check=False, timeout=600).returncode == 0 else None


@contextlib.contextmanager
def _peer(folder: Path, python: Path) -> Iterator[tuple[str, str]]:
    """The addresses of the peer, and of the sandbox that it asks. Raises AssertionError."""
    (folder / "peer_app.py").write_text(_APP, encoding="utf-8")
    (folder / "home").mkdir()
    port, log = free_port(), folder / "peer.log"
    with started("sandbox", folder, "--faults", "--latency", str(LATENCY)) as (sandbox, _log), log.open("wb") as out:
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


if __name__ == "__main__":
    main()
