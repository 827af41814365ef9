"""The fastest of several runs: what the work costs without interference."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["best"]


def best(work: Callable[[], object], repeat: int = 7) -> float:
    """Return the seconds that the fastest of ``repeat`` runs took."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
