"""From a signed href to bytes."""

from stac_bridge.delivery.alive import Alive
from stac_bridge.delivery.archive import Archive
from stac_bridge.delivery.hosts import Hosts
from stac_bridge.delivery.probe import Source
from stac_bridge.delivery.resolve import Resolver, Wanted
from stac_bridge.delivery.sign import AssetRef, Signer, load_keys
from stac_bridge.delivery.spool import Spool
from stac_bridge.delivery.stream import Delivered, Streamer

__all__ = [
    "Alive",
    "Archive",
    "AssetRef",
    "Delivered",
    "Hosts",
    "Resolver",
    "Signer",
    "Source",
    "Spool",
    "Streamer",
    "Wanted",
    "load_keys",
]
