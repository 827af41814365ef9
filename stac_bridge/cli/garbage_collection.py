"""Garbage collector settings of a server process."""

from __future__ import annotations

import gc

THRESHOLD = 50_000
"""New objects between two collections; Python's default is 700. A response with 2,000 scenes is 500,000 objects."""


def tune_garbage_collection() -> None:
    """Exempts all current objects from garbage collection, and makes it run less often.

    Parsing a response with 2,000 scenes then takes 0.14 s instead of 0.30 s. Objects without reference cycles, nearly
    all of them, are freed immediately in any case.
    """
    gc.freeze()
    gc.set_threshold(THRESHOLD, 20, 20)
