"""The list of datasets as this process knows it: kept on disk, refreshed in the background, learning as it goes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stac_bridge.catalog import catalog as catalogs
from stac_bridge.catalog.catalog import Catalog, Entry, Learnt
from stac_bridge.errors import UpstreamError, UpstreamLogin
from stac_bridge.m2m.filters import DatasetSearch, Mbr, shape_of
from stac_bridge.request_context import request_deadline

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stac_bridge.m2m.client import M2MClient
    from stac_bridge.m2m.filters import SceneFilter
    from stac_bridge.m2m.models.datasets import Dataset
    from stac_bridge.mapping import Mappings
    from stac_bridge.store import Store

__all__ = ["Catalogue", "Pruning"]

_log = logging.getLogger(__name__)

LIKELY_TTL = 3600.0
"""Seconds for which an answer to what datasets have at a place and time is reused."""

_BAND_FILES = ("landsat_band_files", "landsat_ard_tile_files")
"""How the aliases of datasets begin whose scenes are files of other datasets' scenes."""

SAME_REFRESH = 30.0
"""Seconds for which the list that one worker has fetched is the newest for the others, too."""

DATASET_BYTES = 4096
"""Bytes that a dataset, or one of its filters, takes in memory."""

RETRY_REFRESH = 60.0
"""Seconds until a refresh that failed is tried again."""


@dataclass(frozen=True, slots=True)
class Pruning:
    """A place and days outside which none of ``datasets`` (aliases) has a match."""

    filter: SceneFilter
    datasets: frozenset[str]


class Catalogue:
    """Keeps a Catalog of the named catalog groups at ``kept_at``, refreshed every ``ttl`` seconds.

    What M2M says of a dataset, or of all at a place, is used ``stale`` seconds past its time while M2M does not answer.
    """

    def __init__(
        self,
        m2m: M2MClient,
        mappings: Mappings,
        store: Store,
        kept_at: Path,
        groups: Sequence[str],
        ttl: float,
        stale: float = 0,
    ) -> None:
        self._m2m = m2m
        self._mappings = mappings
        self._store = store
        self._kept_at = kept_at
        self._groups = groups
        self._ttl = ttl
        self._stale = stale
        self._catalog: Catalog | None = None
        self._writing: asyncio.Future[None] | None = None
        self.known = asyncio.Event()
        """Set once there is a list of datasets."""

    @property
    def size(self) -> int:
        """Datasets that are known."""
        return len(self._catalog.entries) if self._catalog else 0

    @property
    def age(self) -> float | None:
        """Seconds since M2M was asked for the list; None where there is none."""
        return max(0.0, time.time() - self._catalog.fetched) if self._catalog else None

    @property
    def is_stale(self) -> bool:
        """Whether a refresh was due and has failed since."""
        return self.age is None or self.age > self._ttl + 2 * RETRY_REFRESH

    async def read(self) -> None:
        """Take up what was kept."""
        self._catalog = await asyncio.to_thread(catalogs.kept, self._kept_at, self._mappings)
        if self._catalog:
            self.known.set()

    async def stay_fresh(self, deadline: float) -> None:
        """Refresh for ever, each time within ``deadline`` seconds."""
        while True:
            age = time.time() - self._catalog.fetched if self._catalog else float("inf")
            if age < self._ttl:
                await asyncio.sleep(self._ttl - age)
            try:
                with request_deadline(deadline):
                    await self.refresh()
            except UpstreamError as failed:
                _log.warning("The catalogue could not be fetched: %s", failed)
                await asyncio.sleep(RETRY_REFRESH)

    async def refresh(self) -> Catalog:
        """Fetch the list of datasets anew and keep it. Raises UpstreamError."""
        return await self._store.get_or_make("catalog", self._fetch, ttl=0)

    async def _fetch(self) -> Catalog:
        datasets: dict[str, Dataset] = {}
        for group in self._groups:
            datasets |= {found.alias: found for found in await self._group(group)}
        fetched = catalogs.marry(datasets.values(), self._mappings, time.time(), self._catalog)
        await self._keep(fetched)
        return fetched

    async def _group(self, group: str) -> tuple[Dataset, ...]:
        """The datasets of a catalog group; of workers that refresh at the same time, one asks."""
        return await self._store.get_or_make(
            f"group {group}",
            lambda: self._m2m.dataset_search(DatasetSearch(catalog=group)),
            ttl=SAME_REFRESH,
            size=lambda datasets: DATASET_BYTES * len(datasets),
        )

    async def _keep(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.known.set()
        self._writing = asyncio.ensure_future(asyncio.to_thread(catalogs.keep, catalog, self._kept_at))
        await asyncio.shield(self._writing)

    async def written(self) -> None:
        """Return once nothing is being written: whoever stops would leave it to a thread that nobody waits for."""
        if self._writing:
            await asyncio.wait((self._writing,))

    async def now(self) -> Catalog:
        """The catalogue: the kept one, or fetched now where there is none. Raises UpstreamError."""
        return self._catalog or await self.refresh()

    async def knowing(self, entry: Entry) -> Entry:
        """The same entry, knowing its dataset's filters and products. Raises NotFound, UpstreamError."""
        entry = (await self.now()).again(entry)
        if entry.learnt is None:
            learnt = await self._learnt(entry)
            entry = (await self.now()).again(entry)
            if entry.learnt is None:
                await self._keep((await self.now()).with_learnt(entry.dataset.alias, learnt))
                entry = (await self.now()).again(entry)
        return entry

    async def _learnt(self, entry: Entry) -> Learnt:
        """Once in a dataset's life, for all workers."""
        dataset = entry.dataset
        return await self._store.get_or_make(
            f"learnt {dataset.alias} {dataset.date_updated}",
            lambda: self._learn(entry),
            ttl=self._ttl,
            stale=self._stale,
            size=lambda learnt: DATASET_BYTES * (1 + len(learnt.filters)),
        )

    async def likely(self, asked: Sequence[Pruning]) -> list[Entry]:
        """The entries that M2M says have something at a place and time. One call per catalog group and question.

        Files of bands are no scenes of their own: the scenes that they belong to are found.
        """
        catalog = await self.now()
        aliases: set[str] = set()
        for one in asked:
            if not one.filter.is_empty:
                for group in self._groups:
                    aliases.update(one.datasets.intersection(await self._aliases(group, one.filter)))
        found = [
            one for alias, one in catalog.entries.items() if alias in aliases and not alias.startswith(_BAND_FILES)
        ]
        return sorted(found, key=lambda entry: entry.mapping.is_generic)

    async def _aliases(self, group: str, asked: SceneFilter) -> tuple[str, ...]:
        place = Mbr.of(*shape_of(asked.spatial).bounds) if asked.spatial else None
        search = DatasetSearch(catalog=group, spatial=place, temporal=asked.acquisition)
        if place is None and asked.acquisition is None:
            return tuple((await self.now()).entries)
        found = await self._store.get_or_make(
            f"datasets {search.payload()}", lambda: self._m2m.dataset_search(search), ttl=LIKELY_TTL, stale=self._stale
        )
        return tuple(dataset.alias for dataset in found)

    async def _learn(self, entry: Entry) -> Learnt:
        """Ask M2M which filters and products a dataset has."""
        filters = await self._m2m.dataset_filters(entry.dataset.alias)
        products: tuple[Any, ...] = ()
        if entry.mapping.products is not None:
            # A search-only account may be refused here; it can fetch nothing anyway.
            with contextlib.suppress(UpstreamLogin):
                products = await self._m2m.dataset_download_options(entry.dataset.alias)
        return Learnt(filters, products)
