"""A STAC search as requests to M2M. Pure: nothing in this package sends a request."""

from stac_bridge.search.collections import read_collection_search
from stac_bridge.search.cql2.residual import Residual
from stac_bridge.search.explain import ExplainedStep, explanation
from stac_bridge.search.impossible import impossible_conditions
from stac_bridge.search.paging.cursor import Cursor, check_token, open_cursor, seal_cursor
from stac_bridge.search.paging.slices import Axis, SortCursor, sort_axis
from stac_bridge.search.params.fields import ALL_FIELDS, Fields
from stac_bridge.search.params.ids import EntityId, PartialId, resolve_id
from stac_bridge.search.params.limits import Limits, count_vertices
from stac_bridge.search.params.search import LONG_SEARCH, Search, parse
from stac_bridge.search.params.sortby import Order, SortKey
from stac_bridge.search.plan import Part, Plan, Step, make_plan, make_step, prunings
from stac_bridge.search.scope import MAX_UNNAMED, resolve_collections

__all__ = [
    "ALL_FIELDS",
    "LONG_SEARCH",
    "MAX_UNNAMED",
    "Axis",
    "Cursor",
    "EntityId",
    "ExplainedStep",
    "Fields",
    "Limits",
    "Order",
    "Part",
    "PartialId",
    "Plan",
    "Residual",
    "Search",
    "SortCursor",
    "SortKey",
    "Step",
    "check_token",
    "count_vertices",
    "explanation",
    "impossible_conditions",
    "make_plan",
    "make_step",
    "open_cursor",
    "parse",
    "prunings",
    "read_collection_search",
    "resolve_collections",
    "resolve_id",
    "seal_cursor",
    "sort_axis",
]
