"""From a signed href to bytes."""

from stac_bridge.delivery.alive import Alive
from stac_bridge.delivery.archive import Archive
from stac_bridge.delivery.hosts import Hosts
from stac_bridge.delivery.keys import load_keys
from stac_bridge.delivery.patience import PATIENT, Patience
from stac_bridge.delivery.probe import Source
from stac_bridge.delivery.resolve import Resolver, Wanted
from stac_bridge.delivery.sign import AssetRef, HrefMaker, Signer, looks_signed
from stac_bridge.delivery.spool import Spool
from stac_bridge.delivery.stream import Delivered, Streamer

__all__ = [
    "PATIENT",
    "Alive",
    "Archive",
    "AssetRef",
    "Delivered",
    "Hosts",
    "HrefMaker",
    "Patience",
    "Resolver",
    "Signer",
    "Source",
    "Spool",
    "Streamer",
    "Wanted",
    "load_keys",
    "looks_signed",
]
