"""What can be asked about a mapping's Items, and of which type each answer is.

Whatever an Item says can be filtered by: exactly, because the whole filter is tried on Items. Where a row names an
M2M filter, it is also asked of M2M.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from stac_bridge.mapping.model import Mapping
    from stac_bridge.mapping.rows import Row

__all__ = ["CORE", "Kind", "Queryable", "Queryables", "queryables_of"]

Kind = Literal["string", "number", "integer", "boolean", "datetime", "array", "geometry", "any"]
"""``any`` is a metadata field, of which only each scene shows what it holds."""

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
"""By converter; any other gives text."""


_RANGES: dict[str, tuple[float, float | None]] = {
    "percent": (0, 100),
    "elevation": (-90, 90),
    "azimuth": (0, 360),
    "off-nadir": (0, 90),
    "size": (0, None),
    "month": (1, 12),
}
"""By converter: the least and the greatest number that it can give; None is open."""

SCALARS = ("string", "number", "integer", "boolean", "datetime")
"""Kinds whose values have an order."""


@dataclass(frozen=True, slots=True)
class Queryable:
    """A property that a filter may name.

    ``values`` are all that it can have, ``range`` what they lie within, where these are known.
    """

    name: str
    kind: Kind
    title: str
    values: tuple[Any, ...] | None = None
    row: Row | None = None
    range: tuple[float, float | None] | None = None

    @property
    def is_sortable(self) -> bool:
        """Whether Items can be put in order by it."""
        return self.kind in SCALARS


TIMES = ("datetime", "start_datetime", "end_datetime")
"""The properties that tell when a scene was acquired."""

CORE: dict[str, Queryable] = {
    one.name: one
    for one in (
        Queryable("id", "string", "Item id"),
        Queryable("collection", "string", "Collection id"),
        Queryable("m2m:dataset", "string", "Dataset alias"),
        Queryable("geometry", "geometry", "Footprint"),
        Queryable("datetime", "datetime", "Acquisition time; null where only a span is known"),
        Queryable("start_datetime", "datetime", "Start of acquisition"),
        Queryable("end_datetime", "datetime", "End of acquisition"),
    )
}
"""What every Item has."""


class Queryables(dict[str, Queryable]):
    """Queryables by name. If ``is_open``, any name with the prefix ``m2m:`` is one, too, for a metadata field.

    Every lookup agrees on that; iteration yields the listed ones only.
    """

    is_open: bool = False

    def __missing__(self, name: str) -> Queryable:
        """The queryable of a metadata field that is not listed."""
        if not self._is_field(name):
            raise KeyError(name)
        return Queryable(name, "any", name)

    def __contains__(self, name: object) -> bool:
        """Whether a filter may use the name."""
        return super().__contains__(name) or self._is_field(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The queryable of a name, or ``default``."""
        try:
            return self[name]
        except KeyError:
            return default

    def _is_field(self, name: object) -> bool:
        return self.is_open and isinstance(name, str) and name.startswith("m2m:")


def queryables_of(mapping: Mapping) -> Queryables:
    """What every Item has, then the mapping's own properties in its order."""
    found = Queryables(CORE)
    found.is_open = mapping.fields
    for name, row in mapping.properties.items():
        found[name] = Queryable(name, _kind(row), _title(name, row), _values(row), row, _range(row))
    if mapping.grid:
        found["proj:code"] = Queryable("proj:code", "string", "Coordinate reference system")
        found["proj:epsg"] = Queryable("proj:epsg", "integer", "EPSG code of the coordinate reference system")
    return found


def _title(name: str, row: Row) -> str:
    return row.field or name


def _values(row: Row) -> tuple[Any, ...] | None:
    """A constant, or the values that a table gives, where nothing else can come out."""
    if row.is_constant:
        return (row.value,)
    if row.values is None or row.otherwise is not None:
        return None
    return tuple(row.values.values())


def _range(row: Row) -> tuple[float, float | None] | None:
    """Where a table or a fallback gives the value, too, nothing is said."""
    return None if row.values or any(one.is_constant for one in row.chain) else _RANGES.get(row.convert)


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
