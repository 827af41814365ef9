"""``datetime`` parameters → intervals in UTC."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from stac_bridge.errors import BadRequest

_RFC3339 = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})$", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}$", re.ASCII)
_LOOSE = re.compile(
    r"(?P<year>\d{4})(?:-?(?P<month>\d{2})(?:-?(?P<day>\d{2})(?:[Tt ]"
    r"(?:(?P<hour>\d{2})(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?)?)?"
    r"(?P<zone>[Zz]|[+ -]\d{2}:?\d{2})?)?)?)?",
    re.ASCII,
)
"""A year, month, day or time in another form than RFC 3339's. A plus that a URL does not escape arrives as a space."""

_LOOSE_PARTS = ("year", "month", "day", "hour", "minute", "second")
_OPEN = ("..", "")
"""The end of an interval that has none."""

_OF_GDAL = re.compile(r"\d{4}-\d{2}-\d{2}T(?:\d{2}(?::\d{2})?Z)?$", re.ASCII)
"""What GDAL's OAPIF driver sends for a time of an attribute filter that is not complete."""

_INSTANT = "an RFC 3339 instant such as 2020-12-04T19:02:11Z"
_HINT = f"datetime is {_INSTANT}, or two of them with a slash between, either of which may be .. for open"


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


def read_datetimes(value: Any) -> tuple[Interval, ...]:
    """Parse a ``datetime`` parameter with all intervals that it has to intersect. Raises BadRequest.

    They have commas between, which is also what a parameter becomes that is repeated in a URL: GDAL repeats it for two
    conditions on one time.
    """
    texts = [value] if not isinstance(value, str) else [text for text in value.split(",") if text.strip()]
    return tuple(dict.fromkeys(read_datetime(text) for text in texts))


def read_datetime(value: Any) -> Interval:
    """Parse an instant or an interval. Raises BadRequest.

    An interval that ends in the last second of a day ends with that day: 23:59:59Z is how clients write it
    (pystac-client expands 2020-12 to 2020-12-01T00:00:00Z/2020-12-31T23:59:59Z).
    """
    if not isinstance(value, str):
        raise BadRequest(f"{_HINT}, not {_shown(value)}.")
    parts = [part.strip() for part in value.split("/")]
    if len(parts) > 2:
        raise BadRequest(f"{_HINT}; {_shown(value)} has more than one slash.")
    if parts in ([""], [".."]) or not all(part in _OPEN or _RFC3339.match(part) for part in parts):
        raise BadRequest(f"{_HINT}, not {_shown(value)}.{_completion(parts)}")
    if len(parts) == 1:
        instant = read_instant(parts[0])
        return Interval(instant, instant)
    start, end = (None if part in _OPEN else read_instant(part) for part in parts)
    if start is None and end is None:
        raise BadRequest(f"{_HINT}; {_shown(value)} is open at both ends: leave datetime out.")
    if end is not None and end.time() == time(23, 59, 59):
        end = datetime.combine(end, time.max, UTC)
    if start and end and start > end:
        raise BadRequest(f"datetime {_shown(value)} ends before it starts; put the earlier time first.")
    return Interval(start, end)


def _completion(parts: list[str]) -> str:
    """A sentence with the form to use instead, if that is known."""
    periods = [("..", "..") if part in _OPEN else _period(part) for part in parts]
    if None in periods or parts in ([""], [".."]):
        return ""
    first, last = (periods[0] or _OPEN)[0], (periods[-1] or _OPEN)[1]
    form = first if len(parts) == 1 and first == last else f"{first}/{last}"
    escape = " In a URL, write the plus as %2B." if "+" in form else ""
    gdal = (
        ' GDAL sends this for a time that is not complete: write all of it, as in -where "datetime >= '
        "'2024-07-28T00:00:00Z'\", or use the open option DATETIME=2024-07-28T00:00:00Z/.. of GDAL 3.10."
    )
    return f" Write {form} instead.{escape}{gdal if any(_OF_GDAL.match(part) for part in parts) else ''}"


def _period(text: str) -> tuple[str, str] | None:
    """The first and the last second of a year, month, day or time, in RFC 3339; None if it is none of these."""
    match = _LOOSE.fullmatch(text)
    if not match:
        return (text, text) if _RFC3339.match(text) else None
    year, month, *_ = parts = [match[name] for name in _LOOSE_PARTS]
    try:
        last_day = str(monthrange(int(year), int(month or 12))[1])
        first, last = (
            "{}-{}-{}T{}:{}:{}".format(*(part or edge for part, edge in zip(parts, edges, strict=True)))
            for edges in (("", "01", "01", "00", "00", "00"), ("", "12", last_day, "23", "59", "59"))
        )
        datetime.fromisoformat(first)
    except ValueError:
        return None
    fraction = f".{match['fraction']}" if match["fraction"] else ""
    zone = (match["zone"] or "Z").upper().replace(" ", "+").replace(":", "")
    suffix = fraction + (zone if zone == "Z" else f"{zone[:3]}:{zone[3:]}")
    return first + suffix, last + suffix


def read_day(value: Any) -> date | None:
    """Parse a calendar day without a time; None for anything else. Raises BadRequest for a day that does not exist."""
    if not isinstance(value, str) or not _DAY.match(value.strip()):
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError as error:
        raise BadRequest(f"The day {value.strip()!r} does not exist: {error}.") from None


def read_instant(value: str, name: str = "datetime") -> datetime:
    """Parse one RFC 3339 instant to UTC, with microseconds. Raises BadRequest."""
    match = _RFC3339.match(value.strip())
    if not match:
        period = _period(value.strip())
        span = f" {value.strip()} is from {period[0]} to {period[1]}." if period else ""
        hint = " Compare with an interval by T_INTERSECTS, or with each of its ends." if "/" in value else ""
        raise BadRequest(f"{name} is {_INSTANT}, not {_shown(value)}.{span}{hint}")
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


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 100 else shown[:97] + "..."


def _text(instant: datetime | None) -> str:
    return ".." if instant is None else instant_text(instant)
