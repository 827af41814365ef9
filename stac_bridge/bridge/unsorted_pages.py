"""A page in M2M's own order: collection after collection, scene after scene, from where the previous page ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from stac_bridge.bridge.page import Effort, Page, SceneItem, Sieve, TooWide, more_follow, trusted_total
from stac_bridge.bridge.scene_reader import SceneReader
from stac_bridge.catalog.entry import Entry
from stac_bridge.errors import NO_ANSWER
from stac_bridge.m2m.models.scenes import Scene, Scenes
from stac_bridge.search import Cursor, Step
from stac_bridge.search.paging.cursor import fingerprint
from stac_bridge.search.paging.fetch_size import MAX_TOTAL_CALLS, fetch_size, max_calls

OVERLAP = 2
"""Scenes before the cursor that are read again, to see whether the cursor is still where it was."""

MAX_FINGERPRINTS = 24
"""Scenes before the cursor whose fingerprints it holds, in case the last ones are withdrawn between two pages."""

MAX_COUNTED_IDS = 200
"""Ids of a search whose scenes are all requested for its first page, so that the number of matches is known: about
three megabytes."""

SEEK_SIZE = 500
"""Scenes per request when a cursor that has moved is sought."""

MAX_READS_WITH_ITEMS = 2
"""Requests for scenes after which a page that has at least one Item is returned, though it is not full."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Scenes not read before, the first of which has the number ``start``."""

    start: int
    scenes: Sequence[Scene]
    last: tuple[str, ...]
    """Fingerprints of the scenes before, the last one first."""
    more: bool
    """Whether more scenes follow."""
    total: int | None
    """The number of all hits, if it can be trusted."""


@dataclass(slots=True)
class _Filling:
    """A page while it is filled."""

    cursor: Cursor
    is_first: bool
    """Whether it is the first page of its search."""
    items: list[SceneItem] = field(default_factory=list)
    seen: int = 0
    effort: Effort = field(default_factory=Effort)
    matched: int | None = None


class UnsortedPages:
    """Reads pages of ``limit`` Items from ``count`` steps in turn.

    ``step_at`` makes a step when it is reached, because making it may cost calls and a page may end before the last;
    ``learn`` returns an entry with its details, which Items need. ``ids`` is the number of ids in the search,
    ``last_step`` the number of the last step that one of them can be of.
    """

    def __init__(
        self,
        reader: SceneReader,
        sieve: Sieve,
        step_at: Callable[[int], Awaitable[Step]],
        learn: Callable[[Entry], Awaitable[Entry]],
        count: int,
        limit: int,
        ids: int = 0,
        last_step: int | None = None,
    ) -> None:
        self._reader = reader
        self._sieve = sieve
        self._step_at = step_at
        self._learn = learn
        self._count = count
        self._limit = limit
        self._max_reads = max_calls(count)
        self._ids = ids
        self._last_step = count - 1 if last_step is None else last_step

    async def page(self, start: Cursor, *, is_first: bool) -> Page:
        """Return the page that starts at a cursor. Raises TooWide, UpstreamError.

        A page may be short; one that has a cursor is never empty. ``is_first`` says that nothing matches before.
        """
        page = _Filling(start, is_first)
        while page.cursor.step < self._count:
            if self._is_spent(page):
                if not page.items:
                    raise TooWide(page.cursor, page.effort.calls)
                return Page(tuple(page.items), page.cursor, None)
            try:
                step = await self._step_at(page.cursor.step)
                if step.filter.is_empty:
                    page.cursor = Cursor(page.cursor.step + 1)
                elif await self._fill(page, step):
                    return Page(tuple(page.items), page.cursor, page.matched)
            except NO_ANSWER:
                if not page.items:
                    raise
                return Page(tuple(page.items), page.cursor, page.matched)
        # a first page that was read to the end holds all matches
        total = len(page.items) if page.is_first else None
        return Page(tuple(page.items), None, total if page.matched is None else page.matched)

    def _is_spent(self, page: _Filling) -> bool:
        if self._sieve.is_spent:
            return True
        if page.items:
            return page.effort.is_spent(MAX_READS_WITH_ITEMS)
        return page.effort.is_spent(self._max_reads) or page.effort.calls >= MAX_TOTAL_CALLS

    async def _fill(self, page: _Filling, step: Step) -> bool:
        """Read one batch into the page; return True if the page is full and more follows."""
        # whether the page holds all matches of the steps before, and no other step can have more
        is_last = page.is_first and page.cursor == Cursor(self._last_step)
        batch = await self._unread(page, step, self._size(page, step, is_last=is_last))
        if batch.scenes:
            step = replace(step, entry=await self._learn(step.entry))
        if step.exact and self._count == 1:
            page.matched = batch.total
        last = batch.last
        for index, scene in enumerate(batch.scenes):
            scene_item = await self._sieve.match(scene, step)
            if scene_item and len(page.items) == self._limit:
                page.cursor = Cursor(page.cursor.step, batch.start + index, last)
                if is_last and not batch.more:
                    page.matched = self._limit + await self._count_matches(batch.scenes[index:], step)
                return True
            if scene_item:
                page.items.append(scene_item)
            page.seen += 1
            last = (fingerprint(scene.entity_id), *last)[:MAX_FINGERPRINTS]
            if self._sieve.is_spent and index + 1 < len(batch.scenes):
                page.cursor = Cursor(page.cursor.step, batch.start + index + 1, last)
                return bool(page.items)
        if not batch.more:
            page.cursor = Cursor(page.cursor.step + 1)
            return len(page.items) == self._limit and page.cursor.step <= self._last_step
        page.cursor = Cursor(page.cursor.step, batch.start + len(batch.scenes), last)
        return step.exact and len(page.items) == self._limit

    def _size(self, page: _Filling, step: Step, *, is_last: bool) -> int:
        """The number of scenes to request."""
        # one more than is missing shows whether any follows, whether M2M's total is right or wrong
        size = self._limit - len(page.items) + 1
        if not step.exact:
            size = min(fetch_size(size, page.seen, len(page.items)), max(size, self._sieve.affordable(step)))
        is_counted = is_last and self._ids and (step.is_lookup or self._ids <= MAX_COUNTED_IDS)
        return max(size, self._ids + 1) if is_counted else size

    async def _count_matches(self, scenes: Sequence[Scene], step: Step) -> int:
        matches = [await self._sieve.match(scene, step) for scene in scenes]
        return len(matches) - matches.count(None)

    async def _unread(self, page: _Filling, step: Step, size: int) -> Batch:
        """The scenes after the cursor. If scenes have arrived or disappeared, it is sought by its fingerprints."""
        cursor = page.cursor
        overlap = min(len(cursor.last), cursor.start - 1, OVERLAP)
        start, requested = cursor.start - overlap, size + overlap
        scenes = await page.effort.read(self._reader, step, start, requested)
        offset = _count_read(scenes, cursor.last)
        if offset is None:
            for seek_start in _seek_starts(start, requested):
                candidates = await page.effort.read(self._reader, step, seek_start, SEEK_SIZE)
                if (count := _count_read(candidates, cursor.last)) is not None:
                    scenes, offset, requested = candidates, count, SEEK_SIZE
                    break
            else:  # all scenes it knows are gone, so those that follow have moved up by at least as many numbers
                requested, offset = size, 0
                start = max(1, cursor.start - len(cursor.last))
                scenes = await page.effort.read(self._reader, step, start, requested)
        unread, is_full = scenes.results[offset:], scenes.records_returned >= requested
        # an answer that is not full and has nothing new is the end, even if M2M's total is larger
        more = is_full or (bool(unread) and more_follow(scenes, step, requested))
        return Batch(scenes.starting_number + offset, unread, cursor.last, more, trusted_total(scenes, step))


def _count_read(scenes: Scenes, last: tuple[str, ...]) -> int | None:
    """How many of the scenes have been read before; None if none of the fingerprints is among them."""
    fingerprints = [fingerprint(scene.entity_id) for scene in scenes.results] if last else []
    return next((fingerprints.index(known) + 1 for known in last if known in fingerprints), None if last else 0)


def _seek_starts(start: int, size: int) -> list[int]:
    """Where to seek a cursor that has moved: first after it, because new scenes come first, then before it."""
    return [start + size, max(1, start - SEEK_SIZE), start + size + SEEK_SIZE]
