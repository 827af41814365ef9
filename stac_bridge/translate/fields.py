"""Metadata fields that no row can read → ``m2m:`` properties under their own cleaned labels, typed by value.

Names depend on the labels of the dataset alone, so every scene of it has the same.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from stac_bridge.catalog import field_name
from stac_bridge.m2m.models.scenes import fold
from stac_bridge.mapping.converters import CONVERTERS, EARLIEST, UNASSESSED, instant, number, zoned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stac_bridge.mapping.model import Mapping as DatasetMapping
    from stac_bridge.mapping.rows import Row

__all__ = ["fields_reader", "typed"]

_NUMBER = re.compile(r"[-+]?(0|[1-9]\d{0,14})(\.\d+)?$")
"""Leading zeros make a code (a path, a roll of film), and so do more digits than a float holds."""

_DATE = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})$")
_MIDNIGHT = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2}) 00:00:00(?:-0[56])?$")
_ORDINAL = re.compile(r"\d{4}:\d{3}:\d{2}:\d{2}:\d{2}")
_ABSENT = frozenset({"", "unknown", "n/a", "null", "none"})
_DEGREES = re.compile(r"\d+\s*°\s*\d+\s*'")
_DIRECTION = re.compile(r"\b(?:dms|dec|decimal)\b")


def _readings(mapping: DatasetMapping) -> dict[str, list[Callable[[Any], bool]]]:
    """By the folded label of each field that rows read: whether they can read a raw value."""
    item = mapping.item
    rows = (item.id, item.geometry, item.start_datetime, item.end_datetime, *mapping.properties.values())
    found: dict[str, list[Callable[[Any], bool]]] = {}
    for row in (link for one in rows for link in one.chain if link.field):
        found.setdefault(fold(row.field or ""), []).append(_reading(row))
    return found


def _reading(row: Row) -> Callable[[Any], bool]:
    """Whether a row makes a value of a raw one, or understands that it means none."""
    convert, values, is_share = CONVERTERS[row.convert], row.values, row.convert == "percent"

    def is_readable(raw: Any) -> bool:
        value = None if raw is None else convert(raw)
        if value is None:
            return raw is None or (is_share and number(raw) == UNASSESSED)
        return values is None or str(value) in values

    return is_readable


def fields_reader(mapping: DatasetMapping) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function from a scene's fields (by folded label) to the properties they become.

    A field that a row reads becomes none, unless no row can read what it holds: then it is kept as it is.
    """
    readings, taken = _readings(mapping), frozenset(mapping.properties)
    named = lru_cache(maxsize=64)(lambda labels: _named(labels, taken))

    def read(fields: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for label, name, twin in named(tuple(fields)):
            if label in readings and any(is_readable(fields[label]) for is_readable in readings[label]):
                continue
            value = typed(fields[label])
            if value is not None and not (twin and _says_twice(value, fields[twin])):
                found[name] = value
        return found

    return read


def typed(value: Any) -> Any:
    """A field's value by what it is: a number, a date or an instant where that is certain, else text.

    An offset of -05 or -06 at midnight is the archive's zone and says a day; other times without a zone stay
    text; the ordinal form is UTC wherever it was seen [REFERENCE §4]. Unknown is absent.

    >>> typed("0.60"), typed(" 078"), typed("2022/07/07"), typed("2000-12-10 00:00:00-06")
    (0.6, '078', '2022-07-07', '2000-12-10')
    >>> typed("2022-01-03T02:47:19.848Z"), typed("2014:302:07:58:59.273"), typed("2022-01-29 05:46:37")
    ('2022-01-03T02:47:19.848000Z', '2014-10-29T07:58:59.273000Z', '2022-01-29 05:46:37')
    >>> typed("Unknown"), typed("2022/13/45"), typed(9), typed([1])
    (None, '2022/13/45', 9, None)
    """
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if not isinstance(value, str):
        return None
    written = value.strip()
    if written.casefold() in _ABSENT:
        return None
    if not written[0].isdigit() and written[0] not in "+-":
        return written
    return _number(written) if _NUMBER.match(written) else _moment(written) or written


def _number(written: str) -> float | int:
    return float(written) if "." in written else int(written)


def _moment(written: str) -> str | None:
    """An RFC 3339 date or instant, or None for what is not certainly one."""
    if found := _DATE.match(written) or _MIDNIGHT.match(written):
        return _date(*found.groups()[:3])
    return instant(written) if _ORDINAL.match(written) else zoned(written)


def _date(year: str, month: str, day: str) -> str | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found.isoformat() if found.year >= EARLIEST else None


def _named(labels: Iterable[str], taken: frozenset[str]) -> tuple[tuple[str, str, str | None], ...]:
    """(label, property, the label that says the same place in decimals) for each field, whatever their order."""
    places: dict[str, list[str]] = {}
    for label in labels:
        places.setdefault(_place(label), []).append(label)
    names: dict[str, str] = {}
    used = set(taken)
    for label in sorted(labels):
        name, number = field_name(label), 2
        while name in used:
            name, number = f"{field_name(label)}_{number}", number + 1
        used.add(name)
        names[label] = name
    return tuple(
        (label, names[label], next((twin for twin in places[_place(label)] if twin != label), None)) for label in labels
    )


def _place(label: str) -> str:
    """A label without what tells degrees and decimals apart; M2M spells longitude in four ways [REFERENCE §5].

    >>> _place("nw corner lat dec") == _place("nw corner lat"), _place("center longtude dec")
    (True, 'center lon')
    >>> _place("corner upper left lat dms") == _place("corner upper left latitude")
    True
    """
    plain = _DIRECTION.sub("", label)
    plain = re.sub(r"\blong(?:i?tude)?\b", "lon", re.sub(r"\blatitude\b", "lat", plain))
    return " ".join(plain.split())


def _says_twice(value: Any, twin: Any) -> bool:
    """Whether this is a place in degrees and minutes that stands beside it in decimals."""
    return isinstance(value, str) and _DEGREES.match(value) is not None and isinstance(typed(twin), int | float)
