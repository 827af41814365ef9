"""What a file in ``mappings/`` may say, how it is read, and the conversions it may name."""

from stac_bridge.mapping.load import Mappings, load_mappings, read_mapping
from stac_bridge.mapping.model import AssetRow, FilterRow, Mapping, ProductRow, Row, Union
from stac_bridge.mapping.queryable import Queryable, Queryables, queryables_of

__all__ = [
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
