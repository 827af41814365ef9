"""Collection search: which Collections answer a question about themselves, in which order. No call is spent on it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import mapping, shape

from stac_bridge.errors import BadRequest
from stac_bridge.mapping import Queryable
from stac_bridge.search.cql2.literals import typed
from stac_bridge.search.cql2.parser import Cql2, read_filter
from stac_bridge.search.cql2.residual import Residual
from stac_bridge.search.params.fields import COLLECTION, EVERYTHING, Fields, read_fields
from stac_bridge.search.params.geometry import read_bbox
from stac_bridge.search.params.limits import USUAL, Limits
from stac_bridge.search.params.sortby import SortKey, read_sortby
from stac_bridge.search.params.suggest import unknown
from stac_bridge.search.params.times import Interval, read_datetime, read_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

__all__ = ["QUERYABLE", "SORTABLE", "CollectionPage", "CollectionSearch", "read_collection_search"]

MAX_COLLECTIONS = 500
"""Collections on a page, unless fewer are asked for: all that a catalog group usually has."""

QUERYABLE: dict[str, Queryable] = {
    one.name: one
    for one in (
        Queryable("id", "string", "Collection id"),
        Queryable("title", "string", "Title"),
        Queryable("description", "string", "Description"),
        Queryable("license", "string", "License"),
        Queryable("sci:doi", "string", "DOI"),
        Queryable("keywords", "array", "Keywords"),
        Queryable("geometry", "geometry", "Spatial extent"),
        Queryable("start_datetime", "datetime", "Start of the temporal extent; null where it is open"),
        Queryable("end_datetime", "datetime", "End of the temporal extent; null where it is open"),
    )
}
"""What a filter on Collections may name."""

SORTABLE = {name: one for name, one in QUERYABLE.items() if one.is_sortable}
"""What Collections may be sorted by."""

PARAMETERS = ("bbox", "datetime", "q", "filter", "filter-lang", "filter-crs", "sortby", "fields", "limit", "token")

Collection = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """The Collections of a page, how many match in all, and the token that leads on."""

    collections: tuple[Collection, ...]
    matched: int
    token: str | None


@dataclass(frozen=True)
class CollectionSearch:
    """What was asked. None, or nothing, asks for any."""

    place: dict[str, Any] | None = None
    time: Interval | None = None
    terms: re.Pattern[str] | None = None
    filter: Cql2 | None = None
    sortby: tuple[SortKey, ...] = ()
    fields: Fields = EVERYTHING
    limit: int = MAX_COLLECTIONS
    token: str | None = None

    def page(self, collections: Sequence[Collection]) -> CollectionPage:
        """The page of those that match. A token is the id of the first Collection on its page. Raises BadRequest."""
        found = self._sorted([one for one in collections if self._matches(one)])
        ids = [one["id"] for one in found]
        if self.token and self.token not in ids:
            raise BadRequest("This token is of no page of collections: follow the next link as it is, or start again.")
        start = ids.index(self.token) if self.token else 0
        after = ids[start + self.limit : start + self.limit + 1]
        shown = tuple(self.fields.apply(one) for one in found[start : start + self.limit])
        return CollectionPage(shown, len(found), after[0] if after else None)

    def _matches(self, one: Collection) -> bool:
        return (
            self._is_in_time(one)
            and self._has_a_term(one)
            and (self.place is None or _extent(one).intersects(shape(self.place)))
            and (self._residual is None or self._residual.keeps(_card(one)))
        )

    @cached_property
    def _residual(self) -> Residual | None:
        return Residual(self.filter, ("start_datetime", "end_datetime")) if self.filter else None

    def _is_in_time(self, one: Collection) -> bool:
        return self.time is None or any(
            _overlap(self.time, interval) for interval in one["extent"]["temporal"]["interval"]
        )

    def _has_a_term(self, one: Collection) -> bool:
        texts = (one.get("title", ""), one["description"], *one.get("keywords", ()))
        return self.terms is None or any(self.terms.search(text) for text in texts)

    def _sorted(self, found: list[Collection]) -> list[Collection]:
        """By the last key first, which leaves the first in charge; what is not known comes last either way."""
        if self.sortby:
            found = sorted(found, key=lambda one: str(one["id"]))
        for key in reversed(self.sortby):
            known = [one for one in found if _value(one, key.name) is not None]
            rest = [one for one in found if _value(one, key.name) is None]
            known.sort(key=lambda one: str(_value(one, key.name)), reverse=key.descending)
            found = known + rest
        return found


def read_collection_search(said: Mapping[str, str], limits: Limits = USUAL) -> CollectionSearch:
    """The parameters of GET /collections. Raises BadRequest."""
    for name in said:
        if name not in PARAMETERS:
            raise unknown("/collections has no parameter", name, PARAMETERS)
    given = {name: value for name, value in said.items() if value}
    return CollectionSearch(
        place=read_bbox(given["bbox"]) if "bbox" in given else None,
        time=read_datetime(given["datetime"]) if "datetime" in given else None,
        terms=_terms(given.get("q", ""), limits),
        filter=_filter(given, limits),
        sortby=_sortby(given.get("sortby")),
        fields=read_fields(said["fields"], COLLECTION) if "fields" in said else EVERYTHING,
        limit=_limit(given.get("limit")),
        token=given.get("token"),
    )


def _terms(said: str, limits: Limits) -> re.Pattern[str] | None:
    """One pattern for all terms: words, or words that follow one another, any of which is enough; case is ignored.

    A single pattern reads each text once, where a pattern per term would read it as often as there are terms.
    Raises BadRequest.
    """
    terms = list(dict.fromkeys(tuple(term.split()) for term in said.split(",") if term.strip()))
    if len(terms) > limits.terms:
        raise BadRequest(
            f"q has {len(terms)} terms; {limits.terms} are the maximum. "
            "Use fewer terms, or send several requests and merge their collections."
        )
    patterns = (r"\s+".join(map(re.escape, words)) for words in terms)
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE) if terms else None


def _filter(given: Mapping[str, str], limits: Limits) -> Cql2 | None:
    if "filter" not in given:
        return None
    asked = read_filter(given["filter"], given.get("filter-lang"), given.get("filter-crs"), limits)
    return typed(asked, QUERYABLE)


def _sortby(said: str | None) -> tuple[SortKey, ...]:
    keys = read_sortby(said)
    for key in keys:
        if key.name not in SORTABLE:
            raise unknown("Collections cannot be sorted by", key.name, SORTABLE)
    return keys


def _limit(said: str | None) -> int:
    if said is None:
        return MAX_COLLECTIONS
    if not (said.isascii() and said.isdecimal()) or not 1 <= len(said.lstrip("0")) <= 9:
        raise BadRequest(f"limit is a whole number from 1 to {MAX_COLLECTIONS}, not {said!r}.")
    return min(int(said), MAX_COLLECTIONS)


def _overlap(asked: Interval, interval: Sequence[str | None]) -> bool:
    start, end = (read_instant(one) if one else None for one in interval)
    earliest, latest = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    return (asked.start or earliest) <= (end or latest) and (start or earliest) <= (asked.end or latest)


def _extent(one: Collection) -> BaseGeometry:
    return shapely.unary_union([shape(read_bbox(bbox)) for bbox in one["extent"]["spatial"]["bbox"]])


def _value(one: Collection, name: str) -> Any:
    start, end = one["extent"]["temporal"]["interval"][0]
    return {"start_datetime": start, "end_datetime": end}.get(name) or one.get(name)


def _card(one: Collection) -> dict[str, Any]:
    """What a filter sees of a Collection, laid out as an Item, which is how filters are tried."""
    properties = {name: _value(one, name) for name in QUERYABLE if name not in ("id", "geometry")}
    known = {name: value for name, value in properties.items() if value is not None}
    return {"type": "Feature", "id": one["id"], "geometry": mapping(_extent(one)), "properties": known}
