"""What an href means → a USGS URL: minted at the first reading, shared by all readers, renewed when it dies."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stac_bridge.delivery.choose import Wanted, choose
from stac_bridge.delivery.probe import Source, probe
from stac_bridge.errors import AssetUnavailable, Staging
from stac_bridge.m2m.models import DownloadInput

if TYPE_CHECKING:
    import httpx

    from stac_bridge.delivery.hosts import Hosts
    from stac_bridge.m2m.client import M2MClient
    from stac_bridge.m2m.models import DownloadAnswer, Product, Retrieved
    from stac_bridge.store import Store

__all__ = ["Resolver", "Source", "Wanted"]

OPTIONS_TTL = 3600.0
"""Seconds that a scene's download options are reused: they change with its age in weeks."""

OPTIONS_SIZE = 160_000
"""Bytes that a Landsat scene's options take in memory: 4 rows with 22 files each."""

STAGING_TTL = 6 * 3600.0
"""Seconds after which a download that never became available is asked for anew."""

QUEUE_TTL = 2.0
"""Seconds that one look at the queue serves everybody who waits."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A download that USGS prepares: its id, the label it is queued under, when it was asked for."""

    download_id: int
    label: str
    since: float


class Resolver:
    """Spends at most two M2M calls on a file's first reader, one on a scene's further files, none on the rest.

    ``label`` (at most 50 characters) stays the same for a bridge, so that what it queued is found again;
    ``url_ttl`` is in seconds.
    """

    def __init__(
        self, m2m: M2MClient, store: Store, http: httpx.AsyncClient, hosts: Hosts, *, label: str, url_ttl: float
    ) -> None:
        self._m2m = m2m
        self._store = store
        self._http = http
        self._hosts = hosts
        self._label = label
        self._url_ttl = url_ttl

    async def source(self, wanted: Wanted) -> Source:
        """Where its bytes are. Raises NotFound, AssetUnavailable, Staging, UpstreamError."""
        return await self._store.once(
            f"source {wanted.name}", lambda: self._find(wanted), ttl=self._url_ttl, size=lambda _source: 2048
        )

    async def renew(self, wanted: Wanted, stale: Source) -> Source:
        """Another source in place of one that died; the same for all who come with the same one."""
        if self._store.get(f"source {wanted.name}") == stale:
            self._store.drop(f"source {wanted.name}")
        return await self.source(wanted)

    async def _find(self, wanted: Wanted) -> Source:
        pending: _Pending | None = self._store.get(f"pending {wanted.name}")
        url = await (self._collect(pending) if pending else self._ask(wanted))
        self._store.drop(f"pending {wanted.name}")
        return await probe(url, wanted.name, self._http, self._hosts)

    async def _ask(self, wanted: Wanted) -> str:
        """Ask for a URL. Raises Staging where USGS prepares the file first."""
        product = choose(await self._options(wanted), wanted)
        asked = DownloadInput(entity_id=product.entity_id, product_id=product.product_id)
        answer = await self._m2m.download_request([asked], self._label)
        if answer.available:
            return answer.available[0].url
        pending = _queued(answer, self._label)
        self._store.put(f"pending {wanted.name}", pending, ttl=STAGING_TTL)
        if not answer.duplicates:
            raise _staging(pending)
        return await self._collect(pending)  # asked for some time ago: it may be ready by now

    async def _options(self, wanted: Wanted) -> tuple[Product, ...]:
        return await self._store.once(
            f"options {wanted.dataset} {wanted.entity_id}",
            lambda: self._m2m.download_options(wanted.dataset, [wanted.entity_id]),
            ttl=OPTIONS_TTL,
            size=lambda _options: OPTIONS_SIZE,
        )

    async def _collect(self, pending: _Pending) -> str:
        """Look whether it is ready. Raises Staging."""
        queue: Retrieved = await self._store.once(
            f"queue {pending.label}", lambda: self._m2m.download_retrieve(pending.label), ttl=QUEUE_TTL
        )
        # A download may stand in both lists, in one, or (at first) in none [REFERENCE §8].
        for row in (*queue.available, *queue.requested):
            if row.download_id == pending.download_id and row.url and "/download-staging/" not in row.url:
                return row.url
        raise _staging(pending)


def _queued(answer: DownloadAnswer, label: str) -> _Pending:
    """What was put into the queue, or stands there since an earlier asking under that asking's label."""
    now = time.monotonic()
    for queued in answer.preparing:
        return _Pending(queued.download_id, label, now)
    for download_id, known_label in {**answer.new_records, **answer.duplicates}.items():
        return _Pending(int(download_id), known_label, now)
    reasons = " ".join(failed.message for failed in answer.failed if failed.message)
    raise AssetUnavailable(f"USGS refuses this download: {reasons or 'it gives no reason'}")


def _staging(pending: _Pending) -> Staging:
    """Come back sooner at first, and later the longer it takes."""
    wait = int(min(60, max(5, time.monotonic() - pending.since)))
    return Staging("USGS is preparing this file; come back after the seconds in Retry-After.", retry_after=wait)
