"""The best of several runs: what the work costs when nothing else is in the way."""

from __future__ import annotations

import time
from collections.abc import Callable


def best(work: Callable[[], object], repeat: int = 7) -> float:
    """Seconds that the fastest of ``repeat`` runs took."""
    times = []
    for _ in range(repeat):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)
