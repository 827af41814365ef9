"""The cost of the sandbox's Landsat archives: their first use, pages of searches, and their arrays in memory."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.figures import Figure
from benchmarks.parts.timing import best
from m2m_sandbox.archive.datasets import archive_of
from m2m_sandbox.archive.landsat.families import ARD, FAMILIES
from m2m_sandbox.archive.overpasses.passes import Passes

_BOX = {"filterType": "mbr", "lowerLeft": {"latitude": 30, "longitude": -100}}
_BOX["upperRight"] = {"latitude": 50, "longitude": 20}
ARCHIVES = (*FAMILIES, ARD.dataset)
_YEARS = {"landsat_ot_c2_l2": 2024, "landsat_etm_c2_l1": 2004, "landsat_tm_c2_l2": 1990, "landsat_ard_tile_c2": 2010}


@dataclass(frozen=True)
class Size:
    """The number of scenes of a page, of archives (the first ones of Landsat), and of repetitions."""

    page: int = 1000
    archives: int = len(ARCHIVES)
    repeat: int = 7


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    figures, archives = [], {}
    for name in ARCHIVES[: size.archives]:
        archives[name], seconds = _first_use(name)
        figures += [
            Figure(f"{name}: scenes", len(archives[name])),
            Figure(f"{name}: first use", 1e3 * seconds, "ms"),
        ]
    figures.append(Figure("scenes of all Landsat archives", sum(map(len, archives.values()))))
    for name in filter(archives.__contains__, _YEARS):
        for title, query in _searches(_YEARS[name]).items():
            figures += _search(f"{name}, {title}", archives[name], query, size)
    for archive in archives.values():
        archive.search({"cloudCoverFilter": {"max": 10}})  # computes the clouds of all scenes
    figures.append(Figure("arrays of all archives", _array_bytes(list(archives.values())) / 1e6, "MB"))
    return figures


def _searches(year: int) -> dict[str, dict[str, Any]]:
    summer = {"acquisitionFilter": {"start": f"{year}-06-01", "end": f"{year}-08-31"}}
    cloud = {"cloudCoverFilter": {"max": 10}}
    return {
        "everything": {},
        "a summer": summer,
        "a wide box": {"spatialFilter": _BOX},
        "little cloud": cloud,
        "all of these": {**summer, "spatialFilter": _BOX, **cloud},
    }


def _first_use(name: str) -> tuple[Passes, float]:
    """Return an archive, and the seconds that it took to make."""
    start = time.perf_counter()
    archive = archive_of(name)
    assert isinstance(archive, Passes)
    assert len(archive)
    return archive, time.perf_counter() - start


def _search(title: str, archive: Passes, query: dict[str, Any], size: Size) -> list[Figure]:
    def page() -> list[dict[str, Any]]:
        scenes = archive.search(query)
        start = len(scenes) // 2
        return [archive.scene(int(number), full=True) for number in scenes[start : start + size.page]]

    start = time.perf_counter()
    page()
    cold = time.perf_counter() - start
    start = time.process_time()
    for _ in range(size.repeat):
        page()
    cpu = (time.process_time() - start) / size.repeat
    without_page = best(lambda: len(archive.search(query)), size.repeat)
    return [
        Figure(f"{title}: cold page", 1e3 * cold, "ms"),
        Figure(f"{title}: warm page", 1e3 * best(page, size.repeat), "ms"),
        Figure(f"{title}: CPU time of a warm page", 1e3 * cpu, "ms"),
        Figure(f"{title}: without the page", 1e3 * without_page, "ms"),
    ]


def _array_bytes(roots: list[Any]) -> int:
    """Count the bytes of the arrays that can be reached from some objects, each array once."""
    sizes: dict[int, int] = {}
    queue = list(roots)
    while queue:
        value = queue.pop()
        if id(value) in sizes:
            continue
        sizes[id(value)] = value.nbytes if isinstance(value, np.ndarray) and value.base is None else 0
        has_fields = hasattr(value, "__dict__")
        parts = value if isinstance(value, tuple | list) else vars(value).values() if has_fields else ()
        queue += [part for part in parts if isinstance(part, np.ndarray | tuple) or _is_of_sandbox(part)]
    return sum(sizes.values())


def _is_of_sandbox(value: Any) -> bool:
    return type(value).__module__.startswith("m2m_sandbox")


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(page=2, archives=1, repeat=1))

if __name__ == "__main__":
    BENCHMARK.command()
