"""URLs are minted: one download-options and one download-request for all who ask at the same moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stac_bridge.assets.resolve.batch import Batches
from stac_bridge.assets.resolve.download_answer import Refusal, in_queue, refusals, retrieved, tie
from stac_bridge.assets.resolve.quota import Quota

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stac_bridge.assets.resolve.download_answer import Grant
    from stac_bridge.m2m.client import M2MClient
    from stac_bridge.m2m.models.downloads import DownloadAnswer, DownloadInput, Product, Retrieved
    from stac_bridge.store import Store

__all__ = ["Mint"]

MOST_SCENES = 100
"""Scenes in one download-options, whose answer has 40 kB for each of Landsat's."""

MOST_DOWNLOADS = 1000
"""Downloads in one download-request; more of them made trouble [REFERENCE §10]."""

QUEUE_TTL = 2.0
"""Seconds that one look at the queue serves everybody who waits."""


class Mint:
    """Asks for downloads under one ``label``. Every method raises UpstreamError."""

    def __init__(self, m2m: M2MClient, store: Store, label: str) -> None:
        self._m2m = m2m
        self._store = store
        self._label = label
        self._turn = asyncio.Lock()
        self._options: dict[str, Batches[str, tuple[Product, ...]]] = {}
        self._requests = Batches(self._request, MOST_DOWNLOADS, self._turn)
        self.quota = Quota(m2m, store, label)

    async def options(self, dataset: str, entity_id: str) -> tuple[Product, ...]:
        """What can be downloaded of a scene."""
        if dataset not in self._options:
            self._options[dataset] = Batches(lambda ids: self._options_of(dataset, ids), MOST_SCENES, self._turn)
        return await self._options[dataset].get(entity_id) or ()

    async def _options_of(self, dataset: str, entity_ids: Sequence[str]) -> Mapping[str, tuple[Product, ...]]:
        products = await self._m2m.download_options(dataset, entity_ids)
        if len(entity_ids) == 1:
            return {entity_ids[0]: products}
        return {ident: tuple(one for one in products if one.entity_id == ident) for ident in entity_ids}

    async def grant(self, asked: DownloadInput) -> Grant | Refusal | None:
        """What USGS says to it; None where it has taken it on but does not list it yet."""
        return await self._requests.get(asked)

    async def _request(self, asked: Sequence[DownloadInput]) -> Mapping[DownloadInput, Grant | Refusal]:
        answer = await self.quota.request(asked)
        refused = refusals(asked, answer)
        grants = in_queue(answer, self._label)
        tied = await self._tied([one for one in asked if one not in refused], answer, grants)
        told: dict[DownloadInput, Grant | Refusal] = {one: grants[ident] for one, ident in tied.items()}
        if len(set(tied.values())) == len(grants):  # each download has its asker, so USGS does not know the others
            told = {one: told.get(one, Refusal()) for one in asked}
        return {**told, **refused}

    async def _tied(
        self, asked: Sequence[DownloadInput], answer: DownloadAnswer, grants: dict[int, Grant]
    ) -> dict[DownloadInput, int]:
        """Asked for → download id. Answers before 2025 lack entity ids, which the queue tells [REFERENCE §8]."""
        tied = tie(asked, (*answer.available, *answer.preparing))
        missing = [one for one in asked if one not in tied]
        loose = {ident: one for ident, one in grants.items() if ident not in tied.values()}
        if not missing or not loose:
            return tied
        if len(asked) == 1 or len(missing) == len(loose) == 1:
            return {**tied, missing[0]: max(loose, key=lambda ident: loose[ident].url is not None)}
        return tied | await self._listed(missing, loose, grants)

    async def _listed(
        self, missing: Sequence[DownloadInput], loose: Mapping[int, Grant], grants: dict[int, Grant]
    ) -> dict[DownloadInput, int]:
        """The same by what the queue lists, which also tells whether it is ready."""
        queues = [await self._queue(label, fresh=True) for label in {one.label for one in loose.values()}]
        rows = [row for queue in queues for row in (*queue.available, *queue.requested) if row.download_id in loose]
        grants |= {ident: known for ident, one in loose.items() if (known := retrieved(one, rows))}
        return tie(missing, rows)

    async def look(self, grant: Grant) -> Grant | None:
        """The same as the queue has it now; None where it does not list it."""
        queue = await self._queue(grant.label)
        return retrieved(grant, (*queue.available, *queue.requested))

    async def _queue(self, label: str, *, fresh: bool = False) -> Retrieved:
        if fresh:
            await self._store.drop(f"queue {label}")
        return await self._store.get_or_make(
            f"queue {label}", lambda: self._m2m.download_retrieve(label), ttl=QUEUE_TTL, size=lambda _queue: 65_536
        )
