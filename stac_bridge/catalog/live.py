"""This process's current catalog: loaded from disk, refreshed in the background, extended as datasets are used."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stac_bridge.catalog.catalog import Catalog, build_catalog
from stac_bridge.catalog.disk import load_catalog, save_catalog
from stac_bridge.catalog.entry import DatasetDetails, Entry
from stac_bridge.errors import UpstreamError, UpstreamLogin
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.filters import DatasetSearch, Mbr, SceneFilter, shape_of
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.mapping import Mappings
from stac_bridge.request_context import request_deadline
from stac_bridge.store import Store

_log = logging.getLogger(__name__)

LIKELY_TTL = 3600.0
"""Seconds that an answer to "which datasets have scenes at this place and time" is reused."""

SHARED_REFRESH_TTL = 30.0
"""Seconds that the list fetched by one worker counts as the newest for the other workers, too."""

DATASET_BYTES = 4096
"""Bytes that a dataset, or one of its filters, takes in memory."""

REFRESH_RETRY_INTERVAL = 60.0
"""Seconds until a failed refresh is retried."""


@dataclass(frozen=True, slots=True)
class Pruning:
    """A place and days outside of which none of ``datasets`` (aliases) can have a match."""

    filter: SceneFilter
    datasets: frozenset[str]


class LiveCatalog:
    """Keeps the Catalog of the catalog groups ``groups`` up to date, and a copy of it in the file ``path``.

    It is refreshed every ``ttl`` seconds. While M2M does not answer, its earlier answers about a dataset, or about
    the datasets at a place, are used for ``stale`` more seconds than usual.
    """

    def __init__(
        self,
        m2m: M2MClient,
        mappings: Mappings,
        store: Store,
        path: Path,
        groups: Sequence[str],
        ttl: float,
        stale: float = 0,
    ) -> None:
        self._m2m = m2m
        self._mappings = mappings
        self._store = store
        self._path = path
        self._groups = groups
        self._ttl = ttl
        self._stale = stale
        self._catalog: Catalog | None = None
        self._saving: asyncio.Future[None] | None = None
        self.loaded = asyncio.Event()
        """Set as soon as there is a list of datasets."""

    @property
    def size(self) -> int:
        """The number of datasets."""
        return len(self._catalog.entries) if self._catalog else 0

    @property
    def age(self) -> float | None:
        """Seconds since the list was requested from M2M; None if there is no list yet."""
        return max(0.0, time.time() - self._catalog.fetched) if self._catalog else None

    @property
    def is_stale(self) -> bool:
        """Whether a refresh was due and has failed since."""
        return self.age is None or self.age > self._ttl + 2 * REFRESH_RETRY_INTERVAL

    async def load(self) -> None:
        """Load the catalog that was saved to disk, if there is one."""
        self._catalog = await asyncio.to_thread(load_catalog, self._path, self._mappings)
        if self._catalog:
            self.loaded.set()

    async def refresh_forever(self, deadline: float) -> None:
        """Refresh whenever the list is ``ttl`` seconds old; each refresh may take ``deadline`` seconds."""
        while True:
            age = time.time() - self._catalog.fetched if self._catalog else float("inf")
            if age < self._ttl:
                await asyncio.sleep(self._ttl - age)
            try:
                with request_deadline(deadline):
                    await self.refresh()
            except UpstreamError as error:
                _log.warning("The catalog could not be fetched: %s", error)
                await asyncio.sleep(REFRESH_RETRY_INTERVAL)

    async def refresh(self) -> Catalog:
        """Fetch the list of datasets from M2M and save it. Raises UpstreamError."""
        return await self._store.get_or_make("catalog", self._fetch, ttl=0)

    async def _fetch(self) -> Catalog:
        datasets: dict[str, Dataset] = {}
        for group in self._groups:
            datasets |= {dataset.alias: dataset for dataset in await self._group_datasets(group)}
        catalog = build_catalog(datasets.values(), self._mappings, time.time(), self._catalog)
        await self._replace(catalog)
        return catalog

    async def _group_datasets(self, group: str) -> tuple[Dataset, ...]:
        """The datasets of a catalog group. When several workers refresh at the same time, one of them calls M2M."""
        return await self._store.get_or_make(
            f"group {group}",
            lambda: self._m2m.dataset_search(DatasetSearch(catalog=group)),
            ttl=SHARED_REFRESH_TTL,
            size=lambda datasets: DATASET_BYTES * len(datasets),
        )

    async def _replace(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.loaded.set()
        self._saving = asyncio.ensure_future(asyncio.to_thread(save_catalog, catalog, self._path))
        # A thread cannot be cancelled: a request that is cancelled meanwhile must not make the save look finished.
        await asyncio.shield(self._saving)

    async def wait_until_saved(self) -> None:
        """Wait for a save in progress: its thread would outlive the event loop, and the file might be incomplete."""
        if self._saving:
            await asyncio.wait((self._saving,))

    async def current(self) -> Catalog:
        """Return the catalog; fetches it if there is none yet. Raises UpstreamError."""
        return self._catalog or await self.refresh()

    async def with_details(self, entry: Entry) -> Entry:
        """Return the entry with its dataset's filters and products. Raises NotFound, UpstreamError."""
        entry = (await self.current()).latest(entry)
        if entry.details is None:
            details = await self._cached_details(entry)
            # Another request may have stored the same details, or a refresh replaced the catalog, during the call.
            entry = (await self.current()).latest(entry)
            if entry.details is None:
                await self._replace((await self.current()).replace_details(entry.dataset.alias, details))
                entry = (await self.current()).latest(entry)
        return entry

    async def with_cached_details(self, entry: Entry) -> Entry:
        """Return the entry, with details if a worker has requested them before. Costs no call. Raises NotFound."""
        entry = (await self.current()).latest(entry)
        details = entry.details or await self._store.get(_details_key(entry))
        return entry if details is None else replace(entry, details=details)

    async def _cached_details(self, entry: Entry) -> DatasetDetails:
        """Cached for all workers until the dataset is updated."""
        return await self._store.get_or_make(
            _details_key(entry),
            lambda: self._request_details(entry),
            ttl=self._ttl,
            stale=self._stale,
            size=lambda details: DATASET_BYTES * (1 + len(details.filters)),
        )

    async def _request_details(self, entry: Entry) -> DatasetDetails:
        """Request a dataset's filters and products from M2M."""
        filters = await self._m2m.dataset_filters(entry.dataset.alias)
        products: tuple[Any, ...] = ()
        if entry.mapping.products is not None:
            # M2M may refuse this call to a search-only account, which cannot download products anyway.
            with contextlib.suppress(UpstreamLogin):
                products = await self._m2m.dataset_download_options(entry.dataset.alias)
        return DatasetDetails(filters, products)

    async def likely(self, prunings: Sequence[Pruning]) -> list[Entry]:
        """Return the entries for which M2M reports scenes at a place and time, mapped datasets first.

        Costs one call per pruning and catalog group.
        """
        aliases: set[str] = set()
        for pruning in prunings:
            for search in self._searches(pruning):
                aliases |= pruning.datasets.intersection(await self._aliases(search))
        return await self._entries(aliases)

    async def cached_likely(self, prunings: Sequence[Pruning]) -> tuple[list[Entry], int]:
        """Return what ``likely`` would, as far as it is known without a call, and the number of calls it would make.

        Datasets that one of these calls might rule out are included.
        """
        aliases: set[str] = set()
        unknown: set[str] = set()
        for pruning in prunings:
            for search in self._searches(pruning):
                cached = await self._store.get(_datasets_key(search)) if search else None
                if search and cached is None:
                    unknown.add(_datasets_key(search))
                likely = pruning.datasets if cached is None else {dataset.alias for dataset in cached}
                aliases |= pruning.datasets & likely
        return await self._entries(aliases), len(unknown)

    async def _entries(self, aliases: Collection[str]) -> list[Entry]:
        entries = [entry for alias, entry in (await self.current()).entries.items() if alias in aliases]
        return sorted(entries, key=lambda entry: entry.mapping.is_generic)

    def _searches(self, pruning: Pruning) -> list[DatasetSearch | None]:
        """The dataset-searches of a pruning, one for each catalog group; None: all datasets, without a search."""
        place_and_time = pruning.filter.spatial, pruning.filter.acquisition
        if pruning.filter.is_empty:
            return []
        if place_and_time == (None, None):
            return [None]
        place = Mbr.of(*shape_of(pruning.filter.spatial).bounds) if pruning.filter.spatial else None
        return [DatasetSearch(catalog=group, spatial=place, temporal=place_and_time[1]) for group in self._groups]

    async def _aliases(self, search: DatasetSearch | None) -> Collection[str]:
        """The aliases of the datasets that M2M reports."""
        if search is None:
            return (await self.current()).entries.keys()
        datasets = await self._store.get_or_make(
            _datasets_key(search), lambda: self._m2m.dataset_search(search), ttl=LIKELY_TTL, stale=self._stale
        )
        return {dataset.alias for dataset in datasets}


def _details_key(entry: Entry) -> str:
    return f"learnt {entry.dataset.alias} {entry.dataset.date_updated}"


def _datasets_key(search: DatasetSearch) -> str:
    return f"datasets {search.payload()}"
