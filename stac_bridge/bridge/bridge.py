"""Bridge: fetches and pages what a plan describes, and resolves assets."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from stac_bridge.assets.href import AssetRef
from stac_bridge.assets.read.probe import Source
from stac_bridge.assets.resolve.resolver import Resolver
from stac_bridge.bridge.account import Account, Role
from stac_bridge.bridge.lookup import Lookup
from stac_bridge.bridge.notices import Notices
from stac_bridge.bridge.page import Page, Recent, SceneItem, SearchCounts, Sieve, TooWide
from stac_bridge.bridge.resume import StoppedSearches
from stac_bridge.bridge.scene_reader import SceneReader
from stac_bridge.bridge.sorted_pages import SortedPages
from stac_bridge.bridge.unsorted_pages import UnsortedPages
from stac_bridge.catalog import Catalog
from stac_bridge.catalog.entry import Entry, Together
from stac_bridge.catalog.live import LiveCatalog
from stac_bridge.errors import BadCursor, BadRequest, SearchTooWide
from stac_bridge.fair_work import Pauses, in_thread, in_thread_if
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.models.scenes import Scene
from stac_bridge.request_context import request_deadline
from stac_bridge.search import (
    MAX_UNNAMED,
    Axis,
    Cursor,
    ExplainedStep,
    Order,
    Part,
    Plan,
    Search,
    SortCursor,
    Step,
    check_token,
    count_vertices,
    explanation,
    impossible_conditions,
    make_plan,
    open_cursor,
    prunings,
    resolve_collections,
    seal_cursor,
    sort_axis,
)
from stac_bridge.translate import Translator

MAX_NAMES = 5
"""Collections that are named to a search that should name some."""

LOGOUT_TIMEOUT = 3.0
"""Seconds for logging out; an API key that is not returned expires after two hours by itself. As many seconds before
it are for the last reports to the download queue, whose days are removed in any case."""


class Bridge:
    """Answers STAC requests from M2M. There is one per process; call ``start`` before use and ``stop`` after.

    ``keys`` sign and verify paging tokens, the first one signs; ``deadline`` is the maximum duration of a background
    request, in seconds; a search may name at most ``max_collections`` Collections. ``on_search`` is called with the
    counts of each search. ``stop`` logs out of M2M if ``logs_out``; other processes may share the API key.
    """

    def __init__(
        self,
        m2m: M2MClient,
        catalog: LiveCatalog,
        reader: SceneReader,
        resolver: Resolver,
        notices: Notices,
        stopped: StoppedSearches,
        *,
        keys: Sequence[bytes],
        deadline: float,
        max_collections: int,
        on_search: Callable[[SearchCounts], None],
        logs_out: bool = True,
    ) -> None:
        self._m2m = m2m
        self._catalog = catalog
        self.notices = notices
        self._stopped = stopped
        self._on_search = on_search
        self._reader = reader
        self._resolver = resolver
        self._keys = keys
        self._deadline = deadline
        self._max_collections = max_collections
        self._logs_out = logs_out
        self._translators: dict[tuple[str, str], Translator] = {}
        self._recent = Recent()
        self._lookup = Lookup(catalog, reader, self._scene_item)
        self._account = Account(m2m)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def role(self) -> Role:
        """What the M2M account may do, as far as it is known."""
        return self._account.role

    # -- start and stop --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load the saved catalog and start the background tasks: the login, the refreshes, and the download queue."""
        await self._catalog.load()
        background = (
            self._account.refresh_forever(self._deadline),
            self._catalog.refresh_forever(self._deadline),
            self._refresh_notices(),
            self._resolver.upkeep.run_forever(self._deadline),
        )
        self._tasks = [asyncio.create_task(coroutine) for coroutine in background]

    async def stop(self) -> None:
        """End the background tasks, send what they have to report, log out and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._resolver.upkeep.finish(LOGOUT_TIMEOUT)
        if self._logs_out:
            with request_deadline(LOGOUT_TIMEOUT):
                await self._m2m.logout()
        await self._m2m.aclose()
        await self._catalog.wait_until_saved()

    async def _refresh_notices(self) -> None:
        """Starts after the catalog is loaded, because requests may be waiting for it."""
        await self._catalog.loaded.wait()
        await self.notices.refresh_forever(self._deadline)

    # -- the catalog -----------------------------------------------------------------------------------------

    async def catalog(self) -> Catalog:
        """Return the catalog. Raises UpstreamError."""
        return await self._catalog.current()

    async def collection(self, collection: str) -> Entry | Together:
        """Return a Collection's union, or its entry with filters and products. Raises NotFound, UpstreamError."""
        entry = (await self._catalog.current()).collection(collection)
        return entry if isinstance(entry, Together) else await self._catalog.with_details(entry)

    def _translator(self, entry: Entry) -> Translator:
        key = (entry.id, entry.dataset.alias)
        translator = self._translators.get(key)
        if translator is None or translator.entry is not entry:  # a refresh has replaced the entry
            translator = self._translators[key] = Translator(entry)
        return translator

    def _scene_item(self, scene: Scene, entry: Entry) -> SceneItem:
        return self._recent.scene_item(scene, self._translator(entry), self._account.unavailable)

    # -- search ----------------------------------------------------------------------------------------------

    async def search(self, search: Search) -> tuple[Page, str | None]:
        """Return a page and the token of the next one. Raises BadRequest, NotFound, SearchTooWide, UpstreamError."""
        if search.token:  # before the plan, which may cost a call
            check_token(search.token, search.digest, self._keys, time.time())
        plan = await self._plan(search)
        start = self._open(search.token, plan) if search.token else await self._stopped_at(plan)
        sieve, items = Sieve.of(self._scene_item, count_vertices(plan.search.filter)), None
        try:
            if plan.order:
                page = await self._sorted_page(plan, plan.order, start, sieve)
            else:
                page = await self._unsorted_page(plan, start, sieve)
            items = len(page.items)
        except TooWide as error:
            token = self._seal(error.cursor, plan)
            if not plan.is_limited:
                await self._stopped.remember(plan.digest, token)
            raise SearchTooWide(
                f"Nothing matched in the scenes that {error.calls} calls of M2M returned; "
                f"{_how_to_narrow(plan, error.cursor)}",
                token=token,
            ) from None
        finally:
            self._on_search(SearchCounts(items, sieve.tally.checked, sieve.tally.matched))
        page = replace(page, warnings=await self._warnings(plan))
        return page, None if page.cursor is None else self._seal(page.cursor, plan)

    async def explain(self, search: Search) -> dict[str, Any]:
        """Return what a search would request from M2M, as JSON, and what is not known yet. Costs no call of its own.

        Only a server that has just started waits for the list of datasets. Raises BadRequest, NotFound, UpstreamError.
        """
        catalog = await self._catalog.current()
        resolved = await in_thread_if(search.is_long, resolve_collections, search, catalog, self._max_collections)
        likely, unknown = await self._catalog.cached_likely(
            await in_thread_if(search.is_long, prunings, resolved, catalog)
        )
        plan = await in_thread_if(search.is_long, make_plan, resolved, catalog, likely, search.digest)
        steps, pauses = [], Pauses()
        for part in plan.parts:
            await pauses.pause_if_due()
            entry = await self._catalog.with_cached_details(part.entry)
            steps.append(await in_thread_if(search.is_long, ExplainedStep.of, replace(part, entry=entry)))
        axis = _axis(plan.order, [explained.step for explained in steps]) if plan.order else None
        document = await in_thread(explanation, plan.search, steps, axis, unknown)
        return {**document, "warnings": await self._warnings(plan)}

    async def _warnings(self, plan: Plan) -> tuple[str, ...]:
        """Sentences about the conditions of a search that no Item can meet, as far as the filters are known by now."""
        catalog = await self._catalog.current()
        is_named = plan.search.collections or plan.search.ids
        entries = [catalog.latest(entry) for entry in plan.entries] if is_named else list(catalog.entries.values())
        return await in_thread_if(plan.search.is_long, impossible_conditions, plan.search.filter, entries)

    async def _plan(self, search: Search) -> Plan:
        catalog = await self._catalog.current()
        resolved = await in_thread_if(search.is_long, resolve_collections, search, catalog, self._max_collections)
        likely = await self._catalog.likely(await in_thread_if(search.is_long, prunings, resolved, catalog))
        return await in_thread_if(search.is_long, make_plan, resolved, catalog, likely, search.digest)

    async def _step(self, part: Part) -> Step:
        """The step of a part. Its dataset's filters are requested only if they may make a difference."""
        is_long = part.search.is_long
        if await in_thread_if(is_long, lambda: part.needs_details):
            part = replace(part, entry=await self._catalog.with_details(part.entry))
        return await in_thread_if(is_long, part.step)

    async def _unsorted_page(self, plan: Plan, start: Cursor | SortCursor | None, sieve: Sieve) -> Page:
        steps: dict[int, Step] = {}

        async def step_at(index: int) -> Step:
            if index not in steps:
                steps[index] = await self._step(plan.parts[index])
            return steps[index]

        learn, count, limit, ids = self._catalog.with_details, len(plan.parts), plan.search.limit, len(plan.search.ids)
        last = max((index for index, part in enumerate(plan.parts) if not part.is_excluded), default=0) if ids else None
        pages = UnsortedPages(self._reader, sieve, step_at, learn, count, limit, ids, last)
        cursor = start if isinstance(start, Cursor) else Cursor()
        return await pages.page(cursor, is_first=plan.search.token is None)

    async def _sorted_page(self, plan: Plan, order: Order, start: Cursor | SortCursor | None, sieve: Sieve) -> Page:
        if not plan.search.collections and len(plan.entries) > MAX_UNNAMED:
            raise BadRequest(
                f"sortby over {len(plan.entries)} collections takes too many calls of M2M: name collections."
            )
        steps = [await self._step(part) for part in plan.parts]
        learn, axis = self._catalog.with_details, _axis(order, steps)
        pages = SortedPages(self._reader, sieve, steps, learn, order, axis, plan.search.limit)
        return await pages.page(start if isinstance(start, SortCursor) else None)

    async def _stopped_at(self, plan: Plan) -> Cursor | SortCursor | None:
        """Where the first page of a search starts: where the same search has stopped before, if it has."""
        token = None if plan.is_limited else await self._stopped.token(plan.digest)
        with contextlib.suppress(BadCursor):  # a dataset may have been removed
            return self._open(token, plan) if token else None
        return None

    def _open(self, token: str, plan: Plan) -> Cursor | SortCursor:
        return open_cursor(token, plan.step_names, plan.digest, self._keys, time.time())

    def _seal(self, cursor: Cursor | SortCursor, plan: Plan) -> str:
        return seal_cursor(cursor, plan.step_names, plan.digest, self._keys[0], time.time())

    async def item(self, collection: str, item: str) -> SceneItem:
        """Return the scene of the Item with this id. Raises NotFound, UpstreamError."""
        return await self._lookup.item(collection, item)

    # -- assets ----------------------------------------------------------------------------------------------

    def public_address(self, ref: AssetRef) -> str | None:
        """Return the address of a picture that this server does not read, because its host is not one of USGS's known.

        Readers are sent there, as M2M's own clients are.
        """
        return ref.url if ref.url and ref.url.startswith("https://") and not self._resolver.reads(ref.url) else None

    async def source(self, ref: AssetRef, wait: float = 0) -> Source:
        """Return where an asset can be read. Raises NotFound, Staging, AssetUnavailable, UpstreamError.

        Waits up to ``wait`` seconds for a file that USGS is preparing.
        """
        if ref.url is not None:
            return await self._resolver.picture(ref.url, ref.filename)
        return await self._resolver.source(await self._lookup.wanted(ref), wait)

    async def renew(self, ref: AssetRef, stale: Source, wait: float = 0) -> Source:
        """Return a new source to replace one that no longer works. Raises as ``source`` does."""
        if ref.url is not None:
            return await self._resolver.picture(ref.url, ref.filename, stale)
        return await self._resolver.renew(await self._lookup.wanted(ref), stale, wait)


def _axis(order: Order, steps: Sequence[Step]) -> Axis | None:
    requested = [step for step in steps if not step.filter.is_empty]
    return sort_axis(order.first, requested, datetime.now(UTC).date()) if requested else None


def _how_to_narrow(plan: Plan, cursor: Cursor | SortCursor) -> str:
    if plan.is_limited or isinstance(cursor, SortCursor):
        how = "narrow the place, the time or the filter" if plan.search.collections else "name collections"
        return f"{how}, or follow the next link to continue."
    left = plan.entries[cursor.step :]
    names = ", ".join(entry.id for entry in left[:MAX_NAMES])
    return (
        f"{cursor.step} of {len(plan.entries)} datasets that may have scenes are searched. Name the collections you "
        f"want (next are {names}{', …' if len(left) > MAX_NAMES else ''}), or repeat the search or follow the next "
        "link: either continues there."
    )
