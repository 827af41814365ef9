"""From a signed href to bytes."""

from stac_bridge.assets.href import AssetRef, HrefMaker, Signer, looks_signed
from stac_bridge.assets.read.hosts import Hosts
from stac_bridge.assets.read.liveness import Alive
from stac_bridge.assets.read.probe import Source
from stac_bridge.assets.read.streamer import Delivered, Streamer
from stac_bridge.assets.read.tar import Archive
from stac_bridge.assets.read.timeouts import PATIENT, Patience
from stac_bridge.assets.resolve.resolver import Resolver, Wanted
from stac_bridge.assets.signing_keys import load_keys
from stac_bridge.assets.spool.spool import Spool

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
