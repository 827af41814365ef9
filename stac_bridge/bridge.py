"""Bridge: the one place that acts. It asks M2M what a plan says and hands back what was found."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from stac_bridge import catalog as catalogs
from stac_bridge.catalog import Catalog, Entry, Learnt
from stac_bridge.delivery.resolve import Wanted
from stac_bridge.errors import NotFound, SearchTooWide, UpstreamError, UpstreamLogin
from stac_bridge.m2m.budget import spending
from stac_bridge.m2m.filters import SceneSearch
from stac_bridge.m2m.models import Scenes
from stac_bridge.search import Cursor, Plan, Residual, Search, Step, open_cursor, plan, seal_cursor
from stac_bridge.translate import Translator
from stac_bridge.translate.assets import product_code, without_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stac_bridge.delivery.resolve import Resolver, Source
    from stac_bridge.delivery.sign import AssetRef, Signer
    from stac_bridge.m2m.client import M2MClient
    from stac_bridge.m2m.models import Dataset, Scene
    from stac_bridge.mapping import Mappings
    from stac_bridge.store import Store

__all__ = ["Bridge", "Limits", "Page"]

_log = logging.getLogger(__name__)

MAX_CALLS = 8
"""M2M calls that one page may spend on scenes that do not match."""

RETRY_REFRESH = 60.0
"""Seconds until a catalogue refresh that failed is tried again."""

SEARCH_ONLY = "The USGS account of this server may search but not download; USGS grants its MACHINE role on request."
"""What assets carry under an account without the role that downloads need [REFERENCE §9]."""

PARSED = 6
"""How many bytes of memory one byte of a scene-search answer takes once parsed (measured: 134 MB → 658 MB)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things are kept (seconds), and how much one answer may hold."""

    cache_ttl: float = 60
    catalog_ttl: float = 86400
    max_items: int = 1000
    deadline: float = 180


@dataclass(frozen=True, slots=True)
class Found:
    """A scene, and the part of its Item that filters are tried on."""

    scene: Scene
    core: dict[str, Any]
    translator: Translator
    unavailable: str | None = None
    """Why this server can fetch no file, where it cannot."""

    def item(self, base: str, signer: Signer) -> dict[str, Any]:
        """The whole Item, its assets signed. ``base`` is the API's address with its last slash."""
        href_of = signer.href_maker(base, self.core["collection"], self.core["id"], self.scene.entity_id)
        item = self.translator.finish(self.core, self.scene, base, href_of)
        return without_files(item, self.unavailable) if self.unavailable else item


@dataclass(frozen=True, slots=True)
class Page:
    """What a search found: ``token`` leads on, ``matched`` is None where the whole number is not known."""

    found: tuple[Found, ...]
    token: str | None
    matched: int | None


@dataclass(slots=True)
class _Filling:
    """A page while it fills: what was kept, where reading stands, what it cost."""

    cursor: Cursor
    kept: list[Found] = field(default_factory=list)
    calls: int = 0
    total: int | None = None


class Bridge:
    """Answers STAC's questions with M2M's answers. One for a process; start it before use, stop it after."""

    def __init__(
        self,
        m2m: M2MClient,
        mappings: Mappings,
        store: Store,
        resolver: Resolver,
        *,
        keys: Sequence[bytes],
        kept_at: Path,
        groups: Sequence[str],
        limits: Limits,
    ) -> None:
        self._m2m = m2m
        self._mappings = mappings
        self._store = store
        self._resolver = resolver
        self._keys = keys
        self._kept_at = kept_at
        self._groups = groups
        self._limits = limits
        self._catalog: Catalog | None = None
        self._translators: dict[str, Translator] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._unavailable: str | None = None

    # -- life ------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Read the kept catalogue and begin, in the background, to log in and keep the catalogue fresh."""
        self._catalog = await asyncio.to_thread(catalogs.kept, self._kept_at, self._mappings)
        self._tasks = [asyncio.create_task(self._look_at_account()), asyncio.create_task(self._stay_fresh())]

    async def stop(self) -> None:
        """End the background work, log out and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with spending(5):
            await self._m2m.logout()
        await self._m2m.aclose()

    async def _look_at_account(self) -> None:
        """Say plainly, and at once, when the account does not work or can only search."""
        try:
            with spending(self._limits.deadline):
                roles = await self._m2m.permissions()
        except UpstreamLogin as refused:
            _log.error("USGS refuses the M2M account: %s", refused)
        except UpstreamError as failed:
            _log.warning("M2M does not answer yet: %s", failed)
        else:
            if "download" not in roles:
                _log.warning("The M2M account may search but not download: hrefs will answer why.")
                self._unavailable = SEARCH_ONLY

    async def _stay_fresh(self) -> None:
        while True:
            age = time.time() - self._catalog.fetched if self._catalog else float("inf")
            if age < self._limits.catalog_ttl:
                await asyncio.sleep(self._limits.catalog_ttl - age)
            try:
                with spending(self._limits.deadline):
                    await self.refresh()
            except UpstreamError as failed:
                _log.warning("The catalogue could not be fetched: %s", failed)
                await asyncio.sleep(RETRY_REFRESH)

    # -- the catalogue ---------------------------------------------------------------------------------------

    async def refresh(self) -> Catalog:
        """Fetch the list of datasets anew and keep it. Raises UpstreamError."""
        return await self._store.once("catalog", self._fetch_catalog, ttl=0)

    async def _fetch_catalog(self) -> Catalog:
        datasets: dict[str, Dataset] = {}
        for group in self._groups:
            datasets |= {found.alias: found for found in await self._m2m.dataset_search(group)}
        fetched = catalogs.marry(datasets.values(), self._mappings, time.time(), self._catalog)
        await self._keep(fetched)
        return fetched

    async def _keep(self, catalog: Catalog) -> None:
        self._catalog = catalog
        await asyncio.to_thread(catalogs.keep, catalog, self._kept_at)

    async def catalog(self) -> Catalog:
        """The catalogue: the kept one, or fetched now where there is none. Raises UpstreamError."""
        return self._catalog or await self.refresh()

    async def entry(self, collection: str) -> Entry:
        """A Collection's entry, knowing its dataset's filters and products. Raises NotFound, UpstreamError."""
        entry = (await self.catalog()).entry(collection)
        if entry.learnt is None:
            await self._store.once(f"learn {collection}", lambda: self._learn(entry), ttl=0)
            entry = (await self.catalog()).entry(collection)
        return entry

    async def _learn(self, entry: Entry) -> None:
        """Ask M2M, once in a dataset's life, which filters and products it has."""
        filters = await self._m2m.dataset_filters(entry.dataset.alias)
        products: tuple[Any, ...] = ()
        if entry.mapping.products is not None:
            # A search-only account may be refused here; it can fetch nothing anyway.
            with contextlib.suppress(UpstreamLogin):
                products = await self._m2m.dataset_download_options(entry.dataset.alias)
        await self._keep((await self.catalog()).with_learnt(entry.id, Learnt(filters, products)))

    def _translator(self, entry: Entry) -> Translator:
        known = self._translators.get(entry.id)
        if known is None or known.entry is not entry:
            known = self._translators[entry.id] = Translator(entry)
        return known

    # -- search ----------------------------------------------------------------------------------------------

    async def search(self, search: Search) -> Page:
        """One page. Raises BadRequest, NotFound, SearchTooWide, UpstreamError.

        A page may be short; one that has a token is never empty.
        """
        asked = plan(search, [await self.entry(collection) for collection in search.collections])
        start = Cursor()
        if search.token:
            start = open_cursor(search.token, search.digest, self._keys, time.time())
        residual = Residual(search.filter) if search.filter else None
        page = _Filling(start)
        while page.cursor.step < len(asked.steps):
            if page.calls >= MAX_CALLS:
                raise SearchTooWide(
                    f"Nothing matched in the first {MAX_CALLS} pages that M2M gave; narrow the place or the time, "
                    "or follow the next link to go on.",
                    cursor=self._token(page.cursor, search),
                )
            if await self._fill(page, asked, search, residual):
                return Page(tuple(page.kept), self._token(page.cursor, search), page.total)
        whole = None if search.token else len(page.kept)
        return Page(tuple(page.kept), None, whole if page.total is None else page.total)

    async def _fill(self, page: _Filling, asked: Plan, search: Search, residual: Residual | None) -> bool:
        """Read on from the page's cursor; True when the page is to be given with a token."""
        step, begin = asked.steps[page.cursor.step], page.cursor.start
        size = min(step.fetch_size(search.limit, self._limits.max_items) << page.calls, self._limits.max_items)
        scenes = await self._scenes(step, begin, size)
        page.calls += 1
        if step.exact and scenes.exact and not step.filter.is_open and len(asked.steps) == 1:
            page.total = scenes.total_hits
        translator = self._translator(step.entry)
        test = None if step.exact else residual
        for place, scene in enumerate(scenes.results):
            core = translator.core(scene)
            if test is not None and not test.keeps(core):
                continue
            if len(page.kept) == search.limit:
                page.cursor = Cursor(page.cursor.step, begin + place)
                return True
            page.kept.append(Found(scene, core, translator, self._unavailable))
        after = begin + scenes.records_returned
        if _has_more(scenes, step, size):
            page.cursor = Cursor(page.cursor.step, after)
        else:
            page.cursor = Cursor(page.cursor.step + 1)
        return bool(page.kept) and page.cursor.step < len(asked.steps)

    def _token(self, cursor: Cursor, search: Search) -> str:
        return seal_cursor(cursor, search.digest, self._keys[0], time.time())

    async def _scenes(self, step: Step, start: int, size: int) -> Scenes:
        dataset = step.entry.dataset.alias
        if step.ids:
            return await self._scenes_by_id(dataset, step.ids, start, size)
        asked = SceneSearch(
            dataset=dataset, max_results=size, starting_number=start, filter=step.filter, metadata_type="full"
        )
        return await self._store.once(
            f"scenes {asked.digest()}",
            lambda: self._m2m.scene_search(asked),
            ttl=self._limits.cache_ttl,
            size=lambda scenes: scenes.size * PARSED,
        )

    # -- by id -----------------------------------------------------------------------------------------------

    async def item(self, collection: str, item: str) -> Found:
        """The scene whose Item has this id. Raises NotFound, UpstreamError."""
        entry = await self.entry(collection)
        scene = await self._scene(entry.dataset.alias, item)
        if scene is None:
            raise NotFound(f"Collection {collection!r} has no item {item!r}.")
        translator = self._translator(entry)
        return Found(scene, translator.core(scene), translator, self._unavailable)

    async def _scene(self, dataset: str, display_id: str) -> Scene | None:
        found = await self._store.once(
            f"scene {dataset} {display_id}",
            lambda: self._scene_or_none(dataset, display_id),
            ttl=self._limits.cache_ttl,
            size=lambda _found: 16_384 * PARSED,
        )
        return found[0]

    async def _scene_or_none(self, dataset: str, display_id: str) -> tuple[Scene | None]:
        """In a tuple, so that an absence is remembered, too."""
        scene = await self._m2m.scene_metadata(dataset, display_id)
        return (scene if scene and scene.display_id == display_id else None,)

    async def _scenes_by_id(self, dataset: str, ids: tuple[str, ...], start: int, size: int) -> Scenes:
        """The scenes of a list of ids, where no filter finds them: one call for one, three for more."""
        if len(ids) == 1:
            scene = await self._scene(dataset, ids[0])
            found: tuple[Scene, ...] = (scene,) if scene else ()
        else:
            name = hashlib.sha256("\n".join((dataset, *ids)).encode()).hexdigest()
            found = await self._store.once(
                f"list {name}",
                lambda: self._listed(dataset, ids),
                ttl=self._limits.cache_ttl,
                size=lambda scenes: len(scenes) * 16_384 * PARSED,
            )
        part = found[start - 1 : start - 1 + size]
        return Scenes(
            results=part,
            total_hits=len(found),
            exact=True,
            starting_number=start,
            records_returned=len(part),
            next_record=start + len(part),
            size=0,
        )

    async def _listed(self, dataset: str, ids: tuple[str, ...]) -> tuple[Scene, ...]:
        """By a scene list, which lives under the account and is removed again, in the order asked."""
        name = f"stac_bridge_{uuid4().hex}"
        await self._m2m.scene_list_add(name, dataset, ids)
        try:
            scenes = {scene.display_id: scene for scene in await self._m2m.scene_metadata_list(name)}
        finally:
            with contextlib.suppress(UpstreamError):
                await self._m2m.scene_list_remove(name)
        return tuple(scenes[wanted] for wanted in ids if wanted in scenes)

    # -- assets ----------------------------------------------------------------------------------------------

    async def source(self, ref: AssetRef) -> Source:
        """Where the bytes of an asset are. Raises NotFound, Staging, AssetUnavailable, UpstreamError."""
        return await self._resolver.source(await self._wanted(ref))

    async def renew(self, ref: AssetRef, stale: Source) -> Source:
        """The same, when the source given before does not answer any more."""
        return await self._resolver.renew(await self._wanted(ref), stale)

    async def _wanted(self, ref: AssetRef) -> Wanted:
        entry = (await self.catalog()).entry(ref.collection)
        is_file = entry.mapping.has_file(ref.key)
        return Wanted(
            dataset=entry.dataset.alias,
            entity_id=ref.entity_id,
            display_id=ref.item,
            filename=ref.filename,
            file=ref.filename.removeprefix(f"{ref.item}_") if is_file else None,
            product_code=None if is_file else product_code(ref.key),
        )


def _has_more(scenes: Scenes, step: Step, size: int) -> bool:
    """Whether scenes follow. totalHits is trusted only where a scene filter was sent [REFERENCE §3]."""
    if not scenes.records_returned:
        return False
    if step.ids or not step.filter.is_open:
        return scenes.starting_number + scenes.records_returned <= scenes.total_hits
    return scenes.records_returned >= size
