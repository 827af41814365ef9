"""(Mapping, M2M's answer) → STAC. Pure: nothing here asks anybody anything."""

from stac_bridge.translate.collection import collection
from stac_bridge.translate.item import Translator
from stac_bridge.translate.notices import with_messages, with_notifications
from stac_bridge.translate.queryables import QUERYABLES, SCHEMA, SORTABLES, described, properties_of, shared
from stac_bridge.translate.union import union_collection

__all__ = [
    "QUERYABLES",
    "SCHEMA",
    "SORTABLES",
    "Translator",
    "collection",
    "described",
    "properties_of",
    "shared",
    "union_collection",
    "with_messages",
    "with_notifications",
]
