"""How many scenes to ask for next, when not every scene matches."""

from __future__ import annotations

import math

__all__ = ["CALLS", "fetch_size"]

CALLS = 8
"""M2M calls that one page may spend."""

OVERFETCH = 2
"""Scenes for each Item wanted while nothing is known of how many match."""

LEAST = 50
"""Scenes that are asked for at least when some may not match: a call costs more than its bytes."""

MOST = 2000
"""Scenes that are asked for at most: with their metadata they take about 130 MB for a moment."""

MARGIN = 1.5


def fetch_size(wanted: int, seen: int, kept: int) -> int:
    """Scenes to ask for when ``wanted`` Items are missing, and ``kept`` of ``seen`` scenes matched so far.

    >>> fetch_size(10, 0, 0), fetch_size(9, 50, 1), fetch_size(10, 400, 0), fetch_size(1000, 0, 0)
    (50, 675, 2000, 2000)
    """
    if not seen:
        return min(MOST, max(LEAST, wanted * OVERFETCH))
    share = max(kept, 0.5) / seen
    return min(MOST, max(LEAST, math.ceil(MARGIN * wanted / share)))
