"""The conversions a mapping may name: each takes a raw value of M2M and gives a clean one, or None.

Unknown is absent, never a guess: what cannot be read gives None.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CONVERTERS", "EARLIEST", "UNASSESSED", "day_end", "day_start", "instant", "iso", "number", "zoned"]

EARLIEST = 1850
"""No camera saw the Earth from above before this year; M2M has dates such as 0021-09-16 [REFERENCE §4]."""

UNASSESSED = -1
"""What M2M writes for a percentage that nobody assessed [REFERENCE §5]."""

_DAY = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})")
_ORDINAL = re.compile(r"(\d{4}):(\d{3}):(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?$")
_INSTANT = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?Z?$")

_ZONED = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[-+]\d{2}(?::?\d{2})?)$")


def text(value: Any) -> str | None:
    """Text without blanks at its ends; empty is absent.

    >>> text(" NADIR "), text(9), text("  ")
    ('NADIR', '9', None)
    """
    return str(value).strip() or None


def number(value: Any) -> float | None:
    """A decimal number.

    >>> number("36.66924622"), number(" 3"), number("Unknown"), number(True), number("nan")
    (36.66924622, 3.0, None, None, None)
    """
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if abs(found) < float("inf") else None


def integer(value: Any) -> int | None:
    """A whole number.

    >>> integer("9"), integer(" 078"), integer("1.5")
    (9, 78, None)
    """
    found = number(value)
    return int(found) if found is not None and found.is_integer() else None


def _bounded(low: float, high: float) -> Callable[[Any], float | None]:
    """A number within bounds; what lies outside cannot be what it is called.

    >>> elevation("-12.5"), elevation(91), size("0.60"), size(0)
    (-12.5, None, 0.6, None)
    """

    def bounded(value: Any) -> float | None:
        found = number(value)
        return found if found is not None and low <= found <= high else None

    bounded.__doc__ = f"A number from {low} to {high}."
    return bounded


elevation = _bounded(-90, 90)
size = _bounded(1e-6, 1e9)


def azimuth(value: Any) -> float | None:
    """A direction clockwise from north, from 0 up to but not including 360.

    Landsat counts from -180 to 180, others from 0 to 360; what lies outside both is no direction (-999, 9999).

    >>> azimuth("-48.446"), azimuth(" 360 "), azimuth(-180), azimuth("177.8846007"), azimuth(-999)
    (311.554, 0.0, 180.0, 177.8846007, None)
    """
    found = number(value)
    if found is None or not -180 <= found <= 360:
        return None
    turned = found if found >= 0 else round(found + 360, 9)  # rounded, because M2M's decimals do not add exactly
    return turned if 0 < turned < 360 else 0.0


def off_nadir(value: Any) -> float | None:
    """How far a sensor looks away from straight down, in degrees, whichever side it looks to.

    >>> off_nadir("-7.512"), off_nadir("95")
    (7.512, None)
    """
    found = elevation(value)
    return None if found is None else abs(found)


def percent(value: Any) -> float | None:
    """A share of 0 to 100; M2M says -1 where nothing was assessed [REFERENCE §5].

    >>> percent("44.79"), percent(9), percent(-1), percent("-1"), percent("10% to 19% Cloud Cover")
    (44.79, 9.0, None, None, None)
    """
    found = number(value)
    return found if found is not None and 0 <= found <= 100 else None


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC, with a fraction only where there is one.

    >>> iso(datetime(2020, 12, 4, 19, 2, 11, 194486, tzinfo=UTC))
    '2020-12-04T19:02:11.194486Z'
    """
    return moment.replace(tzinfo=None).isoformat() + "Z"


def instant(value: Any) -> str | None:
    """A time in UTC, in the two forms that Landsat fields take [REFERENCE §4]; a leap second ends the one before.

    >>> instant("2020:217:13:48:06.7714180"), instant("2022-01-29 05:46:37.339474")
    ('2020-08-04T13:48:06.771418Z', '2022-01-29T05:46:37.339474Z')
    >>> instant("2022-01-29 05:46:37"), instant("2022/01/29")
    ('2022-01-29T05:46:37Z', None)
    >>> instant("2016:366:23:59:60.5"), instant("2021:366:00:00:00"), instant("2021:000:00:00:00")
    ('2016-12-31T23:59:59.999999Z', None, None)
    """
    written = str(value).strip()
    try:
        if found := _ORDINAL.match(written):
            year, days = int(found[1]), int(found[2])
            day = date(year, 1, 1) + timedelta(days=days - 1)
        elif found := _INSTANT.match(written):
            year = int(found[1])
            day = date(year, int(found[2]), int(found[3]))
        else:
            return None
        if day.year != year or year < EARLIEST:
            return None
        hour, minute, second = (int(part) for part in found.groups()[-4:-1])
        microsecond = 999_999 if second == 60 else int((found.groups()[-1] or "").ljust(6, "0")[:6])
        moment = datetime.combine(day, time(hour, minute, 59 if second == 60 else second, microsecond, UTC))
    except (ValueError, OverflowError):
        return None
    return iso(moment)


def zoned(value: Any) -> str | None:
    """A time that says its zone, in UTC; one that does not may be anywhere.

    >>> zoned("2021-03-18 12:22:01.205175-05"), zoned("2022-01-03T02:47:19.848Z")
    ('2021-03-18T17:22:01.205175Z', '2022-01-03T02:47:19.848000Z')
    >>> zoned("2016-09-11 14:20:23"), zoned("Unknown")
    (None, None)
    """
    written = str(value).strip()
    if not _ZONED.match(written):
        return None
    try:
        moment = datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return iso(moment) if moment.year >= EARLIEST else None


def _day(value: Any) -> str | None:
    found = _DAY.match(str(value).strip())
    if not found:
        return None
    try:
        day = date(*(int(part) for part in found.groups()))
    except ValueError:
        return None
    return day.isoformat() if day.year >= EARLIEST else None


def day_start(value: Any) -> str | None:
    """The first second of a day, whatever zone M2M wrote its midnight in [REFERENCE §4].

    >>> day_start("1972-05-31 00:00:00-05"), day_start("2022/07/07"), day_start("Unknown"), day_start("0021-09-16")
    ('1972-05-31T00:00:00Z', '2022-07-07T00:00:00Z', None, None)
    """
    day = _day(value)
    return day and f"{day}T00:00:00Z"


def day_end(value: Any) -> str | None:
    """The last second of a day.

    >>> day_end("1972-05-31 00:00:00-05")
    '1972-05-31T23:59:59Z'
    """
    day = _day(value)
    return day and f"{day}T23:59:59Z"


def month(value: Any) -> int | None:
    """The month of a day, 1 to 12.

    >>> month("1972-05-31 00:00:00-05"), month("Unknown")
    (5, None)
    """
    day = _day(value)
    return int(day[5:7]) if day else None


def _digits(width: int) -> Callable[[Any], str | None]:
    def digits(value: Any) -> str | None:
        found = integer(value)
        return f"{found:0{width}d}" if found is not None and 0 <= found < 10**width else None

    digits.__doc__ = f"A whole number as text of {width} digits; one that needs more is no such code."
    return digits


digits_2 = _digits(2)
digits_3 = _digits(3)


def _part(place: int) -> Callable[[Any], str | None]:
    """One of the parts that underscores join, such as a product id's satellite, level, or path with row.

    >>> [part("LC08_L2SP_047027_20201204_20210313_02_T1") for part in (part_1, part_2, part_3)]
    ['LC08', 'L2SP', '047027']
    >>> part_1("3014295"), part_2("3014295"), digits_3(" 078")
    (None, None, '078')
    """

    def part(value: Any) -> str | None:
        parts = str(value).strip().split("_")
        return parts[place - 1] or None if len(parts) >= max(place, 2) else None

    part.__doc__ = f"Part {place} of those that underscores join."
    return part


part_1 = _part(1)
part_2 = _part(2)
part_3 = _part(3)


def lower(value: Any) -> str | None:
    """Text in small letters, as STAC writes platforms and instruments.

    >>> lower(" SENTINEL-2A ")
    'sentinel-2a'
    """
    found = text(value)
    return found and found.lower()


_EVENT = re.compile(r"(\d{4})(0[1-9]|1[0-2])?_+(.+)")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|\d+")
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def event(value: Any) -> str | None:
    """The name of a disaster event as people say it, from M2M's with year and month in front.

    >>> event("201507_Volcano_KickEmJenny_GRD"), event("2007_Greece_Fires")
    ('Volcano Kick Em Jenny GRD, July 2015', 'Greece Fires, 2007')
    >>> event("High Resolution Orthoimagery")
    'High Resolution Orthoimagery'
    """
    written = text(value)
    found = _EVENT.fullmatch(written or "")
    if not found:
        return written
    year, month, name = found.groups()
    when = f"{_MONTHS[int(month) - 1]} {year}" if month else year
    return f"{' '.join(_WORDS.findall(name)) or name}, {when}"


CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "text": text,
    "number": number,
    "integer": integer,
    "elevation": elevation,
    "azimuth": azimuth,
    "off-nadir": off_nadir,
    "size": size,
    "percent": percent,
    "instant": instant,
    "day-start": day_start,
    "day-end": day_end,
    "month": month,
    "digits-2": digits_2,
    "digits-3": digits_3,
    "part-1": part_1,
    "part-2": part_2,
    "part-3": part_3,
    "lower": lower,
    "event": event,
}
"""By the name a mapping uses."""
