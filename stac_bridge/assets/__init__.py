"""From a signed href to bytes."""

from stac_bridge.assets.href import AssetRef, HrefMaker, Signer, looks_signed
from stac_bridge.assets.read.hosts import HostAllowList
from stac_bridge.assets.read.liveness import LivenessCheck
from stac_bridge.assets.read.probe import Source
from stac_bridge.assets.read.streamer import AssetResponse, Streamer
from stac_bridge.assets.read.streams import StreamLimits
from stac_bridge.assets.read.tar import TarReader
from stac_bridge.assets.read.timeouts import DEFAULT_READ_TIMEOUTS, ReadTimeouts
from stac_bridge.assets.resolve.product import SceneFile
from stac_bridge.assets.resolve.resolver import Resolver
from stac_bridge.assets.resolve.staging_wait import StagingWait
from stac_bridge.assets.signing_keys import load_keys
from stac_bridge.assets.spool.spool import Spool

__all__ = [
    "DEFAULT_READ_TIMEOUTS",
    "AssetRef",
    "AssetResponse",
    "HostAllowList",
    "HrefMaker",
    "LivenessCheck",
    "ReadTimeouts",
    "Resolver",
    "SceneFile",
    "Signer",
    "Source",
    "Spool",
    "StagingWait",
    "StreamLimits",
    "Streamer",
    "TarReader",
    "load_keys",
    "looks_signed",
]
