"""Reads the files in ``mappings/``: their schema, the loader, and the converters they can name."""

from stac_bridge.mapping.assets import AssetRow, ProductRow
from stac_bridge.mapping.loader import Mappings, load_mappings, read_mapping
from stac_bridge.mapping.model import Mapping, Union
from stac_bridge.mapping.queryables import TIME_PROPERTIES, Queryable, Queryables, queryables_of
from stac_bridge.mapping.rows import FilterRow, Row

__all__ = [
    "TIME_PROPERTIES",
    "AssetRow",
    "FilterRow",
    "Mapping",
    "Mappings",
    "ProductRow",
    "Queryable",
    "Queryables",
    "Row",
    "Union",
    "load_mappings",
    "queryables_of",
    "read_mapping",
]
