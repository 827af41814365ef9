"""The queryables of a mapping's Items: their names, types and possible values.

Every property of an Item is a queryable, because search evaluates the whole filter on Items. If the property's row
names an M2M filter, search sends the condition to M2M, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from stac_bridge.mapping.titles import title_of

if TYPE_CHECKING:
    from stac_bridge.mapping.model import Mapping
    from stac_bridge.mapping.rows import Row

Kind = Literal["string", "number", "integer", "boolean", "datetime", "array", "geometry", "any"]
"""The type of a queryable. ``any`` is a metadata field, whose type is known only from each scene's value."""

_KINDS: dict[str, Kind] = {
    "number": "number",
    "elevation": "number",
    "azimuth": "number",
    "off-nadir": "number",
    "size": "number",
    "percent": "number",
    "integer": "integer",
    "month": "integer",
    "instant": "datetime",
    "day-start": "datetime",
    "day-end": "datetime",
}
"""By converter; all others return text."""


_RANGES: dict[str, tuple[float, float | None]] = {
    "percent": (0, 100),
    "elevation": (-90, 90),
    "azimuth": (0, 360),
    "off-nadir": (0, 90),
    "size": (0, None),
    "month": (1, 12),
}
"""By converter: the smallest and largest number that it can return; None: no limit."""

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

    @property
    def is_sortable(self) -> bool:
        """Whether Items can be sorted by this property."""
        return self.kind in ORDERED_KINDS


TIME_PROPERTIES = ("datetime", "start_datetime", "end_datetime")
"""The properties that hold a scene's acquisition time."""

CORE_QUERYABLES: dict[str, Queryable] = {
    queryable.name: queryable
    for queryable in (
        Queryable("id", "string", title_of("id")),
        Queryable("title", "string", title_of("title")),
        Queryable("collection", "string", title_of("collection")),
        Queryable("m2m:dataset", "string", title_of("m2m:dataset")),
        Queryable("geometry", "geometry", title_of("geometry")),
        Queryable("datetime", "datetime", title_of("datetime")),
        Queryable("start_datetime", "datetime", title_of("start_datetime")),
        Queryable("end_datetime", "datetime", title_of("end_datetime")),
    )
}
"""The queryables of every Item, by name."""


class Queryables(dict[str, Queryable]):
    """Queryables by name. If ``is_open``, lookups accept any name with the prefix ``m2m:`` (a metadata field).

    Iteration yields the listed names only, because the labels of metadata fields are known only from scenes.
    """

    is_open: bool = False

    def __missing__(self, name: str) -> Queryable:
        """Return the queryable of a metadata field that is not listed. Raises KeyError."""
        if not self._is_field(name):
            raise KeyError(name)
        return Queryable(name, "any", title_of(name))

    def __contains__(self, name: object) -> bool:
        """Whether a filter can use this name."""
        return super().__contains__(name) or self._is_field(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the queryable of this name, or ``default``: ``dict.get`` alone does not call ``__missing__``."""
        try:
            return self[name]
        except KeyError:
            return default

    def _is_field(self, name: object) -> bool:
        return self.is_open and isinstance(name, str) and name.startswith("m2m:")


def queryables_of(mapping: Mapping) -> Queryables:
    """Return the core queryables, then the mapping's own properties in its order."""
    queryables = Queryables(CORE_QUERYABLES)
    queryables.is_open = mapping.fields
    for name, row in mapping.properties.items():
        queryables[name] = Queryable(name, _kind(row), title_of(name, row.field), _values(row), row, _range(row))
    if mapping.grid:
        queryables["proj:code"] = Queryable("proj:code", "string", title_of("proj:code"))
        queryables["proj:epsg"] = Queryable("proj:epsg", "integer", title_of("proj:epsg"))
    return queryables


def _values(row: Row) -> tuple[Any, ...] | None:
    """Return the constant or the values of the row's table; None if other values are possible."""
    if row.is_constant:
        return (row.value,)
    if row.values is None or row.otherwise is not None:
        return None
    return tuple(row.values.values())


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
