"""Mappings joined to the live datasets that they describe.

``LiveCatalog``, the copy that is kept up to date, is in ``catalog.live``. It is not imported here, because it needs
shapely, which takes half a second to import, and commands that only name fields do not.
"""

from stac_bridge.catalog.catalog import Catalog, build_catalog
from stac_bridge.catalog.disk import load_catalog, save_catalog
from stac_bridge.catalog.entry import DatasetDetails, Entry, Together, field_name, find_filter

__all__ = [
    "Catalog",
    "DatasetDetails",
    "Entry",
    "Together",
    "build_catalog",
    "field_name",
    "find_filter",
    "load_catalog",
    "save_catalog",
]
