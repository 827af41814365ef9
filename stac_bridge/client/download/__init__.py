"""Downloads the files of Items into a folder: a plan made of plain values, then one class that carries it out.

Also the face of ``stac_bridge.client`` for the command line. ``stac_bridge.client`` itself exports nothing, so that
scripts import ``signing`` and ``compat`` without their heavier neighbors.
"""

from stac_bridge.client.api import fetch_json, find_collections
from stac_bridge.client.download.catalog import write_catalog
from stac_bridge.client.download.fetcher import Fetcher
from stac_bridge.client.download.file_download import FetchContext, ProgressListener
from stac_bridge.client.download.outcome import Outcome, Status
from stac_bridge.client.download.plan import File, ItemDownload, plan_downloads
from stac_bridge.client.items import (
    SearchParams,
    SearchResults,
    add_cloud_filter,
    build_search,
    find_items,
    read_items,
    search_items,
)
from stac_bridge.client.save import file_suffixes, save_items

__all__ = [
    "FetchContext",
    "Fetcher",
    "File",
    "ItemDownload",
    "Outcome",
    "ProgressListener",
    "SearchParams",
    "SearchResults",
    "Status",
    "add_cloud_filter",
    "build_search",
    "fetch_json",
    "file_suffixes",
    "find_collections",
    "find_items",
    "plan_downloads",
    "read_items",
    "save_items",
    "search_items",
    "write_catalog",
]
