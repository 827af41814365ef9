"""What each function cache saves over the typical searches, and how often it has the result.

The cost of a call is that of the calls that missed, under the profiler, which makes it about a half too large; what a
cache saves is that cost for each hit. A cache is worth keeping at a hundredth of the CPU time of all searches.
"""

from __future__ import annotations

import asyncio
import cProfile
import functools
import gc
import pstats
import time
from dataclasses import dataclass
from itertools import groupby, islice

import httpx

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.figures import Figure
from benchmarks.parts.served import ORIGIN, sandboxed
from benchmarks.parts.typical import TYPICAL


@dataclass(frozen=True)
class Size:
    """The number of typical searches, and how often each is sent."""

    searches: int = len(TYPICAL)
    repeat: int = 2


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    return asyncio.run(_measure(size))


async def _measure(size: Size) -> list[Figure]:
    async with sandboxed() as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, timeout=600) as client:
            await client.get("/collections")
            for cache in _caches():
                cache.cache_clear()
            profile, start = cProfile.Profile(), time.process_time()
            profile.enable()
            for parameters in islice(TYPICAL.values(), size.searches):
                for _ in range(size.repeat):
                    await client.get("/search", params=parameters)
            profile.disable()
            total = time.process_time() - start
            caches = _caches()
    costs = _cost_per_call(profile)
    figures = [Figure("CPU time of the searches, profiled", total, "s")]
    for name, group in groupby(caches, key=_name):  # each Translator has caches of its own
        same = list(group)
        code = same[0].__wrapped__.__code__
        hits = sum(cache.cache_info().hits for cache in same)
        calls = hits + sum(cache.cache_info().misses for cache in same)
        saved = hits * costs.get((code.co_filename, code.co_firstlineno), 0.0)
        figures.append(Figure(f"{name}: hits", 100 * hits / max(calls, 1), "%"))
        figures.append(Figure(f"{name}: saved", 100 * saved / total, "% of the CPU time"))
    return figures


def _name(cache: functools._lru_cache_wrapper[object]) -> str:
    function = cache.__wrapped__
    return f"{function.__module__.removeprefix('stac_bridge.')}.{function.__name__.strip('_')}"


def _caches() -> list[functools._lru_cache_wrapper[object]]:
    """Return the function caches of the package that exist now, by name."""
    wrappers = [thing for thing in gc.get_objects() if isinstance(thing, functools._lru_cache_wrapper)]
    ours = [wrapper for wrapper in wrappers if wrapper.__module__.startswith("stac_bridge.")]
    return sorted(ours, key=_name)


def _cost_per_call(profile: cProfile.Profile) -> dict[tuple[str, int], float]:
    """Return the seconds of a call by file and line of the function."""
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    return {(file, line): total / calls for (file, line, _), (calls, _, _, total, _) in stats.items() if calls}


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(searches=2, repeat=1))

if __name__ == "__main__":
    BENCHMARK.command()
