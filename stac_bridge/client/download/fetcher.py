"""Fetches planned downloads: files concurrently, and each Item after its last file."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stac_bridge.client.download.file_download import FetchContext, FileDownload, ProgressListener
from stac_bridge.client.download.outcome import Outcome, Status
from stac_bridge.client.download.plan import File
from stac_bridge.client.download.renewal import fetch_collections
from stac_bridge.client.download.retries import disk_failure
from stac_bridge.client.download.static_item import recorded_names, recorded_sizes, write_item

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stac_bridge.client.download.plan import ItemDownload


class Fetcher:
    """Fetches what was planned.

    ``outcomes`` (by planned path) fills up during the run, so that it can be reported after an interrupt.
    ``collections``
    maps folder names to the servers' Collections.
    """

    def __init__(self, context: FetchContext, listener: ProgressListener, *, overwrite: bool = False) -> None:
        self._context = context
        self._listener = listener
        self._overwrite = overwrite
        self.outcomes: dict[Path, Outcome] = {}
        self.collections: dict[str, dict[str, Any]] = {}

    async def fetch(self, downloads: Sequence[ItemDownload]) -> None:
        """Fetch all files. A failure is recorded in the outcomes and does not stop the others."""
        self.collections = await fetch_collections(downloads, self._context.http)
        async with asyncio.TaskGroup() as group:
            for download in downloads:
                group.create_task(self._fetch_item(download))

    async def _fetch_item(self, download: ItemDownload) -> None:
        names, sizes = recorded_names(download.path), recorded_sizes(download.path)
        taken = {*download.names, *(name.casefold() for name in names.values())}

        async def fetch(planned: File) -> Outcome:
            file = _with_recorded_name(planned, names)
            outcome = await self._fetch_file(file, sizes.get(file.path.name), taken)
            return self._record(planned.path, outcome)

        outcomes = await asyncio.gather(*map(fetch, download.files))
        try:
            write_item(download, outcomes)
        except OSError as error:
            item = File(str(download.item.get("collection") or ""), download.item["id"], "", "", download.path)
            self._record(item.path, Outcome(item, Status.failed, reason=str(disk_failure(error))))

    async def _fetch_file(self, file: File, recorded_size: int | None, taken: set[str]) -> Outcome:
        download = FileDownload(file, self._context, self._listener, taken)
        if not self._overwrite and await download.is_complete(recorded_size):
            return Outcome(file, Status.skipped, file.path.stat().st_size)
        return await download.run()

    def _record(self, planned: Path, outcome: Outcome) -> Outcome:
        self.outcomes[planned] = outcome
        self._listener.on_finish(outcome)
        return outcome


def _with_recorded_name(file: File, names: Mapping[str, str]) -> File:
    """Return the file with the name that an earlier run gave it, if its href has none and it is still there."""
    path = file.path.with_name(names.get(file.key, file.path.name))
    return replace(file, path=path) if file.is_unnamed and path.is_file() else file
