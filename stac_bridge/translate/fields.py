"""Translates metadata fields that no row reads to ``m2m:`` properties, named by label and typed by value.

The names depend only on the labels of the dataset's fields, so that all of its scenes have the same names.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from stac_bridge.catalog import field_name
from stac_bridge.m2m.models.scenes import fold
from stac_bridge.mapping.converters import CONVERTERS, MIN_YEAR, NOT_ASSESSED, instant, number, zoned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stac_bridge.mapping.model import Mapping as DatasetMapping
    from stac_bridge.mapping.rows import Row

    IsReadable = Callable[[Any], bool]

_NUMBER = re.compile(r"[-+]?(0|[1-9]\d{0,14})(\.\d+)?$")
"""Numbers with leading zeros are codes (a path, a roll of film), and so are those with more digits than a float has."""

_DATE = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})$")
_MIDNIGHT = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2}) 00:00:00(?:-0[56])?$")
_ORDINAL_TIME = re.compile(r"\d{4}:\d{3}:\d{2}:\d{2}:\d{2}")
_ABSENT = frozenset({"", "unknown", "n/a", "null", "none"})
_DEGREES = re.compile(r"\d+\s*°\s*\d+\s*'")
_NOTATION = re.compile(r"\b(?:dms|dec|decimal)\b")


def _readers_by_label(mapping: DatasetMapping) -> dict[str, list[IsReadable]]:
    """Return, by folded label of each field that rows read, functions that tell whether a row can read a raw value."""
    item = mapping.item
    rows = (item.id, item.geometry, item.start_datetime, item.end_datetime, *mapping.properties.values())
    readers: dict[str, list[IsReadable]] = {}
    for source in (source for row in rows for source in row.chain if source.field):
        readers.setdefault(fold(source.field or ""), []).append(_can_read(source))
    return readers


def _can_read(row: Row) -> IsReadable:
    """Return a function: whether the row turns a raw value into one of its own, or knows that it means "none"."""
    convert, values, is_percent = CONVERTERS[row.convert], row.values, row.convert == "percent"

    def is_readable(raw: Any) -> bool:
        value = None if raw is None else convert(raw)
        if value is None:
            return raw is None or (is_percent and number(raw) == NOT_ASSESSED)
        return values is None or str(value) in values

    return is_readable


def fields_reader(mapping: DatasetMapping) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return a function from a scene's fields (by folded label) to their properties.

    A field that a row reads has no property of its own, unless no row can read its value: then the value is kept
    unchanged, so that no metadata is lost.
    """
    readers, taken = _readers_by_label(mapping), frozenset(mapping.properties)
    # Scenes of a dataset have few different sets of labels, and names cost more than values.
    names_of = lru_cache(maxsize=64)(lambda labels: _names(labels, taken))

    def read(fields: Mapping[str, Any]) -> dict[str, Any]:
        properties = {}
        for label, name, decimal_label in names_of(tuple(fields)):
            if label in readers and any(is_readable(fields[label]) for is_readable in readers[label]):
                continue
            value = parse_value(fields[label])
            if value is not None and not (decimal_label and _repeats_decimals(value, fields[decimal_label])):
                properties[name] = value
        return properties

    return read


def parse_value(value: Any) -> Any:
    """Return a field's value as a number, a date or an instant if that is certain, else as text; None if absent.

    Midnight with an offset of -05 or -06 is a day: the offset is that of the archive. Other times without a zone stay
    text. The ordinal form is UTC in every dataset that uses it [REFERENCE §4].

    >>> parse_value("0.60"), parse_value(" 078"), parse_value("2022/07/07"), parse_value("2000-12-10 00:00:00-06")
    (0.6, '078', '2022-07-07', '2000-12-10')
    >>> parse_value("2022-01-03T02:47:19.848Z"), parse_value("2014:302:07:58:59.273")
    ('2022-01-03T02:47:19.848000Z', '2014-10-29T07:58:59.273000Z')
    >>> parse_value("2022-01-29 05:46:37"), parse_value("2022/13/45")
    ('2022-01-29 05:46:37', '2022/13/45')
    >>> parse_value("Unknown"), parse_value(9), parse_value([1])
    (None, 9, None)
    """
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if not isinstance(value, str):
        return None
    raw = value.strip()
    if raw.casefold() in _ABSENT:
        return None
    # Most values are words: they skip the patterns.
    if not raw[0].isdigit() and raw[0] not in "+-":
        return raw
    return _parse_number(raw) if _NUMBER.match(raw) else _parse_time(raw) or raw


def _parse_number(raw: str) -> float | int:
    return float(raw) if "." in raw else int(raw)


def _parse_time(raw: str) -> str | None:
    """Return an RFC 3339 date or instant, or None if the text is not certainly one."""
    if match := _DATE.match(raw) or _MIDNIGHT.match(raw):
        return _parse_date(*match.groups()[:3])
    return instant(raw) if _ORDINAL_TIME.match(raw) else zoned(raw)


def _parse_date(year: str, month: str, day: str) -> str | None:
    try:
        parsed = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return parsed.isoformat() if parsed.year >= MIN_YEAR else None


def _names(labels: Iterable[str], taken: frozenset[str]) -> tuple[tuple[str, str, str | None], ...]:
    """Return (label, property, label of the same coordinate in another notation) for each field.

    The names do not depend on the order of the labels. Labels that clean to a name in use get a number.
    """
    coordinates: dict[str, list[str]] = {}
    for label in labels:
        coordinates.setdefault(_without_notation(label), []).append(label)
    names: dict[str, str] = {}
    used = set(taken)
    for label in sorted(labels):
        name, suffix = field_name(label), 2
        while name in used:
            name, suffix = f"{field_name(label)}_{suffix}", suffix + 1
        used.add(name)
        names[label] = name
    return tuple(
        (label, names[label], next((twin for twin in coordinates[_without_notation(label)] if twin != label), None))
        for label in labels
    )


def _without_notation(label: str) -> str:
    """Return a label without the words for degrees or decimals; M2M spells longitude in four ways [REFERENCE §5].

    >>> _without_notation("nw corner lat dec") == _without_notation("nw corner lat")
    True
    >>> _without_notation("center longtude dec")
    'center lon'
    >>> _without_notation("corner upper left lat dms") == _without_notation("corner upper left latitude")
    True
    """
    plain = _NOTATION.sub("", label)
    plain = re.sub(r"\blong(?:i?tude)?\b", "lon", re.sub(r"\blatitude\b", "lat", plain))
    return " ".join(plain.split())


def _repeats_decimals(value: Any, twin: Any) -> bool:
    """Whether the value is a coordinate in degrees and minutes, and its twin the same one in decimals."""
    return isinstance(value, str) and _DEGREES.match(value) is not None and isinstance(parse_value(twin), int | float)
