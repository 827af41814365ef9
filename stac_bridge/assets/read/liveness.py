"""Checks that a URL still works before a reader is redirected to it."""

from __future__ import annotations

import time

import httpx

from stac_bridge.assets.read.hosts import HostAllowList
from stac_bridge.assets.read.probe import Source, probe
from stac_bridge.assets.read.reader import Renew
from stac_bridge.assets.read.timeouts import DEFAULT_READ_TIMEOUTS, ReadTimeouts
from stac_bridge.errors import AssetUnavailable, UpstreamFault
from stac_bridge.store import Store


class LivenessCheck:
    """Requests the first bytes of a URL, once for all concurrent readers. This costs no M2M call."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        hosts: HostAllowList,
        store: Store,
        timeouts: ReadTimeouts = DEFAULT_READ_TIMEOUTS,
    ) -> None:
        self._http = http
        self._hosts = hosts
        self._store = store
        self._ttl = timeouts.liveness_ttl

    async def ensure_live(self, source: Source, renew: Renew) -> Source:
        """Return the source, or its renewal if its URL no longer works.

        A source without Range is not checked: readers are never redirected to it.
        Raises AssetUnavailable, Staging, UpstreamError.
        """
        # A time in the future is from a clock that was wrong, and proves nothing.
        is_recent = 0 <= time.time() - source.verified_at < self._ttl
        if not source.ranges or is_recent or await self._is_live(source):
            return source
        return await renew(source)

    async def _is_live(self, source: Source) -> bool:
        return await self._store.get_or_make(f"alive {source.url}", lambda: self._probe(source), ttl=self._ttl)

    async def _probe(self, source: Source) -> bool:
        try:
            current = await probe(source.url, source.name, self._http, self._hosts)
        except (AssetUnavailable, UpstreamFault):
            return False
        return current.ranges and current.may_equal(source)
