"""The converters that a mapping can name: each takes a raw value of M2M and returns a clean one, or None.

A value that cannot be read is absent (None), never a guess. Converters do not raise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MIN_YEAR = 1850
"""No camera looked at the Earth from above before this year; M2M has dates such as 0021-09-16 [REFERENCE §4]."""

NOT_ASSESSED = -1
"""M2M's value of a percentage that was not assessed [REFERENCE §5]."""

MAX_INTEGER = 2**53 - 1
"""The largest magnitude of integers that floats hold exactly, and that every JSON reader keeps."""

CENTRAL_TIME = ZoneInfo("America/Chicago")
"""The zone of the archive's own times (EROS is in South Dakota) [REFERENCE §4]."""

_DAY = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})")
_ORDINAL_TIME = re.compile(r"(\d{4}):(\d{3}):(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?$")
_CALENDAR_TIME = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?Z?$")
_ZONED_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[-+]\d{2}(?::?\d{2})?)$")


ABSENT = frozenset({"", "unknown", "n/a", "null"})
"""Texts, without regard to case, that mean that there is no value."""


def text(value: Any) -> str | None:
    """Return the text without leading and trailing whitespace; None if it means that there is no value.

    Lists and objects are no text.

    >>> text(" NADIR "), text(9), text("  "), text("N/A"), text(["T1"])
    ('NADIR', '9', None, None, None)
    """
    raw = "" if isinstance(value, list | dict) else str(value).strip()
    return None if raw.casefold() in ABSENT else raw


def number(value: Any) -> float | None:
    """Return a finite decimal number.

    >>> number("36.66924622"), number(" 3"), number("Unknown"), number(True), number("nan"), number("1_1")
    (36.66924622, 3.0, None, None, None, None)
    """
    # Python's own numerals may have underscores ("1_000").
    if isinstance(value, bool) or "_" in str(value):
        return None
    try:
        parsed = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return parsed if abs(parsed) < float("inf") else None


def integer(value: Any) -> int | None:
    """Return a whole number of at most MAX_INTEGER: a larger one has lost digits, and JSON may not hold it.

    >>> integer("9"), integer(" 078"), integer("1.5"), integer("1e300")
    (9, 78, None, None)
    """
    parsed = number(value)
    return int(parsed) if parsed is not None and parsed.is_integer() and abs(parsed) <= MAX_INTEGER else None


def _bounded(low: float, high: float) -> Callable[[Any], float | None]:
    """Return a converter to a number from ``low`` to ``high``; any other number cannot be this quantity.

    >>> elevation("-12.5"), elevation(91), size("0.60"), size(0)
    (-12.5, None, 0.6, None)
    """

    def bounded(value: Any) -> float | None:
        parsed = number(value)
        return parsed if parsed is not None and low <= parsed <= high else None

    bounded.__doc__ = f"Return a number from {low} to {high}."
    return bounded


elevation = _bounded(-90, 90)
size = _bounded(1e-6, 1e9)


def azimuth(value: Any) -> float | None:
    """Return a direction in degrees clockwise from north, from 0 up to but not including 360.

    Landsat counts from -180 to 180, other datasets from 0 to 360. Values outside both are fill values (-999, 9999).

    >>> azimuth("-48.446"), azimuth(" 360 "), azimuth(-180), azimuth("177.8846007"), azimuth(-999)
    (311.554, 0.0, 180.0, 177.8846007, None)
    """
    degrees = number(value)
    if degrees is None or not -180 <= degrees <= 360:
        return None
    # Rounded, because sums of decimals are not exact: -8.018 + 360 is 351.98199999999997.
    normalized = degrees if degrees >= 0 else round(degrees + 360, 9)
    return normalized if 0 < normalized < 360 else 0.0  # 360 is 0, and -0.0 becomes 0.0


def off_nadir(value: Any) -> float | None:
    """Return the angle in degrees between a sensor's view and straight down; M2M's sign is the side.

    >>> off_nadir("-7.512"), off_nadir("95")
    (7.512, None)
    """
    degrees = elevation(value)
    return None if degrees is None else abs(degrees)


def sun_elevation(value: Any) -> float | None:
    """Return the elevation of the sun from its zenith angle, both in degrees.

    >>> sun_elevation("49.6830376924062"), sun_elevation("Unknown"), sun_elevation(181)
    (40.3169623075938, None, None)
    """
    zenith = number(value)
    # Rounded, because differences of decimals are not exact.
    return round(90 - zenith, 13) if zenith is not None and 0 <= zenith <= 180 else None


_METER = frozenset({"m", "meter", "meters", "metre", "metres"})


def meters(value: Any) -> float | None:
    """Return a pixel size in meters. Of several, the smallest is the ground sample distance as STAC defines it.

    A size with another unit than meters is absent.

    >>> meters("0.60"), meters("10  20  60"), meters("0.5 METERS"), meters("30m"), meters(15)
    (0.6, 10.0, 0.5, 30.0, 15.0)
    >>> meters("2 to 4 feet"), meters("1 arc-second"), meters("0"), meters("Unknown"), meters("-9999")
    (None, None, None, None, None)
    """
    words = re.findall(r"[a-z]+|[^a-z\s,/;]+", str(value).strip().lower())
    sizes = [size(word) for word in words if word not in _METER]
    return None if None in sizes or isinstance(value, bool) else min(filter(None, sizes), default=None)


def percent(value: Any) -> float | None:
    """Return a share from 0 to 100; M2M's -1 means not assessed [REFERENCE §5].

    >>> percent("44.79"), percent(9), percent(-1), percent("10 %"), percent("10% to 19% Cloud Cover")
    (44.79, 9.0, None, 10.0, None)
    """
    share = number(value.strip().removesuffix("%") if isinstance(value, str) else value)
    return share if share is not None and 0 <= share <= 100 else None


def iso(moment: datetime) -> str:
    """Format a UTC time as RFC 3339, with a fraction only if it is not zero.

    >>> iso(datetime(2020, 12, 4, 19, 2, 11, 194486, tzinfo=UTC))
    '2020-12-04T19:02:11.194486Z'
    """
    return moment.replace(tzinfo=None).isoformat() + "Z"


def instant(value: Any) -> str | None:
    """Return a UTC time from one of the two forms of Landsat fields [REFERENCE §4].

    Leap seconds, which Python's datetime cannot hold, become the last microsecond before them.

    >>> instant("2020:217:13:48:06.7714180"), instant("2022-01-29 05:46:37.339474")
    ('2020-08-04T13:48:06.771418Z', '2022-01-29T05:46:37.339474Z')
    >>> instant("2022-01-29 05:46:37"), instant("2022/01/29")
    ('2022-01-29T05:46:37Z', None)
    >>> instant("2016:366:23:59:60.5"), instant("2021:366:00:00:00"), instant("2021:000:00:00:00")
    ('2016-12-31T23:59:59.999999Z', None, None)
    """
    raw = str(value).strip()
    try:
        if match := _ORDINAL_TIME.match(raw):
            year, day_of_year = int(match[1]), int(match[2])
            day = date(year, 1, 1) + timedelta(days=day_of_year - 1)
        elif match := _CALENDAR_TIME.match(raw):
            year = int(match[1])
            day = date(year, int(match[2]), int(match[3]))
        else:
            return None
        # Day 0 or 366 of a common year lies in another year.
        if day.year != year or year < MIN_YEAR:
            return None
        hour, minute, second = (int(part) for part in match.groups()[-4:-1])
        microsecond = 999_999 if second == 60 else int((match.groups()[-1] or "").ljust(6, "0")[:6])
        moment = datetime.combine(day, time(hour, minute, 59 if second == 60 else second, microsecond, UTC))
    except (ValueError, OverflowError):
        return None
    return iso(moment)


def zoned(value: Any) -> str | None:
    """Convert a time with a zone to UTC. A time without a zone is absent, because its zone is not known.

    >>> zoned("2021-03-18 12:22:01.205175-05"), zoned("2022-01-03T02:47:19.848Z")
    ('2021-03-18T17:22:01.205175Z', '2022-01-03T02:47:19.848000Z')
    >>> zoned("2016-09-11 14:20:23"), zoned("Unknown")
    (None, None)
    """
    raw = str(value).strip()
    if not _ZONED_TIME.match(raw):
        return None
    try:
        moment = datetime.fromisoformat(raw).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return iso(moment) if moment.year >= MIN_YEAR else None


def central(value: Any) -> str | None:
    """Convert a time of the archive to UTC, to the second. Without an offset it is in US Central time [REFERENCE §4].

    A search has fractions of seconds and an offset that scene-metadata lacks; without fractions the two agree.

    >>> central("2021-03-18 12:22:01.205175-05"), central("2021-03-18T12:22:01"), central("2020-01-04T13:39:39")
    ('2021-03-18T17:22:01Z', '2021-03-18T17:22:01Z', '2020-01-04T19:39:39Z')
    >>> central("Unknown"), central("2016-09-11"), central(None)
    (None, None, None)
    """
    raw = str(value).strip()
    if not (_ZONED_TIME.match(raw) or _CALENDAR_TIME.match(raw)):
        return None
    try:
        moment = datetime.fromisoformat(raw.replace("/", "-")).replace(microsecond=0)
        in_utc = (moment if moment.tzinfo else moment.replace(tzinfo=CENTRAL_TIME)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return iso(in_utc) if in_utc.year >= MIN_YEAR else None


def _day(value: Any) -> str | None:
    """Return the date at the start of a value as YYYY-MM-DD; a time or zone after it is ignored."""
    match = _DAY.match(str(value).strip())
    if not match:
        return None
    try:
        day = date(*(int(part) for part in match.groups()))
    except ValueError:
        return None
    return day.isoformat() if day.year >= MIN_YEAR else None


def day_start(value: Any) -> str | None:
    """Return the first second of a day; M2M writes days as midnight in a zone, which is ignored [REFERENCE §4].

    >>> day_start("1972-05-31 00:00:00-05"), day_start("2022/07/07"), day_start("Unknown"), day_start("0021-09-16")
    ('1972-05-31T00:00:00Z', '2022-07-07T00:00:00Z', None, None)
    """
    day = _day(value)
    return day and f"{day}T00:00:00Z"


def day_end(value: Any) -> str | None:
    """Return the last second of a day.

    >>> day_end("1972-05-31 00:00:00-05")
    '1972-05-31T23:59:59Z'
    """
    day = _day(value)
    return day and f"{day}T23:59:59Z"


def day(value: Any) -> str | None:
    """Return a day; a time or zone after it is ignored.

    >>> day("2021/04/30"), day("2021-04-30 00:00:00-05"), day("Unknown")
    ('2021-04-30', '2021-04-30', None)
    """
    return _day(value)


def month(value: Any) -> int | None:
    """Return the month of a day, 1 to 12.

    >>> month("1972-05-31 00:00:00-05"), month("Unknown")
    (5, None)
    """
    day = _day(value)
    return int(day[5:7]) if day else None


def _digits(width: int) -> Callable[[Any], str | None]:
    def digits(value: Any) -> str | None:
        parsed = integer(value)
        return f"{parsed:0{width}d}" if parsed is not None and 0 <= parsed < 10**width else None

    digits.__doc__ = f"Return a whole number as text of {width} digits; a longer or negative one is absent."
    return digits


digits_2 = _digits(2)
digits_3 = _digits(3)


def _part(position: int) -> Callable[[Any], str | None]:
    """Return a converter to one part of an id (from 1), such as a product id's satellite, level, or path and row.

    >>> [part("LC08_L2SP_047027_20201204_20210313_02_T1") for part in (part_1, part_2, part_3)]
    ['LC08', 'L2SP', '047027']
    >>> part_1("3014295"), part_2("3014295"), digits_3(" 078")
    (None, None, '078')
    """

    def part(value: Any) -> str | None:
        parts = str(value).strip().split("_")
        # An id without underscores has no parts, not even a first one.
        return parts[position - 1] or None if len(parts) >= max(position, 2) else None

    part.__doc__ = f"Return part {position} of an id whose parts are separated by underscores."
    return part


part_1 = _part(1)
part_2 = _part(2)
part_3 = _part(3)


def assessed(value: Any) -> str | None:
    """Return the text; M2M's -1 means not assessed [REFERENCE §5].

    >>> assessed(5), assessed("10% to 19% Cloud Cover"), assessed(-1), assessed("-1"), assessed("-1.00")
    ('5', '10% to 19% Cloud Cover', None, None, None)
    """
    return None if number(value) == NOT_ASSESSED else text(value)


_MGRS_TILE = re.compile(r"T?(\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z]{2})")


def mgrs(value: Any) -> str | None:
    """Return the grid code of a Sentinel-2 tile.

    >>> mgrs("T50QPL"), mgrs("50QPL"), mgrs("T50")
    ('MGRS-50QPL', 'MGRS-50QPL', None)
    """
    match = _MGRS_TILE.fullmatch(str(value).strip().upper())
    return match and f"MGRS-{match[1]}"


_part_5 = _part(5)


def part_5_day(value: Any) -> str | None:
    """Return part 5 of an id, which is written as YYYYMMDD, as a day.

    >>> part_5_day("LE07_AK_006008_20090905_20210430_02"), part_5_day("LE07_AK_006008")
    ('2021-04-30', None)
    """
    digits = _part_5(value) or ""
    return _day(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}") if len(digits) == 8 and digits.isdecimal() else None


def _tile(begin: int) -> Callable[[Any], str | None]:
    """Return a converter to one of the two numbers in a tile's id, of three digits each.

    >>> tile_horizontal("LE07_AK_006008_20090905_20210430_02"), tile_vertical("LE07_AK_006008_20090905_20210430_02")
    ('006', '008')
    >>> tile_horizontal("LC08_L2SP_047_20201204")
    """

    def tile(value: Any) -> str | None:
        digits = part_3(value) or ""
        return digits[begin : begin + 3] if len(digits) == 6 and digits.isdecimal() else None

    tile.__doc__ = f"Return the digits from {begin} to {begin + 3} of part 3 of an id."
    return tile


tile_horizontal = _tile(0)
tile_vertical = _tile(3)


def mission(value: Any) -> str | None:
    """Return the number of a film mission, with its letter but without the part of the mission that a bucket held.

    >>> mission("1021-1"), mission("9034A"), mission("9034-a"), mission(4036), mission(" ")
    ('1021', '9034A', '9034A', '4036', None)
    """
    number, _, suffix = (text(value) or "").upper().partition("-")
    letter = suffix.strip() if suffix.strip().isalpha() else ""
    return f"{number.strip()}{letter}" or None


def platform(value: Any) -> str | None:
    """Return the name of a platform as STAC writes it: in lower case, with hyphens.

    >>> platform(" SENTINEL-2A "), platform("LANDSAT_8"), platform("SPOT 5"), platform("Unknown")
    ('sentinel-2a', 'landsat-8', 'spot-5', None)
    """
    raw = text(value)
    return raw and re.sub(r"[\s_]+", "-", raw.lower())


_EVENT = re.compile(r"(\d{4})(0[1-9]|1[0-2])?_+(.+)")
_EVENT_AT_END = re.compile(r"(.+)_([A-Z][a-z]{2})(\d{2})")
_EVENT_WORDS = re.compile(r"[A-Z]+\d+|[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|\d+")
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
    """Return a readable name of a disaster event; M2M's starts with the year and month, or ends with both.

    >>> event("201507_Volcano_KickEmJenny_GRD"), event("2007_Greece_Fires")
    ('Volcano Kick Em Jenny GRD, July 2015', 'Greece Fires, 2007')
    >>> event("201606_Airplane_F16_GA"), event("Mississippi_Valley_Flood_Mar08")
    ('Airplane F16 GA, June 2016', 'Mississippi Valley Flood, March 2008')
    >>> event("High Resolution Orthoimagery")
    'High Resolution Orthoimagery'
    """
    raw = text(value)
    if match := _EVENT_AT_END.fullmatch(raw or ""):
        at = next((number for number, name in enumerate(_MONTHS, 1) if name.startswith(match[2])), None)
        return event(f"20{match[3]}{at:02d}_{match[1]}") if at else raw
    match = _EVENT.fullmatch(raw or "")
    if not match:
        return raw
    year, month, name = match.groups()
    when = f"{_MONTHS[int(month) - 1]} {year}" if month else year
    return f"{' '.join(_EVENT_WORDS.findall(name)) or name}, {when}"


CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "text": text,
    "number": number,
    "integer": integer,
    "elevation": elevation,
    "azimuth": azimuth,
    "off-nadir": off_nadir,
    "size": size,
    "sun-elevation": sun_elevation,
    "meters": meters,
    "percent": percent,
    "instant": instant,
    "central": central,
    "day-start": day_start,
    "day-end": day_end,
    "day": day,
    "month": month,
    "digits-2": digits_2,
    "digits-3": digits_3,
    "part-1": part_1,
    "part-2": part_2,
    "part-3": part_3,
    "assessed": assessed,
    "mgrs": mgrs,
    "part-5-day": part_5_day,
    "tile-horizontal": tile_horizontal,
    "tile-vertical": tile_vertical,
    "mission": mission,
    "platform": platform,
    "event": event,
}
"""The converters, by their names in mapping files."""
