"""One scene of a small dataset, before it is written in M2M's format."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

Point = tuple[float, float]
Ring = tuple[Point, ...]
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A scene.

    ``ring`` holds the corners of the footprint in degrees, without repeating the first one. An empty ring is a
    footprint that was never entered, which M2M returns as 0,0 [REFERENCE §5]. ``fields`` are the metadata fields that
    do not depend on the ring. ``cloud`` is returned unchanged: a number or text in percent, None, -1 or "-1".
    ``missing_products`` are the codes of products that this scene lacks. ``scanned`` is whether nothing is left to
    order: film that is not scanned, or not in full resolution, can be ordered.
    """

    entity_id: str
    display_id: str
    day: date
    ring: Ring
    fields: Facts
    published: str
    cloud: Any = None
    download: bool = True
    bounded: bool = True
    missing_products: frozenset[str] = frozenset()
    scanned: bool = True


def rectangle(west: float, south: float, width: float, height: float) -> Ring:
    """Return four corners, counter-clockwise from the south-west, to a millionth of a degree."""
    east, north = round(west + width, 6), round(south + height, 6)
    west, south = round(west, 6), round(south, 6)
    return (west, south), (east, south), (east, north), (west, north)


def day_of(text: str) -> date:
    """Parse a date of a fact sheet."""
    return date.fromisoformat(text)
