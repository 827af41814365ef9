"""Translates M2M's datasets and scenes to STAC by a mapping. Pure: nothing here does I/O."""

from stac_bridge.translate.collection import collection
from stac_bridge.translate.item import Translator
from stac_bridge.translate.notices import with_messages, with_notifications
from stac_bridge.translate.queryables import (
    QUERYABLES,
    SCHEMA,
    SORTABLES,
    merge_schemas,
    property_schemas,
    queryables_document,
)
from stac_bridge.translate.union import union_collection

__all__ = [
    "QUERYABLES",
    "SCHEMA",
    "SORTABLES",
    "Translator",
    "collection",
    "merge_schemas",
    "property_schemas",
    "queryables_document",
    "union_collection",
    "with_messages",
    "with_notifications",
]
