"""What the sandbox's Landsat archives cost: their first use, pages of their searches, and the arrays they keep."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.parts.benchmark import Benchmark
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
    """Scenes a page, and archives: the first ones of Landsat."""

    page: int = 1000
    archives: int = len(ARCHIVES)
    repeat: int = 7


def run(size: Size) -> None:
    """Print the figures."""
    print("The sandbox's archives of Landsat:")
    archives = {name: _first_use(name) for name in ARCHIVES[: size.archives]}
    print(f"  scenes of Landsat in all  {sum(len(one) for one in archives.values()):12,}")
    print(
        f"Searches with a page of {size.page} whole scenes, in ms: "
        "cold; warm (and of that, CPU time); without the page:"
    )
    for name in filter(archives.__contains__, _YEARS):
        for what, asked in _searches(_YEARS[name]).items():
            _search(f"{name}, {what}", archives[name], asked, size)
    for archive in archives.values():
        archive.search({"cloudCoverFilter": {"max": 10}})
    print(
        f"Arrays that all archives keep, clouds of all scenes among them: {_kept(list(archives.values())) / 1e6:.1f} MB"
    )


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


def _first_use(name: str) -> Passes:
    begun = time.perf_counter()
    archive = archive_of(name)
    assert isinstance(archive, Passes)
    print(f"  {name:24} {len(archive):12,} scenes, first use {1000 * (time.perf_counter() - begun):7.1f} ms")
    return archive


def _search(what: str, archive: Passes, asked: dict[str, Any], size: Size) -> None:
    def page() -> list[dict[str, Any]]:
        found = archive.search(asked)
        start = len(found) // 2
        return [archive.scene(int(number), full=True) for number in found[start : start + size.page]]

    begun = time.perf_counter()
    page()
    cold = time.perf_counter() - begun
    begun = time.process_time()
    for _ in range(size.repeat):
        page()
    spent = (time.process_time() - begun) / size.repeat
    bare = best(lambda: len(archive.search(asked)), size.repeat)
    warm = best(page, size.repeat)
    print(f"  {what:38} {1000 * cold:7.1f} {1000 * warm:7.1f} (CPU {1000 * spent:5.1f}) {1000 * bare:7.1f}")


def _kept(roots: list[Any]) -> int:
    """Bytes of the arrays that can be reached from some objects, each counted once."""
    seen: dict[int, int] = {}
    waiting = list(roots)
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen[id(one)] = one.nbytes if isinstance(one, np.ndarray) and one.base is None else 0
        parts = one if isinstance(one, tuple | list) else vars(one).values() if hasattr(one, "__dict__") else ()
        waiting += [part for part in parts if isinstance(part, np.ndarray | tuple) or _ours(part)]
    return sum(seen.values())


def _ours(one: Any) -> bool:
    return type(one).__module__.startswith("m2m_sandbox")


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(page=2, archives=1, repeat=1))

if __name__ == "__main__":
    BENCHMARK.command()
