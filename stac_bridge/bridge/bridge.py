"""Bridge: the one place that acts. It asks M2M what a plan says and hands back what was found."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stac_bridge.bridge.account import Account, Role
from stac_bridge.bridge.lookup import Lookup
from stac_bridge.bridge.page import Found, Page, Recent, Sieve, Sought, TooWide
from stac_bridge.bridge.sorted_pages import Sorting
from stac_bridge.bridge.unsorted_pages import Walk
from stac_bridge.catalog.catalog import Together
from stac_bridge.errors import BadRequest, SearchTooWide
from stac_bridge.request_context import request_deadline
from stac_bridge.search import (
    MAX_UNNAMED,
    Cursor,
    Order,
    Residual,
    Search,
    Stand,
    axis_of,
    explanation,
    fits,
    known_of,
    naming,
    open_cursor,
    preference,
    pruning,
    seal_cursor,
    settled,
    step_of,
)
from stac_bridge.translate import Translator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stac_bridge.assets.href import AssetRef
    from stac_bridge.assets.read.probe import Source
    from stac_bridge.assets.resolve.resolver import Resolver
    from stac_bridge.bridge.notices import Notices
    from stac_bridge.bridge.scene_reader import SceneReader
    from stac_bridge.catalog.catalog import Catalog, Entry
    from stac_bridge.catalog.refresh import Catalogue
    from stac_bridge.m2m.client import M2MClient
    from stac_bridge.m2m.models.scenes import Scene
    from stac_bridge.search import Axis, Step

__all__ = ["Bridge"]

LEAVING = 3.0
"""Seconds for logging out: a key that is not given back dies by itself after two hours."""


class Bridge:
    """Answers STAC's questions with M2M's answers. One for a process; start it before use, stop it after.

    ``deadline`` bounds background work, in seconds; a search may name at most ``max_collections`` Collections.
    ``told`` hears how each search went; it ``logs_out`` in the end, unless others use the same key.
    """

    def __init__(
        self,
        m2m: M2MClient,
        catalogue: Catalogue,
        reader: SceneReader,
        resolver: Resolver,
        notices: Notices,
        *,
        keys: Sequence[bytes],
        deadline: float,
        max_collections: int,
        told: Callable[[Sought], None],
        logs_out: bool = True,
    ) -> None:
        self._m2m = m2m
        self._catalogue = catalogue
        self.notices = notices
        self._told = told
        self._reader = reader
        self._resolver = resolver
        self._keys = keys
        self._deadline = deadline
        self._max_collections = max_collections
        self._logs_out = logs_out
        self._translators: dict[tuple[str, str], Translator] = {}
        self._recent = Recent()
        self._lookup = Lookup(catalogue, reader, self._found)
        self._account = Account(m2m)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def role(self) -> Role:
        """What the account may do, as far as M2M has told."""
        return self._account.role

    # -- life ------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Read the kept catalogue and begin, in the background, to log in and keep the catalogue fresh."""
        await self._catalogue.read()
        upkeep = (
            self._account.know(self._deadline),
            self._catalogue.stay_fresh(self._deadline),
            self._hear_notices(),
        )
        self._tasks = [asyncio.create_task(work) for work in upkeep]

    async def stop(self) -> None:
        """End the background work, log out and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._logs_out:
            with request_deadline(LEAVING):
                await self._m2m.logout()
        await self._m2m.aclose()
        await self._catalogue.written()

    async def _hear_notices(self) -> None:
        """Not before the list of datasets is there, which somebody may wait for."""
        await self._catalogue.known.wait()
        await self.notices.stay_fresh(self._deadline)

    # -- the catalogue ---------------------------------------------------------------------------------------

    async def catalog(self) -> Catalog:
        """The catalogue. Raises UpstreamError."""
        return await self._catalogue.now()

    async def collection(self, collection: str) -> Entry | Together:
        """A Collection; one of one dataset knows its filters and products. Raises NotFound, UpstreamError."""
        found = (await self._catalogue.now()).collection(collection)
        return found if isinstance(found, Together) else await self._catalogue.knowing(found)

    def _translator(self, entry: Entry) -> Translator:
        place = (entry.id, entry.dataset.alias)
        known = self._translators.get(place)
        if known is None or known.entry is not entry:
            known = self._translators[place] = Translator(entry)
        return known

    def _found(self, scene: Scene, entry: Entry) -> Found:
        return self._recent.found(scene, self._translator(entry), self._account.unavailable)

    # -- search ----------------------------------------------------------------------------------------------

    async def search(self, search: Search) -> tuple[Page, str | None]:
        """One page, and the token of the next. Raises BadRequest, NotFound, SearchTooWide, UpstreamError."""
        digest = search.digest
        search = naming(search, await self._catalogue.now(), self._max_collections)
        entries = await self._entries(search)
        asked, steps = settled(search, await self._known(search, entries)), _names(entries)
        start = open_cursor(search.token, steps, digest, self._keys, time.time()) if search.token else None
        sieve, items = self._sieve(asked, entries), None
        try:
            found = self._sorted if search.sortby else self._walked
            page = await found(asked, entries, start, sieve)
            items = len(page.found)
        except TooWide as spent:
            raise SearchTooWide(
                f"Nothing matched in the scenes that {spent.calls} calls of M2M gave; {_narrower(search)}, "
                "or follow the next link to go on.",
                token=self._token(spent.cursor, steps, digest),
            ) from None
        finally:
            self._told(Sought(items, sieve.tally.looked, sieve.tally.matched))
        return page, None if page.cursor is None else self._token(page.cursor, steps, digest)

    async def explain(self, search: Search) -> dict[str, Any]:
        """What a search would ask M2M. Raises BadRequest, NotFound, UpstreamError."""
        search = naming(search, await self._catalogue.now(), self._max_collections)
        entries = await self._entries(search)
        known = await self._known(search, entries)
        asked = settled(search, known)
        steps = [step_of(asked, await self._catalogue.knowing(entry)) for entry in entries]
        order = Order(asked.sortby, known_of(known)) if asked.sortby else None
        return explanation(asked, steps, self._axis(order, steps) if order else None)

    def _sieve(self, asked: Search, entries: Sequence[Entry]) -> Sieve:
        times = {name for name, one in known_of(entries).items() if one.kind == "datetime"}
        return Sieve(Residual(asked.filter, times) if asked.filter else None, self._found)

    async def _walked(
        self, asked: Search, entries: Sequence[Entry], start: Cursor | Stand | None, sieve: Sieve
    ) -> Page:
        async def step_at(place: int) -> Step:
            return step_of(asked, await self._catalogue.knowing(entries[place]))

        walk = Walk(self._reader, sieve, step_at, len(entries), asked.limit)
        return await walk.page(start if isinstance(start, Cursor) else Cursor())

    async def _sorted(
        self, asked: Search, entries: Sequence[Entry], start: Cursor | Stand | None, sieve: Sieve
    ) -> Page:
        order = Order(asked.sortby, known_of(await self._known(asked, entries)))
        if not asked.collections and len(entries) > MAX_UNNAMED:
            raise BadRequest(f"sortby over {len(entries)} collections takes too many calls of M2M: name collections.")
        steps = [step_of(asked, await self._catalogue.knowing(entry)) for entry in entries]
        axis = self._axis(order, steps)
        sorting = Sorting(self._reader, sieve, steps, order, axis, asked.limit)
        return await sorting.page(start if isinstance(start, Stand) else None)

    @staticmethod
    def _axis(order: Order, steps: Sequence[Step]) -> Axis | None:
        asked = [step for step in steps if not step.filter.is_empty]
        return axis_of(order.first, asked, datetime.now(UTC).date()) if asked else None

    async def _entries(self, search: Search) -> list[Entry]:
        """The Collections to look in: those named, else those whose ids fit or that M2M finds likely."""
        catalog = await self._catalogue.now()
        if search.collections:
            named = dict.fromkeys(catalog.collection(one).id for one in search.collections)
            return [entry for one in named for entry in catalog.members(one)]
        every = list(catalog.entries.values())
        if not search.ids:
            asked = settled(search, every)
            likely = await self._catalogue.likely(pruning(asked, every))
            return sorted(likely, key=lambda entry: preference(asked, entry))
        fitting = [one for one in every if one.mapping.item.patterns and any(fits(i, one) for i in search.ids)]
        if not fitting:
            raise BadRequest("No collection is known by the form of these ids; name collections, too.")
        return fitting

    async def _known(self, search: Search, entries: Sequence[Entry]) -> Sequence[Entry]:
        """The Collections whose properties a search may name: all, where those to look in were not told."""
        told = search.collections or search.ids
        return entries if told else list((await self._catalogue.now()).entries.values())

    def _token(self, cursor: Cursor | Stand, steps: Sequence[str], digest: bytes) -> str:
        return seal_cursor(cursor, steps, digest, self._keys[0], time.time())

    async def item(self, collection: str, item: str) -> Found:
        """The scene whose Item has this id. Raises NotFound, UpstreamError."""
        return await self._lookup.item(collection, item)

    # -- assets ----------------------------------------------------------------------------------------------

    async def source(self, ref: AssetRef) -> Source:
        """Where the bytes of an asset are. Raises NotFound, Staging, AssetUnavailable, UpstreamError."""
        return await self._resolver.source(await self._lookup.wanted(ref))

    async def renew(self, ref: AssetRef, stale: Source) -> Source:
        """The same, when the source given before does not answer any more."""
        return await self._resolver.renew(await self._lookup.wanted(ref), stale)


def _narrower(search: Search) -> str:
    return "narrow the place, the time or the filter" if search.collections else "name collections"


def _names(entries: Sequence[Entry]) -> tuple[str, ...]:
    """What a token calls the datasets of a plan; the same dataset may be searched under two Collection ids."""
    return tuple(f"{entry.id}/{entry.dataset.alias}" for entry in entries)
