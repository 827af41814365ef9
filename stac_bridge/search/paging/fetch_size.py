"""How many scenes to request next if only some of them match."""

from __future__ import annotations

import math

MAX_CALLS = 8
"""M2M calls that one page of one collection may spend before its first match."""

MAX_TOTAL_CALLS = 24
"""The same for a page over several collections, each of which adds one call."""

INITIAL_FACTOR = 1.5
"""Scenes requested per missing Item while the share of matches is unknown."""

MIN_FIRST_FETCH = 15
"""Minimum size of the first request: most filters that M2M evaluates inexactly still match most of its hits."""

MIN_FETCH = 50
"""Minimum size once some scenes did not match: a call costs more than its bytes."""

MAX_SCENES = 2000
"""Maximum size of a request: with their metadata, so many scenes take about 130 MB while they are parsed."""

MARGIN = 1.5
"""Factor by which the estimate from the share of matches is exceeded, so that one more call is rarely needed."""


def max_calls(collections: int) -> int:
    """Return the number of M2M calls that a page over so many collections may spend before its first match.

    >>> max_calls(1), max_calls(3), max_calls(100)
    (8, 10, 24)
    """
    return min(MAX_TOTAL_CALLS, MAX_CALLS + collections - 1)


def fetch_size(wanted: int, seen: int, matched: int) -> int:
    """Return how many scenes to request if ``wanted`` Items are missing and ``matched`` of ``seen`` scenes matched.

    >>> fetch_size(10, 0, 0), fetch_size(9, 50, 1), fetch_size(10, 400, 0), fetch_size(1000, 0, 0)
    (15, 675, 2000, 1500)
    """
    if not seen:
        return min(MAX_SCENES, max(MIN_FIRST_FETCH, math.ceil(wanted * INITIAL_FACTOR)))
    share = max(matched, 0.5) / seen
    return min(MAX_SCENES, max(MIN_FETCH, math.ceil(MARGIN * wanted / share)))
