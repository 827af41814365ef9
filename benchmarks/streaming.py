"""How fast bytes go through the bridge, beside a direct reading of the same upstream, and what memory that takes.

All are processes on this machine: an upstream that computes one large file, a sandbox whose M2M points at it, the
bridge, and the readers. They share its cores, so the ratio is what counts, not the speed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
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
from tests.serving import free_port, started, wait_for

BUFFER = 2**20


@dataclass(frozen=True)
class Size:
    """The upstream's file, and how often and by how many it is read: the best of the rounds counts."""

    bytes: int = 2 * 2**30
    readers: tuple[int, ...] = (1, 4)
    rounds: int = 3


def run(size: Size) -> None:
    """Print the figures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _upstream(Path(folder), size) as host,
        _bridged(Path(folder)) as bridge,
    ):
        href = bridge.leading_to(f"{host}/file")
        print(f"Streaming {size.bytes / 2**30:.3g} GiB, best of {size.rounds}, every process on this machine:")
        for count in size.readers:
            direct, through = _both(f"{host}/file", href, count, size)
            print(
                f"  {count} reader{'s' if count > 1 else ' '}  direct {direct:6.0f} MB/s   "
                f"through the bridge {through:6.0f} MB/s   {through / direct:4.0%}"
            )
        before = bridge.memory()
        _read((href, 0, size.bytes))
        print(
            f"  memory of the bridge: {before:.0f} MB before one more reading, {bridge.memory():.0f} MB at most after"
        )
        tape = bridge.leading_to(f"{host}/tape")
        begun = time.perf_counter()
        _read((tape, 0, size.bytes))
        speed, most = size.bytes / 1e6 / (time.perf_counter() - begun), bridge.memory()
        print(f"  by way of the spool   {speed:6.0f} MB/s, {most:.0f} MB of memory at most")


def _both(direct: str, through: str, count: int, size: Size) -> tuple[float, float]:
    """MB/s of each, the best of several rounds in turn."""
    speeds = [(_speed(direct, count, size.bytes), _speed(through, count, size.bytes)) for _ in range(size.rounds)]
    return max(one for one, _ in speeds), max(one for _, one in speeds)


def _speed(url: str, count: int, size: int) -> float:
    """MB/s that so many readers have together, of which each reads its part of the file."""
    share = size // count
    parts = [(url, place * share, (place + 1) * share) for place in range(count)]
    with ProcessPoolExecutor(count) as readers:
        list(readers.map(abs, range(count)))  # they have started
        begun = time.perf_counter()
        list(readers.map(_read, parts))
        return size / 1e6 / (time.perf_counter() - begun)


def _read(part: tuple[str, int, int]) -> None:
    """Read and forget."""
    url, start, stop = part
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-{stop - 1}"})
    buffer, count = bytearray(BUFFER), 0
    with urllib.request.urlopen(request) as answer:
        while got := answer.readinto(buffer):
            count += got
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
    """A bridge, the sandbox that it asks, and Items of which nobody has read anything."""

    def __init__(self, address: str, sandbox: str) -> None:
        self._sandbox, self._pid = sandbox, _child("serve")
        page = _json(f"{address}/search?collections=landsat_ot_c2_l2&limit=9")
        self._hrefs = [item["assets"]["red"]["href"] for item in page["features"]]

    def leading_to(self, url: str) -> str:
        """An href behind which M2M gives this URL; it has been read once."""
        faults = f"{self._sandbox}/__sandbox/faults"
        said = {"kind": "astray", "to": url, "times": 1}
        urllib.request.urlopen(faults, json.dumps(said).encode()).close()
        href = str(self._hrefs.pop())
        urllib.request.urlopen(urllib.request.Request(href, method="HEAD")).close()
        return href

    def memory(self) -> float:
        """The most MB that it ever took."""
        status = Path(f"/proc/{self._pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1e3


@contextlib.contextmanager
def _bridged(folder: Path) -> Iterator[_Bridge]:
    with started("sandbox", folder, "--faults") as (sandbox, _log):
        told = {"m2m_username": "bench", "m2m_token": "token", "delivery": "stream", "download_hosts": "127.0.0.1"}
        with started("serve", folder, m2m_url=f"{sandbox}/api/api/json/stable/", **told) as (address, _log):
            yield _Bridge(address, sandbox)


def _child(command: str) -> int:
    """The process that runs a command for us."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return next(int(one) for one in children if command in Path(f"/proc/{one}/cmdline").read_text().split("\0"))


def _json(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(bytes=2**16, readers=(1,), rounds=1))

if __name__ == "__main__":
    BENCHMARK.command()
