"""A page in M2M's own order: collection after collection, scene after scene, from where the page before ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stac_bridge.bridge.page import Effort, Found, Page, Sieve, TooWide, more_follow, trusted_total
from stac_bridge.search import Cursor
from stac_bridge.search.paging.cursor import mark
from stac_bridge.search.paging.fetch_size import calls_for, fetch_size

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from stac_bridge.bridge.scene_reader import SceneReader
    from stac_bridge.m2m.models.scenes import Scene, Scenes
    from stac_bridge.search import Step

__all__ = ["Walk"]

REREAD = 2
"""Scenes before the cursor that are read again, to see whether it still stands where it stood."""

KNOWN = 24
"""Scenes before the cursor that it knows again, should those last read be withdrawn meanwhile."""

SEEK = 500
"""Scenes that are looked through at a time for the place of a cursor that has moved."""

CALLS_WITH_SOME = 2
"""Calls after which a page that has at least one Item is given, though it is not full."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Scenes not read before: the first of them has the number ``start``; ``more`` follow or do not."""

    start: int
    scenes: Sequence[Scene]
    before: tuple[str, ...]
    more: bool
    total: int | None


@dataclass(slots=True)
class _Filling:
    """A page while it fills."""

    cursor: Cursor
    kept: list[Found] = field(default_factory=list)
    seen: int = 0
    effort: Effort = field(default_factory=Effort)
    matched: int | None = None


class Walk:
    """Walks ``count`` steps, each made when the walk comes to it, because a search may end before the last."""

    def __init__(
        self, reader: SceneReader, sieve: Sieve, step_at: Callable[[int], Awaitable[Step]], count: int, limit: int
    ) -> None:
        self._reader = reader
        self._sieve = sieve
        self._step_at = step_at
        self._count = count
        self._limit = limit
        self._calls = calls_for(count)

    async def page(self, begin: Cursor) -> Page:
        """The page that begins at a cursor. Raises TooWide, UpstreamError.

        A page may be short; one that has a cursor is never empty.
        """
        page = _Filling(begin)
        while page.cursor.step < self._count:
            if page.effort.is_spent(CALLS_WITH_SOME if page.kept else self._calls):
                if not page.kept:
                    raise TooWide(page.cursor, page.effort.calls)
                return Page(tuple(page.kept), page.cursor, None)
            step = await self._step_at(page.cursor.step)
            if step.filter.is_empty:
                page.cursor = Cursor(page.cursor.step + 1)
            elif await self._fill(page, step):
                return Page(tuple(page.kept), page.cursor, page.matched)
        whole = len(page.kept) if begin == Cursor() else None
        return Page(tuple(page.kept), None, whole if page.matched is None else page.matched)

    async def _fill(self, page: _Filling, step: Step) -> bool:
        """Read on; True when the page is full and more follows."""
        wanted = self._limit - len(page.kept)
        # one more than wanted shows whether any follows, be M2M's count right or wrong
        size = wanted + 1 if step.exact else fetch_size(wanted + 1, page.seen, len(page.kept))
        batch = await self._unread(page, step, size)
        if step.exact and self._count == 1:
            page.matched = batch.total
        read = batch.before
        for place, scene in enumerate(batch.scenes):
            found = await self._sieve.find(scene, step)
            if found and len(page.kept) == self._limit:
                page.cursor = Cursor(page.cursor.step, batch.start + place, read)
                return True
            if found:
                page.kept.append(found)
            page.seen += 1
            read = (mark(scene.entity_id), *read)[:KNOWN]
        if not batch.more:
            page.cursor = Cursor(page.cursor.step + 1)
            return len(page.kept) == self._limit and page.cursor.step < self._count
        page.cursor = Cursor(page.cursor.step, batch.start + len(batch.scenes), read)
        return step.exact and len(page.kept) == self._limit

    async def _unread(self, page: _Filling, step: Step, size: int) -> Batch:
        """The scenes behind the cursor: where others have come or gone meanwhile, it is sought by its marks."""
        cursor = page.cursor
        back = min(len(cursor.last), cursor.start - 1, REREAD)
        begin, asked = cursor.start - back, size + back
        scenes = await page.effort.read(self._reader, step, begin, asked)
        offset = _behind(scenes, cursor.last)
        if offset is None:
            for start in _elsewhere(begin, asked):
                moved = await page.effort.read(self._reader, step, start, SEEK)
                if (place := _behind(moved, cursor.last)) is not None:
                    scenes, offset, asked = moved, place, SEEK
                    break
            else:  # all that it knew is gone, and what follows has moved up by at least as much
                asked, offset = size, 0
                begin = max(1, cursor.start - len(cursor.last))
                scenes = await page.effort.read(self._reader, step, begin, asked)
        unread, full = scenes.results[offset:], scenes.records_returned >= asked
        # nothing new in an answer that is not full is the end, though M2M may count on
        more = full or (bool(unread) and more_follow(scenes, step, asked))
        return Batch(scenes.starting_number + offset, unread, cursor.last, more, trusted_total(scenes, step))


def _behind(scenes: Scenes, last: tuple[str, ...]) -> int | None:
    """How many of the scenes have been read; None where none of the marks is among them."""
    marks = [mark(scene.entity_id) for scene in scenes.results] if last else []
    return next((marks.index(known) + 1 for known in last if known in marks), None if last else 0)


def _elsewhere(begin: int, size: int) -> list[int]:
    """Where to look for a cursor that moved: behind, because new scenes come first, then before."""
    return [begin + size, max(1, begin - SEEK), begin + size + SEEK]
