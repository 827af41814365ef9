"""``datetime`` parameters → intervals in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from stac_bridge.errors import BadRequest

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
    """A closed interval of time in UTC; None means open."""

    start: datetime | None
    end: datetime | None

    @property
    def start_text(self) -> str:
        """The start as CQL2 text: an instant, or ``..``."""
        return _text(self.start)

    @property
    def end_text(self) -> str:
        """The end as CQL2 text: an instant, or ``..``."""
        return _text(self.end)

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and the last UTC day that the interval touches."""
        return self.start.date() if self.start else None, self.end.date() if self.end else None

    @property
    def is_whole_days(self) -> bool:
        """Whether it starts with the first and ends with the last microsecond of a day."""
        starts = self.start is None or self.start.time() == time.min
        return starts and (self.end is None or self.end.time() == time.max)


def read_datetime(value: Any) -> Interval:
    """Parse a ``datetime`` parameter. Raises BadRequest.

    An interval that ends in the last second of a day ends with that day: 23:59:59Z is how clients write it
    (pystac-client expands 2020-12 to 2020-12-01T00:00:00Z/2020-12-31T23:59:59Z).
    """
    if not isinstance(value, str):
        raise BadRequest(f"{_HINT}, not {value!r}.")
    parts = value.strip().split("/")
    if len(parts) == 1:
        instant = read_instant(parts[0])
        return Interval(instant, instant)
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
    """Parse a calendar day without a time; None for anything else. Raises BadRequest for a day that does not exist."""
    if not isinstance(value, str) or not _DAY.match(value.strip()):
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError as error:
        raise BadRequest(f"The day {value!r} does not exist: {error}.") from None


def read_instant(value: str, name: str = "datetime") -> datetime:
    """Parse one RFC 3339 instant to UTC, with microseconds. Raises BadRequest."""
    match = _RFC3339.match(value.strip())
    if not match:
        raise BadRequest(f"{_HINT.replace('datetime', name, 1)}, not {value!r}.")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        # RFC 3339 allows second 60 (a leap second), which Python's datetime does not: its last microsecond is used
        instant = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        instant += timedelta(microseconds=999_999 if second == 60 else int((match[7] or "").ljust(6, "0")[:6]))
        if second > 60:
            raise ValueError("second must be in 0..60")
        return instant - _offset(match[8])
    except (ValueError, OverflowError) as error:
        raise BadRequest(f"{name} {value!r} does not exist: {error}.") from None


def _offset(zone: str) -> timedelta:
    if zone in "Zz":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError(f"an offset of {zone}")
    return (1 if zone[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes)


def instant_text(instant: datetime) -> str:
    """Format an instant as in CQL2, always with six digits after the second, so that text sorts in order of time."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def _text(instant: datetime | None) -> str:
    return ".." if instant is None else instant_text(instant)
