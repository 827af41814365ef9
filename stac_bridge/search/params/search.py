"""Parameters, as text of a GET or JSON of a POST → one ``Search``; every refusal says what to change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from stac_bridge.errors import BadRequest
from stac_bridge.search.cql2.parser import Cql2, all_of, read_filter
from stac_bridge.search.params.fields import EVERYTHING, ITEM, Fields, read_fields
from stac_bridge.search.params.geometry import read_bbox, read_geometry
from stac_bridge.search.params.limits import USUAL, Limits
from stac_bridge.search.params.query import Condition, read_query
from stac_bridge.search.params.sortby import SortKey, read_sortby
from stac_bridge.search.params.suggest import unknown
from stac_bridge.search.params.times import read_datetime
from stac_bridge.search.pushdown.times import asked_time

__all__ = ["PARAMETERS", "Search", "parse"]

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


@dataclass(frozen=True, slots=True)
class Search:
    """A search, whoever asked it how: where to look, what must hold (CQL2 JSON; None: anything), how much.

    ``ids`` and ``query`` wait to become part of ``filter`` until it is known which forms ids may have, and of which
    types properties are. Ids are kept beside it, because some datasets find them by another way.
    """

    collections: tuple[str, ...]
    filter: Cql2 | None
    limit: int = DEFAULT_LIMIT
    token: str | None = None
    ids: tuple[str, ...] = ()
    sortby: tuple[SortKey, ...] = ()
    query: tuple[Condition, ...] = ()
    fields: Fields = EVERYTHING

    @property
    def digest(self) -> bytes:
        """What a cursor is bound to: everything but the page's size and place, and the parts that are given."""
        asked = [self.collections, self.ids, self.filter, self.sortby, self.query]
        said = orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(said).digest()[:12]


def parse(said: Mapping[str, Any], limits: Limits = USUAL) -> Search:
    """What was asked, checked. Raises BadRequest with a sentence that says what to change."""
    _only_known(said)
    for name, value in said.items():
        limits.check(value, name)
    given = {name: value for name, value in said.items() if value is not None and value != ""}
    if "bbox" in given and "intersects" in given:
        raise BadRequest("Give either bbox or intersects, not both.")
    ids = _words("ids", given.get("ids"), limits.ids)
    clauses: list[Cql2] = []
    if "datetime" in given:
        clauses.append(asked_time(read_datetime(given["datetime"])))
    if "bbox" in given:
        clauses.append(_place_clause(read_bbox(given["bbox"])))
    if "intersects" in given:
        clauses.append(_place_clause(read_geometry(given["intersects"], limits=limits)))
    if "filter" in given:
        clauses.append(read_filter(given["filter"], given.get("filter-lang"), given.get("filter-crs"), limits))
    return Search(
        collections=tuple(dict.fromkeys(_words("collections", given.get("collections")))),
        filter=all_of(clauses) if clauses else None,
        limit=_limit(given.get("limit", DEFAULT_LIMIT), limits.items),
        token=_token(given.get("token")),
        ids=tuple(dict.fromkeys(ids)),
        sortby=read_sortby(given.get("sortby")),
        query=read_query(given["query"], limits) if "query" in given else (),
        fields=read_fields(said["fields"], ITEM) if "fields" in said else EVERYTHING,
    )


def _only_known(said: Mapping[str, Any]) -> None:
    """An unknown parameter would be a filter that silently does nothing (OGC API asks for a 400, too)."""
    if "q" in said:
        raise BadRequest("Items are not searched by text (q): find their collections with /collections?q=… first.")
    for name in said:
        if name not in PARAMETERS:
            raise unknown("This server has no search parameter", name, PARAMETERS)


def _words(name: str, value: Any, most: int | None = None) -> list[str]:
    """Ids: a list, or one text with commas between them; at most ``most``, unless that is checked later."""
    if value is None:
        return []
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, Iterable) or isinstance(words, Mapping | bytes):
        raise BadRequest(f"{name} is a list of ids, not {_shown(value)}.")
    found = [word.strip() if isinstance(word, str) else word for word in words]
    if most is not None and len(found) > most:
        raise BadRequest(f"{name} has {len(found)} entries; {most} are the most. Ask for them in parts.")
    if not all(isinstance(word, str) for word in found):
        raise BadRequest(f"{name} is a list of ids, each a text, not {_shown(value)}.")
    return [word for word in found if word]


def _limit(value: Any, max_limit: int) -> int:
    """More than the maximum is served as the maximum, as the STAC API specification allows."""
    try:
        number = int(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise BadRequest(f"limit is a whole number from 1 to {max_limit}, not {_shown(value)}.")
    return min(number, max_limit)


def _token(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise BadRequest("token is the text that a next link carries; follow that link as it is.")
    return value


def _place_clause(geometry: dict[str, Any]) -> Cql2:
    return {"op": "s_intersects", "args": [{"property": "geometry"}, geometry]}


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
