"""How fast a walk of many Items comes into a stac-geoparquet, and what memory that takes.

The command and the server, with its sandbox, are processes on this machine and share its cores. How many Items:
``python -m benchmarks.geoparquet --counts 2000 10000 100000``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import geopandas

from benchmarks.parts.benchmark import Benchmark
from tests.serving import started

SEARCH = ("search", "-c", "landsat_ot_c2_l2", "--datetime", "2019")


@dataclass(frozen=True)
class Size:
    """How many Items each walk takes."""

    counts: tuple[int, ...] = (2_000, 10_000)


def run(size: Size) -> None:
    """Print the figures."""
    print("search --output scenes.parquet of Landsat Items, on the sandbox, by a process of its own:")
    with tempfile.TemporaryDirectory() as folder, started("serve", Path(folder)) as (address, _log):
        path = Path(folder) / "scenes.parquet"
        for count in size.counts:
            seconds, memory = _walk(address, count, path)
            print(
                f"  {count:7,} Items  {seconds:6.1f} s  {count / seconds:5.0f} Items/s   "
                f"{memory:4.0f} MB of memory at most   {path.stat().st_size / 1e6:6.1f} MB in the file"
            )
            _read(path, count)


def _walk(address: str, count: int, path: Path) -> tuple[float, float]:
    """Seconds, and the most MB that the command ever took."""
    code = "from stac_bridge.cli import app; app()"
    asked = [sys.executable, "-c", code, *SEARCH, "--api", address, "--limit", str(count), "--output", str(path)]
    begun = time.perf_counter()
    command = subprocess.Popen(asked, stdout=subprocess.DEVNULL)
    _pid, status, used = os.wait4(command.pid, 0)
    command.returncode = os.waitstatus_to_exitcode(status)
    assert command.returncode == 0
    return time.perf_counter() - begun, used.ru_maxrss / 1e3


def _read(path: Path, count: int) -> None:
    begun = time.perf_counter()
    cloud = 'SELECT count(DISTINCT id), avg("eo:cloud_cover") FROM read_parquet(?) WHERE bbox.ymin > 40'
    duckdb.execute(cloud, [str(path)]).fetchone()
    asked, begun = time.perf_counter() - begun, time.perf_counter()
    assert len(geopandas.read_parquet(path, columns=["id", "geometry", "datetime"])) == count
    read = time.perf_counter() - begun
    print(f"           a question by DuckDB {asked:.2f} s, footprints by geopandas {read:.2f} s")


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(counts=(5,)))

if __name__ == "__main__":
    BENCHMARK.command()
