"""Files of Items → a folder: what goes where is planned in values, then one class fetches."""

from stac_bridge.client.api import document, find_collections
from stac_bridge.client.download.catalog import write_catalogue
from stac_bridge.client.download.fetcher import Fetcher, Means, Watch
from stac_bridge.client.download.outcome import Outcome, Status
from stac_bridge.client.download.plan import File, Parcel, parcels
from stac_bridge.client.items import Hits, Wanted, find_items, read_items, search_for, searched, with_cloud
from stac_bridge.client.save import endings, save

__all__ = [
    "Fetcher",
    "File",
    "Hits",
    "Means",
    "Outcome",
    "Parcel",
    "Status",
    "Wanted",
    "Watch",
    "document",
    "endings",
    "find_collections",
    "find_items",
    "parcels",
    "read_items",
    "save",
    "search_for",
    "searched",
    "with_cloud",
    "write_catalogue",
]
