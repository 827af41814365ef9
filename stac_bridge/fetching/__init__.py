"""Files of Items → a folder: what goes where is planned in values, then one class fetches."""

from stac_bridge.fetching.catalogue import write_catalogue
from stac_bridge.fetching.fetch import Fetcher, Means, Watch
from stac_bridge.fetching.items import Wanted, find_items, read_items
from stac_bridge.fetching.outcome import Outcome, Status
from stac_bridge.fetching.plan import File, Parcel, parcels

__all__ = [
    "Fetcher",
    "File",
    "Means",
    "Outcome",
    "Parcel",
    "Status",
    "Wanted",
    "Watch",
    "find_items",
    "parcels",
    "read_items",
    "write_catalogue",
]
