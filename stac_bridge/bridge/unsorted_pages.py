"""A page in M2M's own order: collection after collection, scene after scene, from where the previous page ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from stac_bridge.bridge.page import Effort, Page, SceneItem, Sieve, TooWide, more_follow, trusted_total
from stac_bridge.bridge.scene_reader import SceneReader
from stac_bridge.m2m.models.scenes import Scene, Scenes
from stac_bridge.search import Cursor, Step
from stac_bridge.search.paging.cursor import fingerprint
from stac_bridge.search.paging.fetch_size import fetch_size, max_calls

OVERLAP = 2
"""Scenes before the cursor that are read again, to see whether the cursor is still where it was."""

MAX_FINGERPRINTS = 24
"""Scenes before the cursor whose fingerprints it holds, in case the last ones are withdrawn between two pages."""

SEEK_SIZE = 500
"""Scenes per request when a cursor that has moved is sought."""

MAX_CALLS_WITH_ITEMS = 2
"""Calls after which a page that has at least one Item is returned, though it is not full."""


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
    items: list[SceneItem] = field(default_factory=list)
    seen: int = 0
    effort: Effort = field(default_factory=Effort)
    matched: int | None = None


class UnsortedPages:
    """Reads pages of ``limit`` Items from ``count`` steps in turn.

    ``step_at`` makes a step when it is reached, because making it may cost calls and a page may end before the last.
    """

    def __init__(
        self, reader: SceneReader, sieve: Sieve, step_at: Callable[[int], Awaitable[Step]], count: int, limit: int
    ) -> None:
        self._reader = reader
        self._sieve = sieve
        self._step_at = step_at
        self._count = count
        self._limit = limit
        self._max_calls = max_calls(count)

    async def page(self, start: Cursor) -> Page:
        """Return the page that starts at a cursor. Raises TooWide, UpstreamError.

        A page may be short; one that has a cursor is never empty.
        """
        page = _Filling(start)
        while page.cursor.step < self._count:
            calls = MAX_CALLS_WITH_ITEMS if page.items else self._max_calls
            if self._sieve.is_spent or page.effort.is_spent(calls):
                if not page.items:
                    raise TooWide(page.cursor, page.effort.calls)
                return Page(tuple(page.items), page.cursor, None)
            step = await self._step_at(page.cursor.step)
            if step.filter.is_empty:
                page.cursor = Cursor(page.cursor.step + 1)
            elif await self._fill(page, step):
                return Page(tuple(page.items), page.cursor, page.matched)
        # read to the end from the very start, the page holds all matches
        total = len(page.items) if start == Cursor() else None
        return Page(tuple(page.items), None, total if page.matched is None else page.matched)

    async def _fill(self, page: _Filling, step: Step) -> bool:
        """Read one batch into the page; return True if the page is full and more follows."""
        missing = self._limit - len(page.items)
        # one more than is missing shows whether any follows, whether M2M's total is right or wrong
        size = missing + 1
        if not step.exact:
            size = min(fetch_size(size, page.seen, len(page.items)), max(size, self._sieve.affordable(step)))
        batch = await self._unread(page, step, size)
        if step.exact and self._count == 1:
            page.matched = batch.total
        last = batch.last
        for index, scene in enumerate(batch.scenes):
            scene_item = await self._sieve.match(scene, step)
            if scene_item and len(page.items) == self._limit:
                page.cursor = Cursor(page.cursor.step, batch.start + index, last)
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
            return len(page.items) == self._limit and page.cursor.step < self._count
        page.cursor = Cursor(page.cursor.step, batch.start + len(batch.scenes), last)
        return step.exact and len(page.items) == self._limit

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
