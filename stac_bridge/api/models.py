"""The parameters of the routes, for the OpenAPI document. ``search/params`` alone parses and checks their values."""

from __future__ import annotations

from typing import Annotated, Any

import attr
from fastapi import Path, Query
from pydantic import ConfigDict, RootModel, WithJsonSchema
from stac_fastapi.types.search import APIRequest

_COLLECTIONS = "Ids of the collections to search, comma-separated."
_IDS = "Ids of items, comma-separated."
_BBOX = "west,south,east,north in degrees, or six numbers with heights; west > east crosses the antimeridian."
_INTERSECTS = "A GeoJSON geometry; not together with bbox."
_DATETIME = "An RFC 3339 instant, or an interval start/end, either end of which may be `..` for open."
_LIMIT = "Items per page, 10 by default; a number over the maximum is reduced to it."
_QUERY = 'Conditions on properties, as JSON: {"eo:cloud_cover": {"lt": 20}}; see queryables.'
_FILTER = "CQL2 over the properties of Items; see queryables."
_FILTER_LANG = "cql2-text or cql2-json; detected from the filter if absent."
_FILTER_CRS = "http://www.opengis.net/def/crs/OGC/1.3/CRS84, the only supported one."
_SORTBY = "Properties from sortables, comma-separated; prefix one with a minus to sort descending."
_FIELDS = "Parts of Items to return, comma-separated; prefix a part with a minus to exclude it."
_TOKEN = "The token of a next link; valid for 24 hours."  # noqa: S105 -- describes a paging token

_Q = "Comma-separated terms to look for in titles, descriptions and keywords; matches any of them."
_COLLECTION_FILTER = "CQL2 over the members of Collections; see /collections-queryables."
_COLLECTION_SORTBY = "Names from /collections-sortables, comma-separated; prefix one with a minus to sort descending."

Text = str | None

# A string for FastAPI, so that search/params parses it and reports errors in the same way as all others.
Count = Annotated[str | None, WithJsonSchema({"type": "integer", "minimum": 1})]


@attr.s(auto_attribs=True)
class SearchGet(APIRequest):
    """Parameters of GET /search."""

    collections: Annotated[Text, Query(description=_COLLECTIONS, examples=["landsat_ot_c2_l2"])] = None
    ids: Annotated[Text, Query(description=_IDS)] = None
    bbox: Annotated[Text, Query(description=_BBOX, examples=["6.0,46.0,7.0,47.0"])] = None
    intersects: Annotated[Text, Query(description=_INTERSECTS)] = None
    datetime: Annotated[Text, Query(description=_DATETIME)] = None
    query: Annotated[Text, Query(description=_QUERY)] = None
    filter: Annotated[Text, Query(description=_FILTER, examples=['"eo:cloud_cover" < 10'])] = None
    filter_lang: Annotated[Text, Query(alias="filter-lang", description=_FILTER_LANG)] = None
    filter_crs: Annotated[Text, Query(alias="filter-crs", description=_FILTER_CRS)] = None
    sortby: Annotated[Text, Query(description=_SORTBY, examples=["-datetime"])] = None
    fields: Annotated[Text, Query(description=_FIELDS, examples=["id,properties.eo:cloud_cover"])] = None
    limit: Annotated[Count, Query(description=_LIMIT)] = None
    token: Annotated[Text, Query(description=_TOKEN)] = None


@attr.s(auto_attribs=True)
class ItemsGet(APIRequest):
    """Parameters of GET /collections/{collection_id}/items."""

    collection_id: Annotated[str, Path(description="Id of the collection.")]
    bbox: Annotated[Text, Query(description=_BBOX)] = None
    datetime: Annotated[Text, Query(description=_DATETIME)] = None
    query: Annotated[Text, Query(description=_QUERY)] = None
    filter: Annotated[Text, Query(description=_FILTER, examples=['"eo:cloud_cover" < 10'])] = None
    filter_lang: Annotated[Text, Query(alias="filter-lang", description=_FILTER_LANG)] = None
    filter_crs: Annotated[Text, Query(alias="filter-crs", description=_FILTER_CRS)] = None
    sortby: Annotated[Text, Query(description=_SORTBY, examples=["-datetime"])] = None
    fields: Annotated[Text, Query(description=_FIELDS)] = None
    limit: Annotated[Count, Query(description=_LIMIT)] = None
    token: Annotated[Text, Query(description=_TOKEN)] = None


@attr.s(auto_attribs=True)
class CollectionsGet(APIRequest):
    """Parameters of GET /collections."""

    bbox: Annotated[Text, Query(description=_BBOX)] = None
    datetime: Annotated[Text, Query(description=_DATETIME)] = None
    q: Annotated[Text, Query(description=_Q, examples=["landsat,surface reflectance"])] = None
    filter: Annotated[Text, Query(description=_COLLECTION_FILTER, examples=["title LIKE 'Landsat%'"])] = None
    filter_lang: Annotated[Text, Query(alias="filter-lang", description=_FILTER_LANG)] = None
    filter_crs: Annotated[Text, Query(alias="filter-crs", description=_FILTER_CRS)] = None
    sortby: Annotated[Text, Query(description=_COLLECTION_SORTBY, examples=["-start_datetime"])] = None
    fields: Annotated[Text, Query(description="Parts of Collections to return, or with a minus to exclude.")] = None
    limit: Annotated[Text, Query(description="Collections per page.")] = None
    token: Annotated[Text, Query(description="The token of a next link.")] = None


_STRINGS = {"type": "array", "items": {"type": "string"}}
_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "collections": {**_STRINGS, "description": "Ids of the collections to search."},
        "ids": {**_STRINGS, "description": "Ids of items."},
        "bbox": {"type": "array", "items": {"type": "number"}, "description": _BBOX},
        "intersects": {"type": "object", "description": _INTERSECTS},
        "datetime": {"type": "string", "description": _DATETIME},
        "query": {"type": "object", "description": _QUERY},
        "filter": {"type": "object", "description": _FILTER},
        "filter-lang": {"type": "string", "enum": ["cql2-json", "cql2-text"], "description": _FILTER_LANG},
        "filter-crs": {"type": "string", "description": _FILTER_CRS},
        "sortby": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field"],
                "properties": {"field": {"type": "string"}, "direction": {"type": "string", "enum": ["asc", "desc"]}},
            },
            "description": "Properties to sort by.",
        },
        "fields": {
            "type": "object",
            "properties": {"include": _STRINGS, "exclude": _STRINGS},
            "description": "Parts of Items to include or exclude.",
        },
        "limit": {"type": "integer", "minimum": 1, "description": _LIMIT},
        "token": {"type": "string", "description": _TOKEN},
    },
    "examples": [{"collections": ["landsat_ot_c2_l2"], "bbox": [6.0, 46.0, 7.0, 47.0], "limit": 10}],
}


class SearchPost(RootModel[dict[str, Any]]):
    """The body of POST /search: any JSON object. ``search/params`` checks it like the parameters of a GET."""

    model_config = ConfigDict(json_schema_extra=_BODY)
