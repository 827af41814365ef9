"""Speed and memory of streaming through the bridge, beside a direct read of the same upstream.

The upstream, which computes one large file, the sandbox, whose M2M points to it, the bridge and the readers are
processes on one machine. They share its cores, so the ratio matters, not the speed.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.figures import Figure, at_least
from benchmarks.parts.servers import peak_memory
from tests.serving import free_port, started, wait_for

BUFFER = 2**20
TARGETS = {4: at_least(0.7)}
"""Number of readers → the ratio of their speeds."""


@dataclass(frozen=True)
class Size:
    """The bytes of the upstream's file, the numbers of readers, and the rounds, of which the best counts."""

    bytes: int = 2 * 2**30
    readers: tuple[int, ...] = (1, 4)
    rounds: int = 3


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _upstream(Path(folder), size) as host,
        _bridged(Path(folder)) as bridge,
    ):
        href = bridge.leading_to(f"{host}/file")
        figures = [figure for count in size.readers for figure in _speeds(f"{host}/file", href, count, size)]
        before = peak_memory("serve")
        _read((href, 0, size.bytes))
        after = peak_memory("serve")
        tape = bridge.leading_to(f"{host}/tape")
        start = time.perf_counter()
        _read((tape, 0, size.bytes))
        spooled = size.bytes / 1e6 / (time.perf_counter() - start)
        return [
            *figures,
            Figure("maximum memory before another read", before, "MB"),
            Figure("maximum memory after another read", after, "MB"),
            Figure("through the spool", spooled, "MB/s"),
            Figure("maximum memory with the spool", peak_memory("serve"), "MB"),
        ]


def _speeds(direct_url: str, href: str, count: int, size: Size) -> list[Figure]:
    direct, through = _both(direct_url, href, count, size)
    readers = "1 reader" if count == 1 else f"{count} readers"
    return [
        Figure(f"{readers}: direct", direct, "MB/s"),
        Figure(f"{readers}: through the bridge", through, "MB/s"),
        Figure(f"{readers}: through the bridge / direct", through / direct, target=TARGETS.get(count)),
    ]


def _both(direct: str, through: str, count: int, size: Size) -> tuple[float, float]:
    """Return the MB/s of each, the best of several rounds in turn."""
    speeds = [(_speed(direct, count, size.bytes), _speed(through, count, size.bytes)) for _ in range(size.rounds)]
    return max(speed for speed, _ in speeds), max(speed for _, speed in speeds)


def _speed(url: str, count: int, size: int) -> float:
    """Return the MB/s of all readers together; each reads its part of the file."""
    share = size // count
    parts = [(url, place * share, (place + 1) * share) for place in range(count)]
    with ProcessPoolExecutor(count) as readers:
        list(readers.map(abs, range(count)))  # starts the processes
        start = time.perf_counter()
        list(readers.map(_read, parts))
        return size / 1e6 / (time.perf_counter() - start)


def _read(part: tuple[str, int, int]) -> None:
    """Read a part of the file and discard it."""
    url, start, stop = part
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-{stop - 1}"})
    buffer, count = bytearray(BUFFER), 0
    with urllib.request.urlopen(request) as response:
        while length := response.readinto(buffer):
            count += length
    assert count == stop - start, count


@contextlib.contextmanager
def _upstream(folder: Path, size: Size) -> Iterator[str]:
    port, log = free_port(), folder / "upstream.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "benchmarks.parts.upstream", str(port), str(size.bytes)]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        wait_for(f"http://127.0.0.1:{port}/file", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


class _Bridge:
    """A bridge, its sandbox, and Items whose Assets no client has read yet."""

    def __init__(self, address: str, sandbox: str) -> None:
        self._sandbox = sandbox
        page = _json(f"{address}/search?collections=landsat_ot_c2_l2&limit=9")
        self._hrefs = [item["assets"]["red"]["href"] for item in page["features"]]

    def leading_to(self, url: str) -> str:
        """Return an href for which M2M returns this URL; a HEAD request has resolved it."""
        faults = f"{self._sandbox}/__sandbox/faults"
        fault = {"kind": "astray", "to": url, "times": 1}
        urllib.request.urlopen(faults, json.dumps(fault).encode()).close()
        href = str(self._hrefs.pop())
        urllib.request.urlopen(urllib.request.Request(href, method="HEAD")).close()
        return href


@contextlib.contextmanager
def _bridged(folder: Path) -> Iterator[_Bridge]:
    account = {"m2m_username": "bench", "m2m_token": "token"}
    with started("sandbox", folder, "--faults") as (sandbox, _log):
        settings = {"m2m_url": f"{sandbox}/api/api/json/stable/", "download_hosts": "127.0.0.1", **account}
        with started("serve", folder, delivery="stream", **settings) as (address, _log):  # type: ignore[arg-type]
            yield _Bridge(address, sandbox)


def _json(url: str) -> Any:
    with urllib.request.urlopen(url) as response:
        return json.load(response)


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(bytes=2**16, readers=(1,), rounds=1))

if __name__ == "__main__":
    BENCHMARK.command()
