"""HTTP parameters, as text of a GET or JSON of a POST → one ``Search``; each error says what to change."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from stac_bridge.errors import BadRequest
from stac_bridge.search.cql2.parser import Cql2, all_of, read_filter
from stac_bridge.search.params.fields import ALL_FIELDS, ITEM, Fields, read_fields
from stac_bridge.search.params.geometry import read_bbox, read_geometry
from stac_bridge.search.params.limits import DEFAULT_LIMITS, Limits
from stac_bridge.search.params.query import Condition, read_query
from stac_bridge.search.params.sortby import SortKey, read_sortby
from stac_bridge.search.params.suggest import unknown_name
from stac_bridge.search.params.times import read_datetimes
from stac_bridge.search.pushdown.times import datetime_filter

PARAMETERS = (
    "collections",
    "ids",
    "bbox",
    "intersects",
    "datetime",
    "query",
    "filter",
    "filter-lang",
    "filter-crs",
    "sortby",
    "fields",
    "limit",
    "token",
)
DEFAULT_LIMIT = 10

_WHOLE = re.compile(r"\+?[0-9]{1,1000}")
"""A whole number as clients write it; int() also reads 1_0 and digits of other scripts, and refuses thousands."""

LONG_SEARCH = 4096
"""Bytes of a search that is parsed and planned in a thread, because it may take seconds."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search, the same whether it came by GET or POST.

    ``filter`` is CQL2 JSON, None for all Items. ``ids`` and ``query`` become part of it when a plan is made: only then
    is it known which forms of ids and which types of properties the collections have. ``ids`` are kept beside the
    filter, because some datasets are searched by id in another way.
    """

    collections: tuple[str, ...]
    filter: Cql2 | None
    limit: int = DEFAULT_LIMIT
    token: str | None = None
    ids: tuple[str, ...] = ()
    sortby: tuple[SortKey, ...] = ()
    query: tuple[Condition, ...] = ()
    fields: Fields = ALL_FIELDS

    @property
    def digest(self) -> bytes:
        """12 bytes that a token is bound to: a hash of everything but the page's size and position, and ``fields``."""
        return hashlib.sha256(self._content).digest()[:12]

    @property
    def is_long(self) -> bool:
        """Whether planning it may take long: without collections, its filter is compiled for all mappings."""
        return len(self._content) > (LONG_SEARCH if self.collections or self.ids else LONG_SEARCH // 4)

    @property
    def _content(self) -> bytes:
        parts = [self.collections, self.ids, self.filter, self.sortby, self.query]
        return orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)


def parse(params: Mapping[str, Any], limits: Limits = DEFAULT_LIMITS) -> Search:
    """Check all parameters and return the search. Raises BadRequest with a sentence that says what to change."""
    _check_names(params)
    for name, value in params.items():
        limits.check(value, name)
    limits.check_vertices([*params.values()], "The search")
    present = {name: value for name, value in params.items() if value is not None and value != ""}
    if "bbox" in present and "intersects" in present:
        raise BadRequest("Use either bbox or intersects, not both.")
    ids = _read_ids("ids", present.get("ids"), limits.ids)
    clauses: list[Cql2] = []
    if "datetime" in present:
        clauses += map(datetime_filter, read_datetimes(present["datetime"]))
    if "bbox" in present:
        clauses.append(_intersects(read_bbox(present["bbox"])))
    if "intersects" in present:
        clauses.append(_intersects(read_geometry(present["intersects"], limits=limits)))
    if "filter" in present:
        clauses.append(read_filter(present["filter"], present.get("filter-lang"), present.get("filter-crs"), limits))
    return Search(
        collections=tuple(dict.fromkeys(_read_ids("collections", present.get("collections")))),
        filter=all_of(clauses) if clauses else None,
        limit=read_limit(present.get("limit", DEFAULT_LIMIT), limits.items),
        token=_read_token(present.get("token")),
        ids=tuple(dict.fromkeys(ids)),
        sortby=read_sortby(present.get("sortby")),
        query=read_query(present["query"], limits) if "query" in present else (),
        # an empty ``fields`` is not absent: it selects the default members
        fields=read_fields(params["fields"], ITEM) if "fields" in params else ALL_FIELDS,
    )


def _check_names(params: Mapping[str, Any]) -> None:
    """An unknown parameter would be a filter that silently does nothing (OGC API requires a 400, too)."""
    if "q" in params:
        raise BadRequest("Items are not searched by text (q): find their collections with /collections?q=… first.")
    for name in params:
        if name not in PARAMETERS:
            raise unknown_name("This server has no search parameter", name, PARAMETERS)


def _read_ids(name: str, value: Any, maximum: int | None = None) -> list[str]:
    """A list of ids, or one text with commas between them. No ``maximum`` means that it is checked later."""
    if value is None:
        return []
    elements = [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    if not isinstance(elements, Iterable) or isinstance(elements, Mapping | bytes):
        raise BadRequest(f"{name} is a list of ids, not {_shown(value)}.")
    ids = [element.strip() if isinstance(element, str) else element for element in elements]
    if maximum is not None and len(ids) > maximum:
        raise BadRequest(f"{name} has {len(ids)} entries; {maximum} are the maximum. Request them in parts.")
    if not all(isinstance(element, str) for element in ids):
        raise BadRequest(f"{name} is a list of ids, each a text, not {_shown(value)}.")
    return ids


def read_limit(value: Any, maximum: int) -> int:
    """Parse a ``limit``. A value above the maximum becomes the maximum, as the STAC API specification allows.

    Raises BadRequest.
    """
    number = int(value) if isinstance(value, str) and _WHOLE.fullmatch(value.strip()) else value
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise BadRequest(f"limit is a whole number from 1 to {maximum}, not {_shown(value)}.")
    return min(number, maximum)


def _read_token(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise BadRequest("token is the text that a next link carries; follow that link as it is.")
    return value


def _intersects(geometry: dict[str, Any]) -> Cql2:
    return {"op": "s_intersects", "args": [{"property": "geometry"}, geometry]}


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
