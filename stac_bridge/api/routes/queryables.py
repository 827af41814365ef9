"""The JSON Schemas of queryables and sortables: of one collection, of several, and of collection search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import FastAPI, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from stac_bridge.api.links import base_of, encode_query
from stac_bridge.api.respond import respond
from stac_bridge.bridge import Bridge
from stac_bridge.catalog import Entry, Together
from stac_bridge.errors import BadRequest
from stac_bridge.search.collections import QUERYABLE, SORTABLE
from stac_bridge.translate import SCHEMA, merge_schemas, property_schemas, queryables_document

Properties = dict[str, dict[str, Any]]

_DESCRIPTIONS = {
    "queryables": "Names that filter and query may use.",
    "sortables": "Names that sortby may use; a search refuses a sort order that it cannot make exact.",
}
"""By kind of schema; the kind is also the last part of its URL."""

CollectionId = Annotated[str, Path(description="Id of the collection.")]
Collections = Annotated[
    str | None,
    Query(
        description="Ids of collections, comma-separated: the names that any of them has; all collections if absent."
    ),
]


class SchemaPages:
    """The routes of the schemas, all answered from the catalog. ``max_age`` in seconds.

    One request may name at most ``max_collections`` Collections.
    """

    def __init__(self, bridge: Bridge, max_age: int, max_collections: int) -> None:
        self._max_collections = max_collections
        self._bridge = bridge
        self._max_age = max_age

    def add_to(self, app: FastAPI) -> None:
        """Adds the routes to the app."""
        for kind in _DESCRIPTIONS:
            self._add(app, f"/collections/{{collection_id}}/{kind}", self._of_collection(kind))
            self._add(app, f"/{kind}", self._of_items(kind))
            self._add(app, f"/collections-{kind}", self._of_collection_search(kind))

    def _add(self, app: FastAPI, path: str, page: Callable[..., Any]) -> None:
        responses: dict[int | str, dict[str, Any]] = {200: {"content": {SCHEMA: {"schema": {"type": "object"}}}}}
        app.add_api_route(path, page, methods=["GET"], response_class=Response, responses=responses, tags=["Schemas"])

    def _of_collection(self, kind: str) -> Callable[..., Any]:
        async def page(request: Request, collection_id: CollectionId) -> Response:
            entry = await self._bridge.collection(collection_id)
            path = f"collections/{quote(entry.id, safe='')}/{kind}"
            return self._item_schema(request, kind, path, f"{kind.title()} of {entry.id}", _members(entry))

        return page

    def _of_items(self, kind: str) -> Callable[..., Any]:
        async def page(request: Request, collections: Collections = None) -> Response:
            catalog = await self._bridge.catalog()
            ids = list(dict.fromkeys(name.strip() for name in (collections or "").split(",") if name.strip()))
            if len(ids) > self._max_collections:
                maximum = f"{self._max_collections} are the maximum. Request them in parts."
                raise BadRequest(f"collections has {len(ids)} entries; {maximum}")
            named = [entry for name in ids for entry in _members(await self._bridge.collection(name))]
            entries = named or _one_per_mapping(catalog.entries.values())
            # As it was sent: encoded again, it could exceed the maximum length of a URL.
            path = f"{kind}?{encode_query(request.scope['query_string'])}" if ids else kind
            title = f"{kind.title()} of {', '.join(ids) or 'all collections'}"
            return self._item_schema(request, kind, path, title, entries)

        return page

    def _of_collection_search(self, kind: str) -> Callable[..., Any]:
        properties = property_schemas(QUERYABLE if kind == "queryables" else SORTABLE)

        async def page(request: Request) -> Response:
            title = f"{kind.title()} of collection search"
            return self._schema(request, kind, f"collections-{kind}", title, properties, is_open=False)

        return page

    def _item_schema(self, request: Request, kind: str, path: str, title: str, entries: Sequence[Entry]) -> Response:
        """The schema of the Items of these datasets."""
        properties = merge_schemas(_properties(entry, kind) for entry in entries)
        is_open = kind == "queryables" and any(entry.queryables.is_open for entry in entries)
        return self._schema(request, kind, path, title, properties, is_open=is_open)

    def _schema(
        self, request: Request, kind: str, path: str, title: str, properties: Properties, *, is_open: bool
    ) -> Response:
        url = f"{base_of(request)}{path}"
        document = queryables_document(url, title, _DESCRIPTIONS[kind], properties, is_open=is_open)
        return respond(document, request, media_type=SCHEMA, max_age=self._max_age)


def _members(entry: Entry | Together) -> Sequence[Entry]:
    """The datasets of a union, or the one dataset of any other Collection."""
    return entry.members if isinstance(entry, Together) else (entry,)


def _properties(entry: Entry, kind: str) -> Properties:
    return property_schemas(entry.queryables if kind == "queryables" else entry.sortables, entry.dataset_filter)


def _one_per_mapping(entries: Iterable[Entry]) -> list[Entry]:
    """One entry for each mapping: datasets with the same mapping have the same properties."""
    return list({id(entry.mapping): entry for entry in entries}.values())
