"""Staying within what USGS lets an account download [REFERENCE §10]."""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING

from stac_bridge.errors import UpstreamBusy, UpstreamFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stac_bridge.m2m.client import M2MClient
    from stac_bridge.m2m.models.downloads import DownloadAnswer, DownloadInput, Limit
    from stac_bridge.store import Store

__all__ = ["Quota"]

_log = logging.getLogger(__name__)

OVER = "RATE_LIMIT_USER_DL"

WINDOW = 900.0
"""Seconds over which USGS counts what was asked for."""

QUOTAS = {"recent": 15_000, "pending": 20_000, "unattempted": 20_000}
"""Downloads asked for within the window, being prepared, and never fetched, that an account may have."""

CLEARED = 20
"""Entries taken out of the queue at once: each is a call of M2M, and somebody waits."""


class Quota:
    """Asks for downloads under one ``label``, as long as USGS lets the account have some."""

    def __init__(self, m2m: M2MClient, store: Store, label: str) -> None:
        self._m2m = m2m
        self._store = store
        self._label = label

    async def uses(self, download_id: int, seconds: float) -> None:
        """Leave a download in the queue for so long: somebody reads it, or will."""
        await self._store.put(f"download in use {download_id}", True, ttl=seconds, size=64)

    async def request(self, asked: Sequence[DownloadInput]) -> DownloadAnswer:
        """Ask for downloads. Raises UpstreamError; for as long as a quota is used up, without asking."""
        until: float = await self._store.get("downloads refused until") or 0
        if until > time.time():
            raise _used_up(until)
        if await self._store.get("downloads never fetched"):
            # not again within the window, by no worker: what was removed counts from the next request on
            await self._store.get_or_make("downloads cleared", self._clear, ttl=WINDOW)
        try:
            answer = await self._m2m.download_request(asked, self._label)
        except UpstreamBusy as busy:
            answer = await self._once_more(asked, busy)
        await self._watch(answer.limits)
        return answer

    async def _once_more(self, asked: Sequence[DownloadInput], busy: UpstreamBusy) -> DownloadAnswer:
        """After the queue was cleared of what nobody fetched, which is one of the quotas."""
        if busy.code != OVER:
            raise busy
        try:
            if await self._clear():
                return await self._m2m.download_request(asked, self._label)
        except UpstreamBusy as again:
            if again.code != OVER:
                raise
        until = time.time() + WINDOW
        await self._store.put("downloads refused until", until, ttl=WINDOW)
        raise _used_up(until) from busy

    async def _clear(self) -> int:
        """Remove the oldest that wait under our label and that nobody reads; gives how many."""
        try:
            rows = await self._m2m.download_search(self._label)
        except UpstreamFault as fault:
            _log.warning("USGS's queue could not be looked through: %s", fault)
            return 0
        waiting = sorted(row.download_id for row in rows if row.status_code == "A")
        unused = [ident for ident in waiting if not await self._store.get(f"download in use {ident}")][:CLEARED]
        removed = [await self._remove(ident) for ident in unused]
        _log.info("%d downloads that nobody fetched were taken out of USGS's queue.", sum(removed))
        return sum(removed)

    async def _remove(self, download_id: int) -> bool:
        try:
            await self._m2m.download_remove(download_id)
        except UpstreamFault as gone:
            _log.debug("A download could not be removed: %s", gone)
            return False
        return True

    async def _watch(self, limits: Iterable[Limit]) -> None:
        """Say once in a while that little is left."""
        for limit in limits:
            for name, size in QUOTAS.items():
                left = getattr(limit, name)
                if left is not None and left < size / 10:
                    await self._low(name, limit.kind or "account", left)

    async def _low(self, name: str, kind: str, left: int) -> None:
        if name == "unattempted":
            await self._store.put("downloads never fetched", True, ttl=WINDOW)

        async def tell() -> bool:
            _log.warning(
                "USGS's quota of %s downloads (%s) runs low: %d of %d are left.", name, kind, left, QUOTAS[name]
            )
            return True

        await self._store.get_or_make(f"told of quota {name} {kind}", tell, ttl=WINDOW)


def _used_up(until: float) -> UpstreamBusy:
    wait = max(1, math.ceil(until - time.time()))
    said = f"The M2M account's download quota is used up; ask again in {wait} seconds."
    return UpstreamBusy(said, code=OVER, retry_after=wait)
