"""The pages that say what may be asked: queryables and sortables, of a collection, of all, and of collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import Path, Query
from starlette.requests import Request  # noqa: TC002 -- FastAPI reads the annotations
from starlette.responses import Response

from stac_bridge.api.links import base_of
from stac_bridge.api.respond import respond
from stac_bridge.catalog import Together
from stac_bridge.search.collections import QUERYABLE, SORTABLE
from stac_bridge.translate import SCHEMA, merge_schemas, property_schemas, queryables_document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi import FastAPI

    from stac_bridge.bridge import Bridge
    from stac_bridge.catalog import Entry

    Properties = dict[str, dict[str, Any]]

__all__ = ["SchemaPages"]

_WHAT = {
    "queryables": "Names that filter and query may use.",
    "sortables": "Names that sortby may use; a search refuses an order that it cannot give exactly.",
}

CollectionId = Annotated[str, Path(description="Id of the collection.")]
Collections = Annotated[
    str | None, Query(description="Ids of collections, with commas between: what any of them has. None: all.")
]


class SchemaPages:
    """The pages of JSON Schema, all from the catalogue."""

    def __init__(self, bridge: Bridge, public_url: str | None, max_age: int) -> None:
        self._bridge = bridge
        self._public_url = public_url
        self._max_age = max_age

    def serve(self, app: FastAPI) -> None:
        """Add the pages to the app."""
        for what in _WHAT:
            self._add(app, f"/collections/{{collection_id}}/{what}", self._of_collection(what))
            self._add(app, f"/{what}", self._of_all(what))
            self._add(app, f"/collections-{what}", self._of_collections(what))

    def _add(self, app: FastAPI, path: str, page: Callable[..., Any]) -> None:
        answers: dict[int | str, dict[str, Any]] = {200: {"content": {SCHEMA: {"schema": {"type": "object"}}}}}
        app.add_api_route(path, page, methods=["GET"], response_class=Response, responses=answers, tags=["Schemas"])

    def _of_collection(self, what: str) -> Callable[..., Any]:
        async def page(request: Request, collection_id: CollectionId) -> Response:
            found = await self._bridge.collection(collection_id)
            address = f"collections/{quote(found.id, safe='')}/{what}"
            return self._answer(request, address, f"{what.title()} of {found.id}", _members(found))

        return page

    def _of_all(self, what: str) -> Callable[..., Any]:
        async def page(request: Request, collections: Collections = None) -> Response:
            catalog = await self._bridge.catalog()
            ids = [one.strip() for one in (collections or "").split(",") if one.strip()]
            named = [entry for one in ids for entry in _members(await self._bridge.collection(one))]
            entries = named or _distinct(catalog.entries.values())
            address = f"{what}?collections={quote(','.join(ids))}" if ids else what
            title = f"{what.title()} of {', '.join(ids) or 'all collections'}"
            return self._answer(request, address, title, entries)

        return page

    def _of_collections(self, what: str) -> Callable[..., Any]:
        properties = property_schemas(QUERYABLE if what == "queryables" else SORTABLE, {})

        async def page(request: Request) -> Response:
            title = f"{what.title()} of collection search"
            return self._written(request, f"collections-{what}", title, properties, is_open=False)

        return page

    def _answer(self, request: Request, address: str, title: str, entries: Sequence[Entry]) -> Response:
        """Of one collection, or of several."""
        what = _what(address)
        properties = merge_schemas(_named(entry, what) for entry in entries)
        is_open = what == "queryables" and any(entry.queryables.is_open for entry in entries)
        return self._written(request, address, title, properties, is_open=is_open)

    def _written(
        self, request: Request, address: str, title: str, properties: Properties, *, is_open: bool
    ) -> Response:
        place = f"{base_of(request, self._public_url)}{address}"
        said = queryables_document(place, title, _WHAT[_what(address)], properties, is_open=is_open)
        return respond(said, request, media_type=SCHEMA, max_age=self._max_age)


def _what(address: str) -> str:
    """``queryables`` or ``sortables``, as the end of an address says."""
    return address.partition("?")[0].rpartition("/")[2].removeprefix("collections-")


def _members(found: Entry | Together) -> Sequence[Entry]:
    """A union's datasets, or the one that a Collection is of."""
    return found.members if isinstance(found, Together) else (found,)


def _named(entry: Entry, what: str) -> Properties:
    return property_schemas(entry.queryables if what == "queryables" else entry.sortables, entry.filters)


def _distinct(entries: Any) -> list[Entry]:
    """One entry for each mapping: datasets of one mapping are asked about in the same words."""
    return list({id(entry.mapping): entry for entry in entries}.values())
