"""``datetime`` parameters → intervals in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from stac_bridge.errors import BadRequest

__all__ = ["Interval", "instant_text", "read_datetime", "read_day", "read_instant"]

_RFC3339 = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})$", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}$", re.ASCII)
_HINT = (
    "datetime is an RFC 3339 instant such as 2020-12-04T19:02:11Z, or two of them with a slash between, "
    "either of which may be .. for open"
)


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval of time in UTC; None is open."""

    start: datetime | None
    end: datetime | None

    @property
    def start_text(self) -> str:
        """The start as CQL2 has it."""
        return _text(self.start)

    @property
    def end_text(self) -> str:
        """The end as CQL2 has it."""
        return _text(self.end)

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and the last UTC day it touches."""
        return self.start.date() if self.start else None, self.end.date() if self.end else None

    @property
    def is_whole_days(self) -> bool:
        """Whether it starts with the first and ends with the last moment of a day."""
        starts = self.start is None or self.start.time() == time.min
        return starts and (self.end is None or self.end.time() == time.max)


def read_datetime(value: Any) -> Interval:
    """A ``datetime`` parameter. Raises BadRequest.

    An interval that ends in the last second of a day ends with that day: 23:59:59Z is how clients write it
    (pystac-client expands 2020-12 to 2020-12-01T00:00:00Z/2020-12-31T23:59:59Z).
    """
    if not isinstance(value, str):
        raise BadRequest(f"{_HINT}, not {value!r}.")
    parts = value.strip().split("/")
    if len(parts) == 1:
        moment = read_instant(parts[0])
        return Interval(moment, moment)
    if len(parts) != 2:
        raise BadRequest(f"{_HINT}; {value!r} has more than one slash.")
    start, end = (None if part in ("", "..") else read_instant(part) for part in parts)
    if start is None and end is None:
        raise BadRequest(f"{_HINT}; {value!r} is open at both ends: leave datetime out.")
    if end is not None and end.time() == time(23, 59, 59):
        end = datetime.combine(end, time.max, UTC)
    if start and end and start > end:
        raise BadRequest(f"datetime {value!r} ends before it starts; put the earlier time first.")
    return Interval(start, end)


def read_day(value: Any) -> date | None:
    """A calendar day written alone, or None for anything else. Raises BadRequest for a day that does not exist."""
    if not isinstance(value, str) or not _DAY.match(value.strip()):
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError as impossible:
        raise BadRequest(f"The day {value!r} does not exist: {impossible}.") from None


def read_instant(value: str, name: str = "datetime") -> datetime:
    """One RFC 3339 instant in UTC, to the microsecond. Raises BadRequest."""
    found = _RFC3339.match(value.strip())
    if not found:
        raise BadRequest(f"{_HINT.replace('datetime', name, 1)}, not {value!r}.")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        moment += timedelta(microseconds=999_999 if second == 60 else int((found[7] or "").ljust(6, "0")[:6]))
        if second > 60:
            raise ValueError("second must be in 0..60")
        return moment - _offset(found[8])
    except (ValueError, OverflowError) as impossible:
        raise BadRequest(f"{name} {value!r} does not exist: {impossible}.") from None


def _offset(zone: str) -> timedelta:
    if zone in "Zz":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError(f"an offset of {zone}")
    return (1 if zone[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes)


def instant_text(moment: datetime) -> str:
    """An instant as CQL2 has it, always with six digits of a second, so that text sorts as time does."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def _text(moment: datetime | None) -> str:
    return ".." if moment is None else instant_text(moment)
