"""Dates as text, in the formats used by Landsat ids and M2M fields, and the offset of US Central time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class DayText:
    """One date in four formats, for example 2020-12-04, 20201204, 2020/12/04 and 2020339 (year and day of year)."""

    dashes: str
    plain: str
    slashes: str
    year_day: str


@lru_cache(maxsize=4096)
def day_text(day: date) -> DayText:
    """Format a date. Cached, because a page of scenes writes the same few dates many times."""
    dashes = day.isoformat()
    return DayText(dashes, dashes.replace("-", ""), dashes.replace("-", "/"), f"{day:%Y%j}")


@lru_cache(maxsize=4096)
def central_offset(day: date) -> str:
    """Return US Central time's offset from UTC; daylight saving lasts from a Sunday in March to one in November."""
    begin, end = _next_sunday(day.replace(month=3, day=8)), _next_sunday(day.replace(month=11, day=1))
    return "-05" if begin <= day < end else "-06"


def _next_sunday(day: date) -> date:
    """Return the first Sunday on or after a day."""
    return day + timedelta(days=(6 - day.weekday()) % 7)
