"""What a file in ``mappings/`` may say, how it is read, and the conversions it may name."""

from stac_bridge.mapping.assets import AssetRow, ProductRow
from stac_bridge.mapping.loader import Mappings, load_mappings, read_mapping
from stac_bridge.mapping.model import Mapping, Union
from stac_bridge.mapping.queryables import TIMES, Queryable, Queryables, queryables_of
from stac_bridge.mapping.rows import FilterRow, Row

__all__ = [
    "TIMES",
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
