"""Speed and memory of writing a long search to a stac-geoparquet file, and the speed of reading that file.

The command and the server, with its sandbox, are processes on one machine and share its cores. The option ``--counts
2000 10000 100000`` sets the numbers of Items.
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
from benchmarks.parts.figures import Figure
from tests.serving import started

SEARCH = ("search", "-c", "landsat_ot_c2_l2", "--datetime", "2019")


@dataclass(frozen=True)
class Size:
    """The number of Items of each search."""

    counts: tuple[int, ...] = (2_000, 10_000)


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    with tempfile.TemporaryDirectory() as folder, started("serve", Path(folder)) as (address, _log):
        path = Path(folder) / "scenes.parquet"
        return [figure for count in size.counts for figure in _write_and_read(address, count, path)]


def _write_and_read(address: str, count: int, path: Path) -> list[Figure]:
    seconds, memory = _write(address, count, path)
    query, read = _read(path, count)
    return [
        Figure(f"{count:,} Items: writing", seconds, "s"),
        Figure(f"{count:,} Items: writing speed", count / seconds, "Items/s"),
        Figure(f"{count:,} Items: maximum memory of the command", memory, "MB"),
        Figure(f"{count:,} Items: file size", path.stat().st_size / 1e6, "MB"),
        Figure(f"{count:,} Items: DuckDB query", query, "s"),
        Figure(f"{count:,} Items: reading footprints with geopandas", read, "s"),
    ]


def _write(address: str, count: int, path: Path) -> tuple[float, float]:
    """Return the seconds that the command took, and its maximum memory in MB."""
    code = "from stac_bridge.cli import app; app()"
    options = ("--api", address, "--limit", str(count), "--output", str(path))
    start = time.perf_counter()
    command = subprocess.Popen([sys.executable, "-c", code, *SEARCH, *options], stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(command.pid, 0)
    command.returncode = os.waitstatus_to_exitcode(status)
    assert command.returncode == 0
    return time.perf_counter() - start, usage.ru_maxrss / 1e3


def _read(path: Path, count: int) -> tuple[float, float]:
    """Return the seconds of a DuckDB query, and of reading the footprints."""
    start = time.perf_counter()
    query = 'SELECT count(DISTINCT id), avg("eo:cloud_cover") FROM read_parquet(?) WHERE bbox.ymin > 40'
    duckdb.execute(query, [str(path)]).fetchone()
    middle = time.perf_counter()
    assert len(geopandas.read_parquet(path, columns=["id", "geometry", "datetime"])) == count
    return middle - start, time.perf_counter() - middle


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(counts=(5,)))

if __name__ == "__main__":
    BENCHMARK.command()
