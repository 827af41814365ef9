"""What an href means → a USGS URL: minted at the first reading, shared by all readers, renewed when it dies."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from stac_bridge.assets.read.probe import Source, probe
from stac_bridge.assets.resolve.download_answer import Grant, staging
from stac_bridge.assets.resolve.known_products import file_entity, from_the_cloud
from stac_bridge.assets.resolve.minting import Mint
from stac_bridge.assets.resolve.product import Choice, Wanted, choose
from stac_bridge.errors import AssetUnavailable, Staging, UpstreamFault
from stac_bridge.m2m.models.downloads import DownloadInput, FileGroups

if TYPE_CHECKING:
    import httpx

    from stac_bridge.assets.read.hosts import Hosts
    from stac_bridge.m2m.client import M2MClient
    from stac_bridge.m2m.models.downloads import Product
    from stac_bridge.store import Store

__all__ = ["Members", "Resolver", "Source", "Wanted"]

GROUPS_TTL = 86_400.0
"""Seconds that a dataset's file groups are reused: product ids change once in years."""

OPTIONS_TTL = 3600.0
"""Seconds that a scene's download options are reused: they change with its age in weeks."""

OPTIONS_SIZE = 160_000
"""Bytes that a Landsat scene's options take in memory: 4 rows with 22 files each."""

STAGING_TTL = 6 * 3600.0
"""Seconds after which a download that never became available is asked for anew."""

LOST = 600.0
"""Seconds after which the same is done with one that the queue does not list: at first it may not be there yet."""


class Members(Protocol):
    """What is asked of whoever looks into archives."""

    async def member(self, whole: Source, name: str) -> Source:
        """A file inside an archive. Raises NotFound, Staging, AssetUnavailable, UpstreamError."""
        ...


class Resolver:
    """Spends at most two M2M calls on a file's first reader, one on most further files, none on the rest.

    ``label`` (at most 50 characters) stays the same for a bridge, so that what it queued is found again;
    ``url_ttl`` is in seconds, and so is ``stale``, for which what M2M said of scenes and datasets is used past its time
    while M2M does not answer; ``archive`` looks into bundles.
    """

    def __init__(
        self,
        m2m: M2MClient,
        store: Store,
        http: httpx.AsyncClient,
        hosts: Hosts,
        *,
        label: str,
        url_ttl: float,
        archive: Members | None = None,
        stale: float = 0,
    ) -> None:
        self._m2m = m2m
        self._store = store
        self._http = http
        self._hosts = hosts
        self._mint = Mint(m2m, store, label)
        self._url_ttl = url_ttl
        self._archive = archive
        self._stale = stale

    async def source(self, wanted: Wanted) -> Source:
        """Where its bytes are. Raises NotFound, AssetUnavailable, Staging, UpstreamError."""
        return await self._store.get_or_make(
            f"source {wanted.name}", lambda: self._find(wanted), ttl=self._url_ttl, size=lambda _source: 2048
        )

    async def renew(self, wanted: Wanted, stale: Source) -> Source:
        """Another source in place of one that died; the same for all who come with the same one."""
        bundle: Wanted | None = await self._store.get(f"bundle of {wanted.name}")
        if bundle and (whole := await self._store.get(f"source {bundle.name}")) and whole.url == stale.url:
            await self._store.drop(f"source {bundle.name}")
        if await self._store.get(f"source {wanted.name}") == stale:
            await self._store.drop(f"source {wanted.name}")
        return await self.source(wanted)

    # -- ways to a source ------------------------------------------------------------------------------------

    async def _find(self, wanted: Wanted) -> Source:
        pending: Grant | None = await self._store.get(f"pending {wanted.name}")
        if pending and (known := await self._still_there(pending)):
            return await self._opened(wanted, known)
        await self._store.drop(f"pending {wanted.name}")
        direct = await self._direct(wanted)
        if direct is None:
            return await self._by_options(wanted)
        try:
            return await self._opened(wanted, await self._granted(direct))
        except AssetUnavailable as refused:  # elsewhere, or not what it seemed: the options tell
            return await self._by_options(wanted, direct, refused)

    async def _by_options(
        self, wanted: Wanted, tried: DownloadInput | None = None, refused: AssetUnavailable | None = None
    ) -> Source:
        """By way of what M2M offers of the scene; ``tried`` was refused before, so it is not asked for again."""
        choice = choose(await self._options(wanted), wanted)
        if choice.member is not None:
            return await self._inside(wanted, choice, choice.member)
        product = choice.product
        asked = DownloadInput(product.entity_id, product.product_id, product.code)
        if refused and asked == tried:
            raise refused
        return await self._opened(wanted, await self._granted(asked))

    async def _inside(self, wanted: Wanted, choice: Choice, member: str) -> Source:
        """A file of which only a bundle can be had."""
        if self._archive is None:
            raise AssetUnavailable(f"USGS delivers {member!r} only inside a bundle now; read the bundle instead.")
        bundle = wanted.bundle(choice.product)
        whole = await self.source(bundle)
        await self._store.put(f"bundle of {wanted.name}", bundle, ttl=STAGING_TTL)
        return replace(await self._archive.member(whole, member), eula=whole.eula)

    async def _opened(self, wanted: Wanted, grant: Grant) -> Source:
        """The source behind a download. Raises Staging while USGS prepares it."""
        if grant.url is None and grant.known:  # asked for some time ago: it may be ready by now
            grant = await self._mint.look(grant) or grant
        if grant.url is None:
            raise await self._waiting(wanted, grant)
        await self._store.drop(f"pending {wanted.name}")
        await self._mint.quota.uses(grant.download_id, self._url_ttl)
        return replace(await probe(grant.url, wanted.name, self._http, self._hosts), eula=grant.eula)

    # -- what M2M is asked -----------------------------------------------------------------------------------

    async def _granted(self, asked: DownloadInput) -> Grant:
        """A download of USGS's. Raises AssetUnavailable, UpstreamBusy with its reason."""
        said = await self._mint.grant(asked)
        if said is None:
            raise Staging("USGS has queued this file, but does not list it yet; come back.", retry_after=5)
        if isinstance(said, Grant):
            return said
        raise said.error

    async def _waiting(self, wanted: Wanted, grant: Grant) -> Staging:
        """Kept in mind from the first time on, so that the next reader finds it."""
        if await self._store.get(f"pending {wanted.name}") is None:
            await self._store.put(f"pending {wanted.name}", grant, ttl=STAGING_TTL)
            await self._mint.quota.uses(grant.download_id, STAGING_TTL)
        return staging(grant)

    async def _still_there(self, pending: Grant) -> Grant | None:
        """What has become of a download that USGS was preparing; None where it is lost."""
        lost = time.time() - pending.since > LOST
        return await self._mint.look(pending) or (None if lost else pending)

    async def _options(self, wanted: Wanted) -> tuple[Product, ...]:
        return await self._store.get_or_make(
            f"options {wanted.dataset} {wanted.entity_id}",
            lambda: self._mint.options(wanted.dataset, wanted.entity_id),
            ttl=OPTIONS_TTL,
            stale=self._stale,
            size=lambda _options: OPTIONS_SIZE,
        )

    async def _direct(self, wanted: Wanted) -> DownloadInput | None:
        """What can be asked for without looking at the scene's options first."""
        entity_id = file_entity(wanted, datetime.now(UTC).date())
        if entity_id is None:
            return None
        groups = await self._store.get_or_make(
            f"file groups {wanted.dataset}",
            lambda: self._file_groups(wanted.dataset),
            ttl=GROUPS_TTL,
            stale=self._stale,
            size=lambda _groups: 65_536,
        )
        return from_the_cloud(entity_id, wanted, groups)

    async def _file_groups(self, dataset: str) -> FileGroups:
        """A dataset's; none where M2M does not tell of any."""
        try:
            return await self._m2m.dataset_file_groups(dataset)
        except UpstreamFault:
            return FileGroups()
