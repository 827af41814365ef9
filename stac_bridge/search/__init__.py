"""A STAC search as questions for M2M. Pure: nothing here asks anybody anything."""

from stac_bridge.search.collections import read_collection_search
from stac_bridge.search.cursor import Cursor, open_cursor, seal_cursor
from stac_bridge.search.explain import explanation
from stac_bridge.search.fields import EVERYTHING, Fields
from stac_bridge.search.ids import ids_like, whole_id
from stac_bridge.search.limits import Limits
from stac_bridge.search.named import MAX_UNNAMED, naming
from stac_bridge.search.order import Order, SortKey
from stac_bridge.search.plan import Step, known_of, preference, pruning, settled, step_of
from stac_bridge.search.pushdown import fits
from stac_bridge.search.request import Search, parse
from stac_bridge.search.residual import Residual
from stac_bridge.search.slices import Axis, Stand, axis_of

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
