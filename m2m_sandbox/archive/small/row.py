"""One scene of a small dataset: what is decided about it, before it is put into M2M's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

__all__ = ["Facts", "Point", "Ring", "Row", "central", "day_of", "rectangle"]

Point = tuple[float, float]
Ring = tuple[Point, ...]
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A scene. ``ring`` holds the corners of its footprint in degrees, without the first one again at the end.

    An empty ring is a place that was never filled in, which M2M gives as 0,0 [REFERENCE §5]. ``own`` are the lines
    of metadata that do not follow from the ring. ``cloud`` stands in the answer as it is: a number or text in
    percent, None, -1 or "-1". ``lacks`` are the codes of products that this scene has not.
    """

    entity_id: str
    display_id: str
    day: date
    ring: Ring
    own: Facts
    published: str
    cloud: Any = None
    download: bool = True
    bounded: bool = True
    lacks: frozenset[str] = frozenset()


def rectangle(west: float, south: float, width: float, height: float) -> Ring:
    """Its four corners, counter-clockwise from the south-west, to a millionth of a degree."""
    east, north = round(west + width, 6), round(south + height, 6)
    west, south = round(west, 6), round(south, 6)
    return (west, south), (east, south), (east, north), (west, north)


def day_of(said: str) -> date:
    """A day as files of facts write it."""
    return date.fromisoformat(said)


def central(day: date | datetime) -> str:
    """US Central time's offset from UTC, with the daylight saving of that day [REFERENCE §4]."""
    day = day.date() if isinstance(day, datetime) else day
    march, november = date(day.year, 3, 8), date(day.year, 11, 1)
    begin = march + timedelta(days=(6 - march.weekday()) % 7)
    end = november + timedelta(days=(6 - november.weekday()) % 7)
    return "-05" if begin <= day < end else "-06"
