"""From a scene's file to a USGS URL: requested for the first reader, shared by all, renewed when it stops working."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import httpx

from stac_bridge.assets.read.gzipped import unpacked
from stac_bridge.assets.read.hosts import HostAllowList
from stac_bridge.assets.read.probe import Source, probe
from stac_bridge.assets.read.tar import TarReader
from stac_bridge.assets.resolve.download_answer import QueuedDownload, staging_error
from stac_bridge.assets.resolve.download_labels import DownloadLabels
from stac_bridge.assets.resolve.download_queue import DownloadQueue
from stac_bridge.assets.resolve.known_products import cloud_download, file_entity_id
from stac_bridge.assets.resolve.product import Choice, SceneFile, choose
from stac_bridge.assets.resolve.queue_upkeep import QueueUpkeep
from stac_bridge.assets.resolve.staging_wait import StagingWait
from stac_bridge.errors import AssetUnavailable, Staging, UpstreamFault
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.models.downloads import DownloadInput, FileGroups, Product
from stac_bridge.store import Store

GROUPS_TTL = 86_400.0
"""Seconds that a dataset's file groups are cached: product ids change once in years."""

OPTIONS_TTL = 3600.0
"""Seconds that a scene's download options are cached: they change with the scene's age, over weeks."""

OPTIONS_SIZE = 160_000
"""Bytes of memory of a Landsat scene's options: 4 products with 22 files each."""

PICTURE_TTL = 3600.0
"""Seconds that the description of a public picture is cached: its address does not expire."""

STAGING_TTL = 6 * 3600.0
"""Seconds after which a download that never became available is requested again."""

LOST_AFTER = 600.0
"""Seconds after which a download that the queue does not list is requested again: new ones may not be listed yet."""


class Resolver:
    """Costs at most two M2M calls for a file's first reader, one for most further files, none after that.

    ``label`` begins the labels of our downloads in USGS's queue (``DownloadLabels``). ``url_ttl`` is in seconds, and so
    is ``stale``: how long cached options and file groups are used past their time while M2M does not answer.
    ``archive`` reads bundles; without it, files inside bundles are unavailable. ``clock`` returns Unix seconds.
    ``staging_wait`` is how readers wait for a file in preparation; by default they do not.

    ``upkeep`` is background work that its owner runs.
    """

    def __init__(
        self,
        m2m: M2MClient,
        store: Store,
        http: httpx.AsyncClient,
        hosts: HostAllowList,
        *,
        label: str,
        url_ttl: float,
        archive: TarReader | None = None,
        stale: float = 0,
        clock: Callable[[], float] = time.time,
        staging_wait: StagingWait[Source] | None = None,
    ) -> None:
        self._m2m = m2m
        self._store = store
        self._http = http
        self._hosts = hosts
        labels = DownloadLabels(label, clock)
        self._queue = DownloadQueue(m2m, store, labels, clock)
        self._clock = clock
        self.upkeep = QueueUpkeep(m2m, store, labels, self._queue.quota, max(url_ttl, STAGING_TTL))
        self._url_ttl = url_ttl
        self._archive = archive
        self._stale = stale
        self._staging_wait: StagingWait[Source] = staging_wait or StagingWait(0)

    async def source(self, file: SceneFile, wait: float = 0) -> Source:
        """Return where the file's bytes are. Raises NotFound, AssetUnavailable, Staging, UpstreamError.

        Waits at most ``wait`` seconds, and as ``StagingWait`` allows, for a file in preparation.
        """
        try:
            return await self._source(file)
        except Staging as staging:
            return await self._staging_wait.ready(file.name, lambda: self._source(file), staging, wait)

    async def _source(self, file: SceneFile) -> Source:
        return await self._store.get_or_make(
            f"source {file.name}", lambda: self._resolve(file), ttl=self._url_ttl, size=lambda _source: 2048
        )

    async def renew(self, file: SceneFile, stale: Source, wait: float = 0) -> Source:
        """Return another source for one that stopped working; the same one for all readers of the stale source.

        ``wait`` is that of ``source``.
        """
        bundle: SceneFile | None = await self._store.get(f"bundle of {file.name}")
        if bundle and (whole := await self._store.get(f"source {bundle.name}")) and whole.url == stale.url:
            await self._store.drop(f"source {bundle.name}")
        # A cached source that differs from the stale one is another reader's renewal already.
        if await self._store.get(f"source {file.name}") == stale:
            await self._store.drop(f"source {file.name}")
        return await self.source(file, wait)

    def reads(self, url: str) -> bool:
        """Whether files may come from this URL."""
        return self._hosts.allows(url)

    async def picture(self, url: str, filename: str, stale: Source | None = None) -> Source:
        """Return the source of a public picture, which is not ``stale``. Raises AssetUnavailable, UpstreamError."""
        key = f"picture {url}"
        if stale and await self._store.get(key) == stale:
            await self._store.drop(key)
        return await self._store.get_or_make(
            key,
            lambda: probe(url, f"{url} {filename}", self._http, self._hosts),
            ttl=PICTURE_TTL,
            size=lambda _source: 2048,
        )

    # -- ways to a source ------------------------------------------------------------------------------------

    async def _resolve(self, file: SceneFile) -> Source:
        pending: QueuedDownload | None = await self._store.get(f"pending {file.name}")
        if pending and (known := await self._refresh_pending(pending)):
            return await self._open(file, known)
        if pending:  # lost, but M2M may still take a new request for a duplicate of it
            await self._queue.quota.remove(pending.download_id)
        await self._store.drop(f"pending {file.name}")
        direct = await self._direct_download(file)
        if direct is None:
            return await self._resolve_by_options(file)
        try:
            return await self._request_and_open(file, direct)
        except AssetUnavailable as error:  # not in the cloud yet, or not the expected product: the options know
            return await self._resolve_by_options(file, direct, error)

    async def _resolve_by_options(
        self, file: SceneFile, tried: DownloadInput | None = None, refusal: AssetUnavailable | None = None
    ) -> Source:
        """Resolve by the scene's download options; ``tried`` was refused already and is not requested again."""
        choice = choose(await self._options(file), file)
        if choice.member is not None:
            return await self._open_member(file, choice, choice.member)
        product = choice.product
        download = DownloadInput(product.entity_id, product.product_id, product.code)
        if refusal and download == tried:
            raise refusal
        return await self._request_and_open(file, download)

    async def _open_member(self, file: SceneFile, choice: Choice, member: str) -> Source:
        """Return the source of a file that USGS delivers only inside a bundle."""
        if self._archive is None:
            raise AssetUnavailable(f"USGS delivers {member!r} only inside a bundle now; read the bundle instead.")
        bundle = file.bundle(choice.product)
        whole = await self.source(bundle)
        await self._store.put(f"bundle of {file.name}", bundle, ttl=STAGING_TTL)
        return replace(await self._archive.member(whole, member), eula=whole.eula)

    async def _request_and_open(self, file: SceneFile, download: DownloadInput) -> Source:
        """Return the source of a new download, or of an earlier one that is still in the queue if that works."""
        queued = await self._request(download)
        try:
            return await self._open(file, queued)
        except (AssetUnavailable, UpstreamFault):
            if not queued.is_duplicate:
                raise
        # While the earlier one is in the queue, M2M makes no new one.
        await self._queue.quota.remove(queued.download_id)
        return await self._open(file, await self._request(download))

    async def _open(self, file: SceneFile, download: QueuedDownload) -> Source:
        """Return the source behind a download. Raises Staging while USGS prepares it."""
        if download.url is None and download.is_duplicate:  # requested some time ago: it may be ready by now
            download = await self._queue.refresh(download) or download
        if download.url is None and not download.has_failed:
            raise await self._remember_pending(file, download)
        await self._store.drop(f"pending {file.name}")
        if download.url is None:
            raise AssetUnavailable("USGS could not prepare this file; reading it again requests it again.")
        await self._queue.quota.mark_in_use(download.download_id, self._url_ttl)
        source = await probe(download.url, file.name, self._http, self._hosts)
        self.upkeep.note_use(download, source.size)
        return unpacked(replace(source, eula=download.eula), file.filename)

    # -- requests to M2M -------------------------------------------------------------------------------------

    async def _request(self, download: DownloadInput) -> QueuedDownload:
        """Request a download. Raises AssetUnavailable, UpstreamBusy with USGS's reason, Staging."""
        result = await self._queue.request(download)
        if result is None:
            raise Staging("USGS has queued this file, but does not list it yet; retry in 5 seconds.", retry_after=5)
        if isinstance(result, QueuedDownload):
            return result
        raise result.error

    async def _remember_pending(self, file: SceneFile, download: QueuedDownload) -> Staging:
        """Store a download in preparation, so that the next reader finds it; return the error to raise."""
        if await self._store.get(f"pending {file.name}") is None:
            await self._store.put(f"pending {file.name}", download, ttl=STAGING_TTL)
            await self._queue.quota.mark_in_use(download.download_id, STAGING_TTL)
        return staging_error(download, self._clock())

    async def _refresh_pending(self, pending: QueuedDownload) -> QueuedDownload | None:
        """Return the current state of a download in preparation; None if USGS has lost it."""
        is_lost = self._clock() - pending.first_seen > LOST_AFTER
        return await self._queue.refresh(pending) or (None if is_lost else pending)

    async def _options(self, file: SceneFile) -> tuple[Product, ...]:
        return await self._store.get_or_make(
            f"options {file.dataset} {file.entity_id}",
            lambda: self._queue.options(file.dataset, file.entity_id),
            ttl=OPTIONS_TTL,
            stale=self._stale,
            size=lambda _options: OPTIONS_SIZE,
        )

    async def _direct_download(self, file: SceneFile) -> DownloadInput | None:
        """Return the download that can be requested without the scene's options; None if there is none."""
        entity_id = file_entity_id(file, datetime.now(UTC).date())
        if entity_id is None:
            return None
        groups = await self._store.get_or_make(
            f"file groups {file.dataset}",
            lambda: self._file_groups(file.dataset),
            ttl=GROUPS_TTL,
            stale=self._stale,
            size=lambda _groups: 65_536,
        )
        return cloud_download(entity_id, file, groups)

    async def _file_groups(self, dataset: str) -> FileGroups:
        """Return a dataset's file groups; none if M2M answers with an error."""
        try:
            return await self._m2m.dataset_file_groups(dataset)
        except UpstreamFault:
            return FileGroups()
