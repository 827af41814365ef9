"""Translates metadata fields that no row reads to ``m2m:`` properties, named and typed by label.

Names and types depend only on the labels of the dataset's fields, so that all of its scenes have the same ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from stac_bridge.catalog import field_name
from stac_bridge.m2m.models.scenes import Scene, fold
from stac_bridge.mapping.converters import ABSENT, MAX_INTEGER, MIN_YEAR, NOT_ASSESSED, instant, number, zoned
from stac_bridge.mapping.field_types import is_number
from stac_bridge.mapping.model import Mapping as DatasetMapping
from stac_bridge.mapping.rows import Row
from stac_bridge.translate.properties.row_readers import row_reader

IsHeld = Callable[[Scene], bool | None]
"""Whether a row's property holds the field's value; None if the row did not come to read the field."""
Holder = tuple[IsHeld, bool]
"""The function for a row, and whether its property is the field's text as it is."""

_DATE = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})$")
_MIDNIGHT = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2}) 00:00:00(?:-0[56])?$")
_ORDINAL_TIME = re.compile(r"\d{4}:\d{3}:\d{2}:\d{2}:\d{2}")
_INTEGER = re.compile(r"[-+]?\d+$")
_NUMBER = re.compile(r"\d[\d.]*")
_NOTATION = re.compile(r"\b(?:dms|dec|decimal)\b")


_LOSES_PART: dict[str, Callable[[Any], bool]] = {
    "off-nadir": lambda raw: (number(raw) or 0) < 0,
    "meters": lambda raw: len(_NUMBER.findall(str(raw))) > 1,
}
"""By converter: whether its result lacks a part of the value: the side of a view, all sizes but one."""


def fields_reader(mapping: DatasetMapping) -> Callable[[Scene, Collection[str]], dict[str, Any]]:
    """Return a function from a scene, and the labels of the fields that its times hold, to properties of its fields.

    A field has no property if ``mapping.drop`` lists it, if the Item's times hold it, or if a row has
    its text, or each row that came to read it its value. So a value that is not in a row's table, that a converter
    cannot read, or that only a fallback would have used is kept, but no text is there twice.
    """
    holders, taken = _holders_by_label(mapping), frozenset(mapping.properties)
    dropped = frozenset(_without_notation(fold(label)) for label in mapping.drop)
    # Scenes of a dataset have few different sets of labels, and names cost more than values.
    names_of = lru_cache(maxsize=64)(lambda labels: _names(labels, taken, dropped))

    def read(scene: Scene, in_times: Collection[str]) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        for label, name, text_name in names_of(tuple(scene.fields)):
            raw = scene.fields[label]
            if raw is None or label in in_times or (label in holders and _is_held(holders[label], scene)):
                continue
            value = parse_number(raw) if text_name else None
            if value is not None:
                properties[name] = value
            elif (text := parse_text(raw)) is not None:
                properties[text_name or name] = text
        return properties

    return read


def _holders_by_label(mapping: DatasetMapping) -> dict[str, list[Holder]]:
    """Return, by folded label of each field that rows read, a holder for each row that reads it."""
    holders: dict[str, list[Holder]] = {}
    for row in (mapping.item.id, *mapping.properties.values()):
        chain = row.chain
        for index, link in enumerate(chain):
            if link.field:
                holders.setdefault(fold(link.field), []).append((_is_held_by(link, chain[:index]), _keeps_text(link)))
    return holders


def _keeps_text(row: Row) -> bool:
    return row.convert in ("text", "assessed") and row.values is None


def _is_held_by(row: Row, preferred: tuple[Row, ...]) -> IsHeld:
    """Return the function for a row that is read only if none of the ``preferred`` rows has a value."""
    read, label = row_reader(row), fold(row.field or "")
    read_preferred = tuple(row_reader(link) for link in preferred)
    knows_not_assessed, loses_part = row.convert in ("percent", "assessed"), _LOSES_PART.get(row.convert)

    def is_held(scene: Scene) -> bool | None:
        if any(read_link(scene) is not None for read_link in read_preferred):
            return None
        if read(scene) is None:
            return knows_not_assessed and number(scene.fields[label]) == NOT_ASSESSED
        return loses_part is None or not loses_part(scene.fields[label])

    return is_held


def _is_held(holders: list[Holder], scene: Scene) -> bool:
    answers = [(is_held(scene), keeps_text) for is_held, keeps_text in holders]
    if (True, True) in answers:
        return True
    verdicts = {verdict for verdict, _keeps_text in answers}
    return True in verdicts and False not in verdicts


def parse_number(value: Any) -> float | int | None:
    """Return a number, whole if it is written so; None if it is none, or has more digits than JSON keeps.

    >>> parse_number("0.60"), parse_number(" 078"), parse_number(9), parse_number("-1"), parse_number("152.6 mm")
    (0.6, 78, 9, -1, None)
    """
    parsed = number(value)
    if parsed is None or abs(parsed) > MAX_INTEGER:
        return None
    return int(value) if isinstance(value, int) or _INTEGER.match(str(value).strip()) else parsed


def parse_text(value: Any) -> str | None:
    """Return a field's value as text, days and instants in STAC's form; None if it means that there is no value.

    Midnight with an offset of -05 or -06 is a day: the offset is that of the archive. Other times without a zone stay
    as they are. The ordinal form is UTC in every dataset that uses it [REFERENCE §4].

    >>> parse_text("0.60"), parse_text(" 078"), parse_text(9), parse_text(True), parse_text("Unknown"), parse_text([])
    ('0.60', '078', '9', 'true', None, None)
    >>> parse_text(["T1", 2])
    '["T1", 2]'
    >>> parse_text("2022/07/07"), parse_text("2000-12-10 00:00:00-06"), parse_text("2014:302:07:58:59.273")
    ('2022-07-07', '2000-12-10', '2014-10-29T07:58:59.273000Z')
    >>> parse_text("2022-01-03T02:47:19.848Z"), parse_text("2022-01-29 05:46:37"), parse_text("2022/13/45")
    ('2022-01-03T02:47:19.848000Z', '2022-01-29 05:46:37', '2022/13/45')
    """
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if isinstance(value, list | dict) and value:
        return json.dumps(value, ensure_ascii=False)  # orjson refuses integers beyond 64 bits
    if not isinstance(value, str):
        return None
    raw = value.strip()
    if raw.casefold() in ABSENT:
        return None
    # Most values are words: they skip the patterns.
    return (_parse_time(raw) or raw) if raw[0].isdigit() else raw


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


def _names(
    labels: Iterable[str], taken: frozenset[str], dropped: frozenset[str]
) -> tuple[tuple[str, str, str | None], ...]:
    """Return (label, property, property of values that are not numbers; None for fields of text) for each field.

    The names do not depend on the order of the labels. Labels that clean to a name in use get a number.
    """
    names: dict[str, str] = {}
    used = set(taken)
    for label in sorted(label for label in labels if _without_notation(label) not in dropped):
        name, suffix = field_name(label), 2
        while name in used:
            name, suffix = f"{field_name(label)}_{suffix}", suffix + 1
        used.add(name)
        names[label] = name
    return tuple(
        (label, names[label], f"{names[label]}_text" if is_number(label) else None)
        for label in labels
        if label in names
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
