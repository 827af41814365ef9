"""The queryables of a mapping's Items: their names, types and possible values.

Every property of an Item is a queryable, because search evaluates the whole filter on Items. If the property's row
names an M2M filter, search sends the condition to M2M, too. A dataset filter whose values cannot be compared with those
of Items is a queryable as well: M2M alone answers its conditions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from stac_bridge.mapping.converters import MIN_YEAR
from stac_bridge.mapping.field_types import is_number
from stac_bridge.mapping.model import Mapping
from stac_bridge.mapping.rows import FilterRow, Row
from stac_bridge.mapping.titles import title_of

Kind = Literal["string", "number", "integer", "boolean", "datetime", "array", "geometry"]
"""The type of a queryable."""

_KINDS: dict[str, Kind] = {
    "number": "number",
    "elevation": "number",
    "azimuth": "number",
    "off-nadir": "number",
    "size": "number",
    "sun-elevation": "number",
    "meters": "number",
    "percent": "number",
    "integer": "integer",
    "month": "integer",
    "instant": "datetime",
    "central": "datetime",
    "day-start": "datetime",
    "day-end": "datetime",
}
"""By converter; all others return text."""


_RANGES: dict[str, tuple[float, float | None]] = {
    "percent": (0, 100),
    "elevation": (-90, 90),
    "sun-elevation": (-90, 90),
    "meters": (0, None),
    "azimuth": (0, 360),
    "off-nadir": (0, 90),
    "size": (0, None),
    "month": (1, 12),
}
"""By converter: the smallest and largest number that it can return; None: no limit."""

_TIMES = (f"{MIN_YEAR}-01-01", "9999-12-31T24")
"""Texts before and after all times, with and without fractions of seconds."""

RANGES: dict[str, tuple[Any, Any]] = {
    **_RANGES,
    "digits-2": ("00", "99"),
    "digits-3": ("000", "999"),
    "day": (_TIMES[0], "9999-12-31"),
    "part-5-day": (_TIMES[0], "9999-12-31"),
    **{converter: _TIMES for converter, kind in _KINDS.items() if kind == "datetime"},
}
"""By converter: the first and last value that it can return, text among them; None: no limit."""

_DIGIT = "[0-9]"
_DAY_PATTERN = "-".join((4 * _DIGIT, 2 * _DIGIT, 2 * _DIGIT))

PATTERNS: dict[str, tuple[str, ...]] = {
    "digits-2": (2 * _DIGIT,),
    "digits-3": (3 * _DIGIT,),
    "day": (_DAY_PATTERN,),
    "part-5-day": (_DAY_PATTERN,),
    "tile-horizontal": (3 * _DIGIT,),
    "tile-vertical": (3 * _DIGIT,),
    "mgrs": tuple(f"MGRS-{digits}[C-X][A-Z][A-Z]" for digits in (_DIGIT, 2 * _DIGIT)),
}
"""By converter: the forms of all texts that it can return."""

EPSG_CODES = (3031, *range(26901, 26924), *range(32601, 32661), *range(32701, 32761))
"""The codes of ``translate/properties/grid.py``: Antarctic, and the UTM zones of NAD83 and of WGS 84."""

ORDERED_KINDS = ("string", "number", "integer", "boolean", "datetime")
"""Kinds whose values have an order."""


@dataclass(frozen=True, slots=True)
class Queryable:
    """A property that a filter can use.

    ``values`` are all possible values and ``range`` their limits; None if unknown.
    """

    name: str
    kind: Kind
    title: str
    values: tuple[Any, ...] | None = None
    row: Row | None = None
    range: tuple[float, float | None] | None = None
    filter: FilterRow | None = None
    """The M2M filter that can search by the property."""
    others: tuple[str, ...] = ()
    """Other names that the same property may have in Items, such as that of the filter's column."""
    description: str | None = None

    @property
    def is_unchecked(self) -> bool:
        """Whether M2M alone can compare the filter's own values; Items may lack the property or spell it otherwise."""
        return self.filter is not None and self.filter.keys == "unchecked"

    @property
    def is_sortable(self) -> bool:
        """Whether Items can be sorted by this property."""
        return self.kind in ORDERED_KINDS


TIME_PROPERTIES = ("datetime", "start_datetime", "end_datetime")
"""The properties that hold a scene's acquisition time."""

DATETIME_DESCRIPTION = (
    "If an Item has only a span of time (datetime is null), comparisons use the span from start_datetime to "
    "end_datetime: =, <, <=, > and >= hold if they hold for any of its instants, <> if = does not, and the temporal "
    "operators (T_INTERSECTS and others) compare the span. This is how the datetime parameter searches, too. "
    "IS NULL tests datetime itself."
)
"""How filters compare ``datetime``; ``docs/searching.md`` says the same."""

CORE_QUERYABLES: dict[str, Queryable] = {
    queryable.name: queryable
    for queryable in (
        Queryable("id", "string", title_of("id")),
        Queryable("title", "string", title_of("title")),
        Queryable("collection", "string", title_of("collection")),
        Queryable("m2m:dataset", "string", title_of("m2m:dataset")),
        Queryable("geometry", "geometry", title_of("geometry")),
        Queryable("datetime", "datetime", title_of("datetime"), description=DATETIME_DESCRIPTION),
        Queryable("start_datetime", "datetime", title_of("start_datetime")),
        Queryable("end_datetime", "datetime", title_of("end_datetime")),
    )
}
"""The queryables of every Item, by name."""


CLOUD_COVER = Queryable("eo:cloud_cover", "number", "Cloud cover (%)", row=Row(value=None), range=(0, 100))
"""Accepted for datasets whose Items lack it: to a filter their cloud cover is unknown, which needs no request."""


class Queryables(dict[str, Queryable]):
    """Queryables by name. If ``is_open``, lookups accept any name with the prefix ``m2m:`` (a metadata field).

    Iteration yields the listed names only, because the labels of metadata fields are known only from scenes.
    """

    is_open: bool = False

    def __missing__(self, name: str) -> Queryable:
        """Return the queryable of cloud cover or of a metadata field that is not listed. Raises KeyError."""
        if name == CLOUD_COVER.name:
            return CLOUD_COVER
        if not self._is_field(name):
            raise KeyError(name)
        return Queryable(name, field_kind(name), title_of(name), others=_without_format(name))

    def __contains__(self, name: object) -> bool:
        """Whether a filter can use this name."""
        return super().__contains__(name) or name == CLOUD_COVER.name or self._is_field(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the queryable of this name, or ``default``: ``dict.get`` alone does not call ``__missing__``."""
        try:
            return self[name]
        except KeyError:
            return default

    def _is_field(self, name: object) -> bool:
        return self.is_open and isinstance(name, str) and name.startswith("m2m:")


_FORMAT = re.compile(r"_(?:ex_)?(?:yyyy_mm_dd|mm_dd_yyyy|yyyymmdd)$")


def _without_format(name: str) -> tuple[str, ...]:
    """Return the name without the format of a date, which labels of filters have and labels of fields do not.

    >>> _without_format("m2m:tile_production_date_ex_yyyy_mm_dd"), _without_format("m2m:tile_production_date")
    (('m2m:tile_production_date',), ())
    """
    plain = _FORMAT.sub("", name)
    return () if plain == name else (plain,)


def field_kind(name: str) -> Kind:
    """Return the kind of the values of a metadata field, by the name of its property."""
    return "number" if is_number(name) else "string"


def filter_queryable(name: str, label: str, row: FilterRow | None, others: tuple[str, ...]) -> Queryable:
    """Return the queryable of a dataset filter that no row names."""
    return Queryable(name, field_kind(name), title_of(name, label), filter=row, others=others)


def queryables_of(mapping: Mapping) -> Queryables:
    """Return the core queryables, then the mapping's own properties in its order."""
    queryables = Queryables(CORE_QUERYABLES)
    queryables.is_open = mapping.fields
    for name, row in mapping.properties.items():
        queryables[name] = Queryable(
            name, _kind(row), title_of(name, row.field), _values(row), row, _range(row), row.filter
        )
    if mapping.grid:
        queryables["proj:code"] = Queryable("proj:code", "string", title_of("proj:code"))
        queryables["proj:epsg"] = Queryable("proj:epsg", "integer", title_of("proj:epsg"))
    if mapping.tiles:
        queryables["grid:code"] = Queryable("grid:code", "string", title_of("grid:code"))
    return queryables


def _values(row: Row) -> tuple[Any, ...] | None:
    """Return the constant or the values of the row's tables; None if other values are possible."""
    if row.is_constant:
        return (row.value,)
    if any(link.values is None for link in row.chain):
        return None
    return tuple(value for link in row.chain for value in (link.values or {}).values())


def _range(row: Row) -> tuple[float, float | None] | None:
    """Return the converter's range; None if the value can come from a table or a constant, which have no range."""
    return None if row.values or any(link.is_constant for link in row.chain) else _RANGES.get(row.convert)


def _kind(row: Row) -> Kind:
    if row.is_constant:
        return _kind_of(row.value)
    if row.values:
        return _kind_of(next(iter(row.values.values())))
    return _KINDS.get(row.convert, "string")


def _kind_of(value: Any) -> Kind:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case list() | tuple():
            return "array"
        case _:
            return "string"
