"""A CQL2 filter and what a dataset's mapping says → the narrowest scene filter that loses no scene.

What M2M cannot say is UNKNOWN: everything, and not exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING, Any

from stac_bridge.m2m.filters import DayRange, GeoJson, Mbr, Or, SceneFilter, Value
from stac_bridge.m2m.models import fold
from stac_bridge.search.when import Interval, read_instant

if TYPE_CHECKING:
    from stac_bridge.catalog import Entry
    from stac_bridge.m2m.models import DatasetFilter

__all__ = ["Compiled", "compile_filter", "id_filter"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A scene filter, and whether M2M's hits are exactly the Items asked for (else a few too many)."""

    filter: SceneFilter
    exact: bool

    def __and__(self, other: Compiled) -> Compiled:
        both_places = self.filter.spatial is not None and other.filter.spatial is not None
        return Compiled(self.filter & other.filter, self.exact and other.exact and not both_places)

    def __or__(self, other: Compiled) -> Compiled:
        for one, rest in ((self, other), (other, self)):
            if one.filter.is_empty:
                return rest
        same = self.filter == other.filter
        return Compiled(self.filter | other.filter, same and self.exact and other.exact)


UNKNOWN = Compiled(SceneFilter(), exact=False)
EVERYTHING = Compiled(SceneFilter(), exact=True)
NOTHING = Compiled(SceneFilter.nothing(), exact=True)


def compile_filter(said: dict[str, Any] | None, entry: Entry) -> Compiled:
    """The scene filter of a CQL2 filter (JSON); None asks for everything."""
    if said is None:
        return EVERYTHING
    args = said["args"]
    match said["op"]:
        case "and":
            return reduce(Compiled.__and__, (compile_filter(part, entry) for part in args))
        case "or":
            return reduce(Compiled.__or__, (compile_filter(part, entry) for part in args))
        case "in" if args[0] == {"property": "id"}:
            return _ids(args[1], entry)
        case "t_intersects":
            return _time(args[1]["interval"])
        case "isNull" if args[0] == {"property": "datetime"}:
            return _no_instant(entry)
        case "s_intersects":
            return Compiled(SceneFilter(spatial=_place(args[1])), exact=False)
        case _:
            return UNKNOWN


def id_filter(entry: Entry) -> DatasetFilter | None:
    """The dataset's filter that finds a scene by the id its Items have; None where it offers none."""
    row = entry.mapping.item.id.filter
    return entry.filters.get(fold(row.label)) if row and row.label else None


def _ids(ids: list[str], entry: Entry) -> Compiled:
    """Text filters may take an underscore for any character, so hits may be too many."""
    found = id_filter(entry)
    if found is None:
        return UNKNOWN
    values = tuple(Value(filter_id=found.id, value=wanted, operand="=") for wanted in ids)
    return Compiled(SceneFilter(metadata=values[0] if len(values) == 1 else Or(children=values)), exact=False)


def _time(interval: list[str]) -> Compiled:
    """M2M knows whole days only; an interval of whole days it can say exactly."""
    start, end = (None if said == ".." else read_instant(said) for said in interval)
    asked = Interval(start, end)
    first, last = asked.days
    days = DayRange(start=first or date.min, end=last or date.max)
    return Compiled(SceneFilter(acquisition=days), exact=asked.is_whole_days)


def _no_instant(entry: Entry) -> Compiled:
    """Whether Items have no datetime.

    Where a mapping makes one it may still be missing from a scene that lacks its exact times; such a scene
    spans its day, which the same day range finds, so taking it for absent loses nothing.
    """
    return NOTHING if entry.mapping.item.datetime == "middle" else EVERYTHING


def _place(geometry: dict[str, Any]) -> Mbr | GeoJson:
    """Whether M2M tries footprints or their bounds is not known, so a place is never exact."""
    ring = geometry["coordinates"][0] if geometry["type"] == "Polygon" else []
    if len(geometry.get("coordinates", ())) == 1 and len(ring) == 5:
        west, south, east, north = ring[0][0], ring[0][1], ring[2][0], ring[2][1]
        if ring == [[west, south], [east, south], [east, north], [west, north], [west, south]]:
            return Mbr.of(west, south, east, north)
    if geometry["type"] == "GeometryCollection":
        return _hull(geometry)
    return GeoJson(geometry=geometry)


def _hull(collection: dict[str, Any]) -> Mbr:
    """Whether M2M takes a GeometryCollection is not known: ask for the box around it."""
    points = list(_points(collection))
    lons, lats = [point[0] for point in points], [point[1] for point in points]
    return Mbr.of(min(lons), min(lats), max(lons), max(lats))


def _points(part: Any) -> Any:
    if isinstance(part, dict):
        yield from _points(part.get("geometries") or part["coordinates"])
    elif part and isinstance(part[0], int | float):
        yield part
    else:
        for inner in part:
            yield from _points(inner)
