"""Mappings joined to the live datasets that they describe: the catalog, kept on disk and refreshed."""

from stac_bridge.catalog.catalog import Catalog, build_catalog
from stac_bridge.catalog.disk import load_catalog, save_catalog
from stac_bridge.catalog.entry import Entry, Learnt, Together, field_name
from stac_bridge.catalog.live import LiveCatalog, Pruning

__all__ = [
    "Catalog",
    "Entry",
    "Learnt",
    "LiveCatalog",
    "Pruning",
    "Together",
    "build_catalog",
    "field_name",
    "load_catalog",
    "save_catalog",
]
