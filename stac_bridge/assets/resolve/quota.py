"""Keeps within USGS's download quotas of an account [REFERENCE §10]."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence

from stac_bridge.assets.resolve.download_labels import DownloadLabels
from stac_bridge.errors import UpstreamBusy, UpstreamFault
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.models.downloads import DownloadAnswer, DownloadInput, Limit
from stac_bridge.store import Store

_log = logging.getLogger(__name__)

QUOTA_EXCEEDED = "RATE_LIMIT_USER_DL"
"""M2M's error code."""

QUOTA_WINDOW = 900.0
"""Seconds over which USGS counts requested downloads."""

QUOTAS = {"recent": 15_000, "pending": 20_000, "unattempted": 20_000}
"""Maximum number of downloads of an account: requested within the window, in preparation, and never fetched."""

MAX_REMOVED = 20
"""Downloads removed from the queue at a time: each takes an M2M call, and after a refusal a reader waits for them."""


class DownloadQuota:
    """Requests downloads while the account's quotas allow it. It removes none but those under our ``labels``."""

    def __init__(
        self, m2m: M2MClient, store: Store, labels: DownloadLabels, clock: Callable[[], float] = time.time
    ) -> None:
        self._m2m = m2m
        self._store = store
        self._labels = labels
        self._clock = clock

    async def mark_in_use(self, download_id: int, seconds: float) -> None:
        """Protect a download from removal for these seconds: a reader uses its URL, or waits for it."""
        await self._store.put(f"download in use {download_id}", True, ttl=seconds, size=64)

    async def request(self, inputs: Sequence[DownloadInput], label: str) -> DownloadAnswer:
        """Request downloads under a label. Raises UpstreamError; sends nothing while a quota is known to be used up."""
        until: float = await self._store.get("downloads refused until") or 0
        if until > self._clock():
            raise _quota_error(until, self._clock())
        try:
            answer = await self._m2m.download_request(inputs, label)
        except UpstreamBusy as busy:
            answer = await self._retry(inputs, label, busy)
        await self._check_limits(answer.limits)
        return answer

    async def relieve(self) -> None:
        """Remove unused downloads if few more may stay unfetched. Raises UpstreamError. No reader waits for this.

        Once per window and for all workers: the counts that M2M reports fall only with the next request.
        """
        if await self._store.get("downloads never fetched"):
            await self._store.get_or_make("downloads cleared", self._remove_unused, ttl=QUOTA_WINDOW)

    async def _retry(self, inputs: Sequence[DownloadInput], label: str, busy: UpstreamBusy) -> DownloadAnswer:
        """Remove downloads that were never fetched, which count against one of the quotas, and request again."""
        if busy.code != QUOTA_EXCEEDED:
            raise busy
        try:
            if await self._remove_unused():
                return await self._m2m.download_request(inputs, label)
        except UpstreamBusy as error:
            if error.code != QUOTA_EXCEEDED:
                raise
        until = self._clock() + QUOTA_WINDOW
        await self._store.put("downloads refused until", until, ttl=QUOTA_WINDOW)
        raise _quota_error(until, self._clock()) from busy

    async def _remove_unused(self) -> int:
        """Remove the oldest available downloads of our labels that no reader uses; return how many."""
        try:
            rows = await self._m2m.download_search()
        except UpstreamFault as error:
            _log.warning("USGS's queue could not be searched: %s", error)
            return 0
        ours = (row for row in rows if self._labels.is_ours(row.label))
        available = sorted(row.download_id for row in ours if row.status_code == "A")
        unused = [ident for ident in available if not await self._store.get(f"download in use {ident}")][:MAX_REMOVED]
        removed = [await self.remove(ident) for ident in unused]
        _log.info("Removed %d unused downloads from USGS's queue.", sum(removed))
        return sum(removed)

    async def remove(self, download_id: int) -> bool:
        """Remove a download from the queue; return whether M2M answered that it did."""
        try:
            await self._m2m.download_remove(download_id)
        except UpstreamFault as error:
            _log.debug("A download could not be removed: %s", error)
            return False
        return True

    async def _check_limits(self, limits: Iterable[Limit]) -> None:
        for limit in limits:
            for name, size in QUOTAS.items():
                left = getattr(limit, name)
                if left is not None and left < size / 10:
                    await self._warn(name, limit.kind or "account", left)

    async def _warn(self, name: str, kind: str, left: int) -> None:
        """Log a warning once per window, whichever worker it is that notices."""
        if name == "unattempted":
            await self._store.put("downloads never fetched", True, ttl=QUOTA_WINDOW)

        async def log() -> bool:
            _log.warning(
                "USGS's quota of %s downloads (%s) runs low: %d of %d are left.", name, kind, left, QUOTAS[name]
            )
            return True

        await self._store.get_or_make(f"quota warning {name} {kind}", log, ttl=QUOTA_WINDOW)


def _quota_error(until: float, now: float) -> UpstreamBusy:
    wait = math.ceil(min(QUOTA_WINDOW, max(1, until - now)))  # a clock may have been set back since
    message = f"The M2M account's download quota is used up; retry in {wait} seconds."
    return UpstreamBusy(message, code=QUOTA_EXCEEDED, retry_after=wait)
