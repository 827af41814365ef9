"""How many scenes to ask for next, when not every scene matches."""

from __future__ import annotations

import math

__all__ = ["CALLS", "calls_for", "fetch_size"]

CALLS = 8
"""M2M calls that one page of one collection may spend before its first match."""

CALLS_IN_ALL = 24
"""The same over several collections, each of which adds one call."""

OVERFETCH = 1.5
"""Scenes for each Item wanted while nothing is known of how many match."""

FIRST = 15
"""Scenes that are asked for at least at first: most filters that M2M cannot try exactly keep most of what it finds."""

LEAST = 50
"""The same once some did not match: a call costs more than its bytes."""

MOST = 2000
"""Scenes that are asked for at most: with their metadata they take about 130 MB for a moment."""

MARGIN = 1.5


def calls_for(collections: int) -> int:
    """M2M calls that a page over so many collections may spend before its first match.

    >>> calls_for(1), calls_for(3), calls_for(100)
    (8, 10, 24)
    """
    return min(CALLS_IN_ALL, CALLS + collections - 1)


def fetch_size(wanted: int, seen: int, kept: int) -> int:
    """Scenes to ask for when ``wanted`` Items are missing, and ``kept`` of ``seen`` scenes matched so far.

    >>> fetch_size(10, 0, 0), fetch_size(9, 50, 1), fetch_size(10, 400, 0), fetch_size(1000, 0, 0)
    (15, 675, 2000, 1500)
    """
    if not seen:
        return min(MOST, max(FIRST, math.ceil(wanted * OVERFETCH)))
    share = max(kept, 0.5) / seen
    return min(MOST, max(LEAST, math.ceil(MARGIN * wanted / share)))
