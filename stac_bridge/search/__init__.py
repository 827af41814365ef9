"""A STAC search as questions for M2M. Pure: nothing here asks anybody anything."""

from stac_bridge.search.collections import read_collection_search
from stac_bridge.search.cql2.residual import Residual
from stac_bridge.search.explain import explanation
from stac_bridge.search.paging.cursor import Cursor, open_cursor, seal_cursor
from stac_bridge.search.paging.slices import Axis, Stand, axis_of
from stac_bridge.search.params.fields import EVERYTHING, Fields
from stac_bridge.search.params.ids import ids_like, whole_id
from stac_bridge.search.params.limits import Limits
from stac_bridge.search.params.search import Search, parse
from stac_bridge.search.params.sortby import Order, SortKey
from stac_bridge.search.plan import Step, known_of, preference, pruning, settled, step_of
from stac_bridge.search.pushdown.conditions import fits
from stac_bridge.search.scope import MAX_UNNAMED, naming

__all__ = [
    "EVERYTHING",
    "MAX_UNNAMED",
    "Axis",
    "Cursor",
    "Fields",
    "Limits",
    "Order",
    "Residual",
    "Search",
    "SortKey",
    "Stand",
    "Step",
    "axis_of",
    "explanation",
    "fits",
    "ids_like",
    "known_of",
    "naming",
    "open_cursor",
    "parse",
    "preference",
    "pruning",
    "read_collection_search",
    "seal_cursor",
    "settled",
    "step_of",
    "whole_id",
]
