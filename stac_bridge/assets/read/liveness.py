"""Before a reader is sent to a URL: whether it still answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stac_bridge.assets.read.probe import probe
from stac_bridge.assets.read.timeouts import PATIENT, Patience
from stac_bridge.errors import AssetUnavailable, UpstreamFault

if TYPE_CHECKING:
    import httpx

    from stac_bridge.assets.read.hosts import Hosts
    from stac_bridge.assets.read.probe import Source
    from stac_bridge.assets.read.reader import Renew
    from stac_bridge.store import Store

__all__ = ["Alive"]


class Alive:
    """Looks at URLs by their first bytes, once for all who come meanwhile. That costs no call of M2M."""

    def __init__(self, http: httpx.AsyncClient, hosts: Hosts, store: Store, patience: Patience = PATIENT) -> None:
        self._http = http
        self._hosts = hosts
        self._store = store
        self._sure = patience.sure

    async def source(self, source: Source, renew: Renew) -> Source:
        """This source, or another in place of one that has died. Raises AssetUnavailable, Staging, UpstreamError.

        One that serves no parts is not looked at: nobody is sent there.
        """
        if not source.ranges or time.time() - source.seen < self._sure or await self._answers(source):
            return source
        return await renew(source)

    async def _answers(self, source: Source) -> bool:
        return await self._store.get_or_make(f"alive {source.url}", lambda: self._look(source), ttl=self._sure)

    async def _look(self, source: Source) -> bool:
        try:
            found = await probe(source.url, source.name, self._http, self._hosts)
        except (AssetUnavailable, UpstreamFault):
            return False
        return found.ranges and found.resembles(source)
