"""Collection search: which Collections match, and in which order. It costs no call to M2M."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import orjson
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from stac_bridge.errors import BadRequest
from stac_bridge.mapping import Queryable
from stac_bridge.search.cql2.literals import type_literals
from stac_bridge.search.cql2.parser import Cql2, read_filter
from stac_bridge.search.cql2.residual import Residual
from stac_bridge.search.params.fields import ALL_FIELDS, COLLECTION, Fields, read_fields
from stac_bridge.search.params.geometry import read_bbox
from stac_bridge.search.params.limits import DEFAULT_LIMITS, Limits
from stac_bridge.search.params.search import read_limit
from stac_bridge.search.params.sortby import SortKey, read_sortby
from stac_bridge.search.params.suggest import unknown_name
from stac_bridge.search.params.times import Interval, read_datetimes, read_instant

MAX_COLLECTIONS = 500
"""Default and maximum number of Collections on a page: all that a catalog group usually has."""

QUERYABLE: dict[str, Queryable] = {
    queryable.name: queryable
    for queryable in (
        Queryable("id", "string", "Collection id"),
        Queryable("title", "string", "Title"),
        Queryable("description", "string", "Description"),
        Queryable("license", "string", "License"),
        Queryable("sci:doi", "string", "DOI"),
        Queryable("keywords", "array", "Keywords"),
        Queryable("geometry", "geometry", "Spatial extent"),
        Queryable("start_datetime", "datetime", "Start of the temporal extent; null if it is open"),
        Queryable("end_datetime", "datetime", "End of the temporal extent; null if it is open"),
    )
}
"""The properties that a filter on Collections may name."""

SORTABLE = {name: queryable for name, queryable in QUERYABLE.items() if queryable.is_sortable}
"""The properties that Collections may be sorted by."""

PARAMETERS = ("bbox", "datetime", "q", "filter", "filter-lang", "filter-crs", "sortby", "fields", "limit", "token")

Collection = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """The Collections of a page, the total number of matches, and the token of the next page."""

    collections: tuple[Collection, ...]
    matched: int
    token: str | None


@dataclass(frozen=True)
class CollectionSearch:
    """The checked parameters of a collection search; a parameter that is None does not restrict it."""

    place: dict[str, Any] | None = None
    times: tuple[Interval, ...] = ()
    terms: re.Pattern[str] | None = None
    filter: Cql2 | None = None
    sortby: tuple[SortKey, ...] = ()
    fields: Fields = ALL_FIELDS
    limit: int = MAX_COLLECTIONS
    token: str | None = None

    def page(self, collections: Sequence[Collection]) -> CollectionPage:
        """Return a page of the matching Collections. A token is the id of the first one on it. Raises BadRequest."""
        matches = self._sorted([collection for collection in collections if self._matches(collection)])
        ids = [collection["id"] for collection in matches]
        if self.token and self.token not in ids:
            raise BadRequest(
                "This token is of no page of collections: follow the next link as it is, or start the search again."
            )
        start = ids.index(self.token) if self.token else 0
        end = start + self.limit
        shown = tuple(self.fields.apply(collection) for collection in matches[start:end])
        return CollectionPage(shown, len(matches), ids[end] if end < len(ids) else None)

    def _matches(self, collection: Collection) -> bool:
        return (
            self._matches_time(collection)
            and self._matches_terms(collection)
            and (self.place is None or _extent(collection).intersects(shape(self.place)))
            and (self._residual is None or self._residual.matches(_as_item(collection)))
        )

    @cached_property
    def _residual(self) -> Residual | None:
        return Residual(self.filter, ("start_datetime", "end_datetime")) if self.filter else None

    def _matches_time(self, collection: Collection) -> bool:
        intervals = collection["extent"]["temporal"]["interval"]
        return all(any(_overlap(time, interval) for interval in intervals) for time in self.times)

    def _matches_terms(self, collection: Collection) -> bool:
        texts = (collection.get("title", ""), collection["description"], *collection.get("keywords", ()))
        return self.terms is None or any(self.terms.search(text) for text in texts)

    def _sorted(self, matches: list[Collection]) -> list[Collection]:
        """Stable sorts by the last key first; unknown values come last in either direction, ties are sorted by id."""
        if self.sortby:
            matches = sorted(matches, key=lambda collection: str(collection["id"]))
        for key in reversed(self.sortby):
            known = [collection for collection in matches if _value(collection, key.name) is not None]
            unknown = [collection for collection in matches if _value(collection, key.name) is None]
            known.sort(key=lambda collection: str(_value(collection, key.name)), reverse=key.descending)
            matches = known + unknown
        return matches


def read_collection_search(params: Mapping[str, str], limits: Limits = DEFAULT_LIMITS) -> CollectionSearch:
    """Check the parameters of GET /collections. Raises BadRequest."""
    for name in params:
        if name not in PARAMETERS:
            raise unknown_name("/collections has no parameter", name, PARAMETERS)
    present = {name: value for name, value in params.items() if value}
    return CollectionSearch(
        place=read_bbox(present["bbox"]) if "bbox" in present else None,
        times=read_datetimes(present["datetime"]) if "datetime" in present else (),
        terms=_read_terms(present.get("q", ""), limits),
        filter=_read_filter(present, limits),
        sortby=_read_sortby(present.get("sortby")),
        # an empty ``fields`` is not absent: it selects the default members
        fields=read_fields(params["fields"], COLLECTION) if "fields" in params else ALL_FIELDS,
        limit=read_limit(present.get("limit", MAX_COLLECTIONS), MAX_COLLECTIONS),
        token=present.get("token"),
    )


def _read_terms(q: str, limits: Limits) -> re.Pattern[str] | None:
    """One pattern for all terms, any of which is enough: words, or consecutive words; case is ignored.

    A single pattern reads each text once instead of once per term. Raises BadRequest.
    """
    terms = list(dict.fromkeys(tuple(term.split()) for term in q.split(",") if term.strip()))
    if len(terms) > limits.terms:
        raise BadRequest(
            f"q has {len(terms)} terms; {limits.terms} are the maximum. "
            "Use fewer terms, or send several requests and merge their collections."
        )
    patterns = (r"\s+".join(map(re.escape, words)) for words in terms)
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE) if terms else None


def _read_filter(params: Mapping[str, str], limits: Limits) -> Cql2 | None:
    if "filter" not in params:
        return None
    cql2 = read_filter(params["filter"], params.get("filter-lang"), params.get("filter-crs"), limits)
    return type_literals(cql2, QUERYABLE)


def _read_sortby(value: str | None) -> tuple[SortKey, ...]:
    keys = read_sortby(value)
    for key in keys:
        if key.name not in SORTABLE:
            raise unknown_name("Collections cannot be sorted by", key.name, SORTABLE)
    return keys


def _overlap(time: Interval, interval: Sequence[str | None]) -> bool:
    start, end = (read_instant(text) if text else None for text in interval)
    earliest, latest = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    return (time.start or earliest) <= (end or latest) and (start or earliest) <= (time.end or latest)


def _extent(collection: Collection) -> BaseGeometry:
    return shapely.unary_union([shape(read_bbox(bbox)) for bbox in collection["extent"]["spatial"]["bbox"]])


def _value(collection: Collection, name: str) -> Any:
    start, end = collection["extent"]["temporal"]["interval"][0]
    return {"start_datetime": start, "end_datetime": end}.get(name) or collection.get(name)


def _as_item(collection: Collection) -> dict[str, Any]:
    """The queryable properties of a Collection in the shape of an Item, which is what a filter is tested on."""
    values = {name: _value(collection, name) for name in QUERYABLE if name not in ("id", "geometry")}
    properties = {name: value for name, value in values.items() if value is not None}
    geometry = orjson.loads(shapely.to_geojson(_extent(collection)))
    return {"type": "Feature", "id": collection["id"], "geometry": geometry, "properties": properties}
