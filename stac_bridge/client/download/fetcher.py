"""Fetcher: the one that acts. Files come side by side; each Item follows its last file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from stac_bridge.client.download.answers import of_system
from stac_bridge.client.download.file_download import Means, Pursuit, Watch
from stac_bridge.client.download.outcome import Outcome, Status
from stac_bridge.client.download.plan import File
from stac_bridge.client.download.static_item import noted_sizes, write_item
from stac_bridge.client.renewal import collections_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stac_bridge.client.download.plan import Parcel

__all__ = ["Fetcher", "Means", "Watch"]


class Fetcher:
    """Fetches what was planned. ``outcomes``, by path, are there as they come: one that is interrupted can tell.
    ``collections``, by their folders, are what the servers say of them."""

    def __init__(self, means: Means, watch: Watch, *, overwrite: bool = False) -> None:
        self._means = means
        self._watch = watch
        self._overwrite = overwrite
        self.outcomes: dict[Path, Outcome] = {}
        self.collections: dict[str, dict[str, Any]] = {}

    async def fetch(self, parcels: Sequence[Parcel]) -> None:
        """All of them. What fails is in the outcomes, and keeps nothing else from coming."""
        self.collections = await collections_of(parcels, self._means.http)
        async with asyncio.TaskGroup() as group:
            for parcel in parcels:
                group.create_task(self._parcel(parcel))

    async def _parcel(self, parcel: Parcel) -> None:
        noted = noted_sizes(parcel.path)
        outcomes = await asyncio.gather(*(self._file(file, noted.get(file.path.name)) for file in parcel.files))
        try:
            write_item(parcel, outcomes)
        except OSError as fault:
            item = File(str(parcel.item.get("collection") or ""), parcel.item["id"], "", "", parcel.path)
            self._settle(Outcome(item, Status.failed, reason=str(of_system(fault))))

    async def _file(self, file: File, noted: int | None) -> Outcome:
        pursuit = Pursuit(file, self._means, self._watch)
        if not self._overwrite and await pursuit.is_there(noted):
            return self._settle(Outcome(file, Status.skipped, file.path.stat().st_size))
        return self._settle(await pursuit.run())

    def _settle(self, outcome: Outcome) -> Outcome:
        self.outcomes[outcome.file.path] = outcome
        self._watch.ended(outcome)
        return outcome
