"""Keeps USGS's download queue short: reports what was fetched from other hosts, removes past days and unused files.

M2M does not observe how hosts other than its file server deliver, so their downloads stay in the queue until they are
reported [REFERENCE §8]. Readers may go on with the signed URL of a reported download: its host checks the signature,
not the queue. If that were wrong, the URL would be renewed like any other that has died.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from itertools import islice

from stac_bridge.assets.resolve.download_answer import QueuedDownload
from stac_bridge.assets.resolve.download_labels import DownloadLabels
from stac_bridge.assets.resolve.quota import DownloadQuota
from stac_bridge.errors import UpstreamError, UpstreamFault, UpstreamLogin
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.models.downloads import FetchedDownload
from stac_bridge.request_context import request_deadline
from stac_bridge.store import Store

_log = logging.getLogger(__name__)

REPORT_INTERVAL = 60.0
"""Seconds that reports are collected before they are sent."""

MAX_REPORTED = 200
"""Downloads in one report. If M2M rejects a report, its downloads stay in the queue until their day is removed."""

MAX_WAITING = 20_000
"""Downloads that wait to be reported, as many as the queue itself may hold."""

MAX_LABELS = 30
"""Past days that are removed at a time: each takes an M2M call."""

LABELS_INTERVAL = 86_400.0
"""Seconds after which past days are looked for again, by one worker."""


class QueueUpkeep:
    """Runs in the background, as ``run_forever``. Without downloads it sends nothing.

    ``labels`` are removed ``keep`` seconds after their day, when no reader uses or waits for their downloads anymore.
    """

    def __init__(self, m2m: M2MClient, store: Store, labels: DownloadLabels, quota: DownloadQuota, keep: float) -> None:
        self._m2m = m2m
        self._store = store
        self._labels = labels
        self._quota = quota
        self._keep = keep
        self._fetched: dict[int, FetchedDownload] = {}
        self._has_work = asyncio.Event()

    def note_use(self, download: QueuedDownload, size: int | None) -> None:
        """Remember a download that a reader has opened, and its file's size in bytes. Sends nothing."""
        if download.is_proxied and len(self._fetched) < MAX_WAITING:
            self._fetched[download.download_id] = FetchedDownload(download.download_id, size or 0)
        self._has_work.set()

    async def run_forever(self, deadline: float) -> None:
        """Do the upkeep some time after downloads; the requests of one time may take ``deadline`` seconds."""
        while True:
            await self._has_work.wait()
            await asyncio.sleep(REPORT_INTERVAL)
            await self.run(deadline)

    async def run(self, deadline: float) -> None:
        """Report what was fetched, relieve a quota that runs low, and once a day remove past days.

        What M2M does not answer is left to the next run. The requests have no caller and the lowest priority,
        and count for no reader.
        """
        self._has_work.clear()
        try:
            with request_deadline(deadline):
                await self._report()
                await self._quota.relieve()
                await self._store.get_or_make(
                    "downloads of past days", self._remove_past_days, ttl=LABELS_INTERVAL, size=lambda _count: 64
                )
        except UpstreamError as error:
            _log.debug("The upkeep of USGS's download queue did not finish: %s", error)
        if self._fetched:
            self._has_work.set()

    async def finish(self, deadline: float) -> None:
        """Report what is left within ``deadline`` seconds, as far as M2M answers."""
        with contextlib.suppress(UpstreamError), request_deadline(deadline):
            await self._report()

    async def _report(self) -> None:
        """Report in batches. Raises UpstreamError if M2M does not answer; an answer settles a batch in any case."""
        while batch := tuple(islice(self._fetched.values(), MAX_REPORTED)):
            try:
                completed = await self._m2m.download_complete_proxied(batch)
                _log.debug("Reported %d downloads as fetched; USGS's queue had %d of them.", len(batch), completed)
            except (UpstreamFault, UpstreamLogin) as error:
                _log.info("USGS rejects the report of %d fetched downloads: %s", len(batch), error)
            for download in batch:
                self._fetched.pop(download.download_id, None)

    async def _remove_past_days(self) -> int:
        """Remove the downloads of days that are over, whatever became of them; return the number of days."""
        try:
            rows = await self._m2m.download_labels()
            past = sorted(row.label for row in rows if row.incomplete and self._labels.is_over(row.label, self._keep))
            for label in past[:MAX_LABELS]:
                await self._m2m.download_order_remove(label)
        except (UpstreamFault, UpstreamLogin) as error:
            _log.info("USGS's download queue could not be cleared of past days: %s", error)
            return 0
        return len(past)
