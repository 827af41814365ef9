"""A STAC search as questions for M2M. Pure: nothing here asks anybody anything."""

from stac_bridge.search.collections import read_collection_search
from stac_bridge.search.cursor import Cursor, open_cursor, seal_cursor
from stac_bridge.search.fields import EVERYTHING, Fields
from stac_bridge.search.plan import Plan, Step, plan, settled
from stac_bridge.search.request import Search, parse
from stac_bridge.search.residual import Residual

__all__ = [
    "EVERYTHING",
    "Cursor",
    "Fields",
    "Plan",
    "Residual",
    "Search",
    "Step",
    "open_cursor",
    "parse",
    "plan",
    "read_collection_search",
    "seal_cursor",
    "settled",
]
