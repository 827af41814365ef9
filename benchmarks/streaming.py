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
from pathlib import Path
from typing import Any

from benchmarks.upstream import SIZE
from tests.serving import free_port, started, wait_for

BUFFER = 2**20
ROUNDS = 3


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder, _upstream(Path(folder)) as host, _bridged(Path(folder)) as bridge:
        href = bridge.leading_to(f"{host}/file")
        print(f"Streaming {SIZE / 2**30:.0f} GB, best of {ROUNDS}, every process on this machine:")
        for count in (1, 4):
            direct, through = _both(f"{host}/file", href, count)
            print(
                f"  {count} reader{'s' if count > 1 else ' '}  direct {direct:6.0f} MB/s   "
                f"through the bridge {through:6.0f} MB/s   {through / direct:4.0%}"
            )
        before = bridge.memory()
        _read((href, 0, SIZE))
        print(f"  memory of the bridge: {before:.0f} MB before 2 GB, {bridge.memory():.0f} MB at most, after it")
        tape = bridge.leading_to(f"{host}/tape")
        begun = time.perf_counter()
        _read((tape, 0, SIZE))
        speed, most = SIZE / 1e6 / (time.perf_counter() - begun), bridge.memory()
        print(f"  by way of the spool   {speed:6.0f} MB/s, {most:.0f} MB of memory at most")


def _both(direct: str, through: str, count: int) -> tuple[float, float]:
    """MB/s of each, the best of several rounds in turn."""
    speeds = [(_speed(direct, count), _speed(through, count)) for _ in range(ROUNDS)]
    return max(one for one, _ in speeds), max(one for _, one in speeds)


def _speed(url: str, count: int) -> float:
    """MB/s that so many readers have together, of which each reads its part of the file."""
    share = SIZE // count
    parts = [(url, place * share, (place + 1) * share) for place in range(count)]
    with ProcessPoolExecutor(count) as readers:
        list(readers.map(abs, range(count)))  # they have started
        begun = time.perf_counter()
        list(readers.map(_read, parts))
        return SIZE / 1e6 / (time.perf_counter() - begun)


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
def _upstream(folder: Path) -> Iterator[str]:
    port, log = free_port(), folder / "upstream.log"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "benchmarks.upstream", str(port)], stdout=out, stderr=out)
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


if __name__ == "__main__":
    main()
