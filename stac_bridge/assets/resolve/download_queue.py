"""Requests downloads from M2M: one download-options and one download-request for all concurrent readers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from stac_bridge.assets.resolve.batch import Batcher
from stac_bridge.assets.resolve.download_answer import (
    QueuedDownload,
    RefusedDownload,
    match_rows,
    queued_downloads,
    refused_downloads,
    unnamed_refusal,
    update_from_queue,
)
from stac_bridge.assets.resolve.download_labels import DownloadLabels
from stac_bridge.assets.resolve.quota import DownloadQuota
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.models.downloads import DownloadAnswer, DownloadInput, Product, Retrieved
from stac_bridge.store import Store

MAX_SCENES = 100
"""Scenes in one download-options call; its answer takes 40 kB per Landsat scene."""

MAX_DOWNLOADS = 1000
"""Downloads in one download-request call; larger ones were seen to fail [REFERENCE §10]."""

QUEUE_TTL = 2.0
"""Seconds that one download-retrieve call serves all who wait."""


class DownloadQueue:
    """USGS's download queue, used under our ``labels``. Every method raises UpstreamError."""

    def __init__(
        self, m2m: M2MClient, store: Store, labels: DownloadLabels, clock: Callable[[], float] = time.time
    ) -> None:
        self._m2m = m2m
        self._store = store
        self._labels = labels
        self._clock = clock
        # One lock for options and requests: see Batcher.
        self._lock = asyncio.Lock()
        self._options: dict[str, Batcher[str, tuple[Product, ...]]] = {}
        self._requests = Batcher(self._request_all, MAX_DOWNLOADS, self._lock)
        self.quota = DownloadQuota(m2m, store, labels, clock)

    async def options(self, dataset: str, entity_id: str) -> tuple[Product, ...]:
        """Return the products that a scene offers."""
        if dataset not in self._options:
            self._options[dataset] = Batcher(lambda ids: self._fetch_options(dataset, ids), MAX_SCENES, self._lock)
        return await self._options[dataset].get(entity_id) or ()

    async def _fetch_options(self, dataset: str, entity_ids: Sequence[str]) -> Mapping[str, tuple[Product, ...]]:
        products = await self._m2m.download_options(dataset, entity_ids)
        if len(entity_ids) == 1:
            return {entity_ids[0]: products}
        return {ident: tuple(product for product in products if product.entity_id == ident) for ident in entity_ids}

    async def request(self, download: DownloadInput) -> QueuedDownload | RefusedDownload | None:
        """Request a download; None if USGS has accepted it but does not list it yet."""
        return await self._requests.get(download)

    async def _request_all(
        self, inputs: Sequence[DownloadInput]
    ) -> Mapping[DownloadInput, QueuedDownload | RefusedDownload]:
        label = self._labels.current()
        answer = await self.quota.request(inputs, label)
        refused = refused_downloads(inputs, answer)
        queued = queued_downloads(answer, label, self._clock())
        matched = await self._match([download for download in inputs if download not in refused], answer, queued)
        results: dict[DownloadInput, QueuedDownload | RefusedDownload] = {
            download: queued[ident] for download, ident in matched.items()
        }
        if (answer.invalid or answer.failed) and len(set(matched.values())) == len(queued):
            # Every download of the answer belongs to an input, so USGS refuses the inputs that are left over.
            results = {download: results.get(download, unnamed_refusal(answer)) for download in inputs}
        return {**results, **refused}

    async def _match(
        self, inputs: Sequence[DownloadInput], answer: DownloadAnswer, queued: dict[int, QueuedDownload]
    ) -> dict[DownloadInput, int]:
        """Return input → download id. Answers before 2025 lack entity ids, but the queue has them [REFERENCE §8]."""
        matched = match_rows(inputs, (*answer.available, *answer.preparing))
        missing = [download for download in inputs if download not in matched]
        unmatched = {ident: download for ident, download in queued.items() if ident not in matched.values()}
        if not missing or not unmatched:
            return matched
        if len(inputs) == 1 or len(missing) == len(unmatched) == 1:
            return {**matched, missing[0]: max(unmatched, key=lambda ident: unmatched[ident].url is not None)}
        return matched | await self._match_in_queue(missing, unmatched, queued)

    async def _match_in_queue(
        self,
        missing: Sequence[DownloadInput],
        unmatched: Mapping[int, QueuedDownload],
        queued: dict[int, QueuedDownload],
    ) -> dict[DownloadInput, int]:
        """Return input → download id by the queue's rows; updates ``queued`` with URLs that are ready by now."""
        labels = {download.label for download in unmatched.values()}
        queues = [await self._retrieve(label, fresh=True) for label in labels]
        rows = [row for queue in queues for row in queue.rows if row.download_id in unmatched]
        queued |= {
            ident: updated for ident, download in unmatched.items() if (updated := update_from_queue(download, rows))
        }
        return match_rows(missing, rows)

    async def refresh(self, download: QueuedDownload) -> QueuedDownload | None:
        """Return the download as the queue has it now; None if it does not list it."""
        queue = await self._retrieve(download.label)
        return update_from_queue(download, queue.rows)

    async def _retrieve(self, label: str, *, fresh: bool = False) -> Retrieved:
        if fresh:
            await self._store.drop(f"queue {label}")
        return await self._store.get_or_make(
            f"queue {label}", lambda: self._m2m.download_retrieve(label), ttl=QUEUE_TTL, size=lambda _queue: 65_536
        )
