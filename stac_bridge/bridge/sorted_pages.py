"""A page in an order that was asked for: slice after slice along an axis, or the whole where it is small."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from stac_bridge.bridge.page import Effort, Found, Page, Sieve, TooWide, more_follow, trusted_total
from stac_bridge.errors import BadRequest
from stac_bridge.m2m.filters import CloudRange, DayRange, SceneFilter
from stac_bridge.search.paging.fetch_size import CALLS
from stac_bridge.search.paging.slices import AIM, MOST, PARTS, Stand, next_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stac_bridge.bridge.scene_reader import SceneReader
    from stac_bridge.m2m.models.scenes import Scenes
    from stac_bridge.search import Step
    from stac_bridge.search.paging.slices import Axis
    from stac_bridge.search.params.sortby import Key, Order

__all__ = ["Sorting"]

WHOLE = -1
"""The position of a walk that reads everything at once."""

UNKNOWN = -2
"""The position behind the last slice of cloud: scenes whose cloud is not known."""

_KNOWN_CLOUD = SceneFilter(cloud=CloudRange(include_unknown=False))

Keyed = tuple["Key", Found]


_ALL_DAYS = SceneFilter(acquisition=DayRange(start=date.min, end=date.max))
"""What every scene with a date passes; M2M counts exactly only where it is sent a filter."""


@dataclass(slots=True)
class _Filling:
    """A page while it fills."""

    kept: list[Keyed]
    effort: Effort = field(default_factory=Effort)


class Sorting:
    """Walks all steps side by side. ``axis`` is None where M2M cannot slice by what is sorted by first."""

    def __init__(
        self, reader: SceneReader, sieve: Sieve, steps: Sequence[Step], order: Order, axis: Axis | None, limit: int
    ) -> None:
        self._reader = reader
        self._sieve = sieve
        self._steps = [_counted(step) for step in steps if not step.filter.is_empty]
        self._order = order
        self._axis = axis
        self._limit = limit
        self._calls = CALLS + 2 * len(self._steps)

    async def page(self, stand: Stand | None) -> Page:
        """The page that begins at a stand (None: at the first Item). Raises BadRequest, TooWide, UpstreamError."""
        page = _Filling([])
        stand = stand or await self._begin(page)
        reached: Stand | None = stand
        while reached is not None:
            if page.effort.is_spent(self._calls):
                if not page.kept:
                    raise TooWide(reached, page.effort.calls)
                break
            stand = reached
            reached = await self._advance(page, stand)
            if len(page.kept) > self._limit:
                reached = replace(stand, after=page.kept[self._limit - 1][0])
                break
        found = tuple(one for _key, one in page.kept[: self._limit])
        return Page(found, reached, stand.matched)

    # -- where to begin --------------------------------------------------------------------------------------

    async def _begin(self, page: _Filling) -> Stand:
        """Look how much there is."""
        size = min(MOST, max(2 * self._limit, 50))
        answers = [await self._read(page, step, step.filter, 1, size) for step in self._steps]
        total = sum(scenes.total_hits for scenes in answers)
        pairs = zip(self._steps, answers, strict=True)
        exact = all(step.exact and trusted_total(scenes, step) is not None for step, scenes in pairs)
        matched = total if exact else None
        if all(scenes.total_hits <= size for scenes in answers):
            return Stand(WHOLE, size, None, matched)
        if self._axis is None:
            if total > MOST:
                by_days = all(step.entry.can_filter_by("time") for step in self._steps)
                raise BadRequest(
                    f"sortby={self._order.first.name} can sort {MOST} scenes at most, and this search has {total}: "
                    f"narrow the place, the time or the filter{', or sort by datetime' if by_days else ''}."
                )
            return Stand(WHOLE, MOST, None, matched)
        if self._axis.kind == "cloud" and total <= MOST:
            return Stand(WHOLE, MOST, None, matched)  # one bounded fetch, where slices of percents may be empty
        await self._refuse_unknown_cloud(page, total)
        width = math.ceil(self._axis.length * AIM * (self._limit + 1) / total)
        width = max(width, await self._empty_end(answers) + 1)
        return Stand(self._axis.begin, min(width, self._axis.length), None, matched)

    async def _empty_end(self, answers: Sequence[Scenes]) -> int:
        """Days before today that seem to hold nothing: M2M is seen to give the newest scenes first.

        Should it not, the first slice is only wider than it need be.
        """
        axis = self._axis
        if axis is None or axis.kind != "day" or not axis.descending:
            return 0
        pairs = zip(self._steps, answers, strict=True)
        found = [await self._sieve.find(scene, step) for step, scenes in pairs for scene in scenes.results]
        days = (axis.position(self._key(one)[0]) for one in found if one)
        return axis.high - max((day for day in days if day is not None), default=axis.high)

    async def _refuse_unknown_cloud(self, page: _Filling, total: int) -> None:
        """Scenes without cloud cover come last, all at once, because M2M cannot be asked for them alone."""
        if self._axis and self._axis.kind == "cloud" and total > PARTS * MOST and await self._unknown_clouds(page):
            raise BadRequest(
                f"Some of these {total} scenes have no cloud cover, and so many cannot be sorted to the end: "
                "add eo:cloud_cover <= 100 to the filter to leave them out, or narrow the search."
            )

    async def _unknown_clouds(self, page: _Filling) -> int:
        """How many hits have no cloud cover."""
        count = 0
        for step in self._steps:
            if step.filter.cloud is None or step.filter.cloud.include_unknown:
                every = await self._read(page, step, step.filter, 1, 1)
                known = await self._read(page, step, step.filter & _KNOWN_CLOUD, 1, 1)
                count += every.total_hits - known.total_hits
        return count

    # -- slice by slice --------------------------------------------------------------------------------------

    async def _advance(self, page: _Filling, stand: Stand) -> Stand | None:
        """Read one slice into the page; where to go on, or None behind the last."""
        if stand.position not in (WHOLE, UNKNOWN):
            return await self._slice(page, stand)
        candidates = await self._whole(page, stand)
        if stand.position == UNKNOWN:
            candidates = [keyed for keyed in candidates if keyed[0][0] is None]
        page.kept += self._best(page, candidates)
        return None

    async def _slice(self, page: _Filling, stand: Stand) -> Stand | None:
        axis = self._axis
        assert axis is not None  # noqa: S101 -- only an axis has positions
        span = axis.span(stand.position, stand.width)
        wanted = AIM * (self._limit + 1)
        candidates, hits = [], 0
        for step in self._steps:
            asked = replace(step, filter=step.filter & axis.slot(span))
            if asked.filter.is_empty:
                continue
            size = min(MOST, max(200, math.ceil(4 * wanted)))
            scenes = await self._read(page, asked, asked.filter, 1, size)
            hits += scenes.total_hits
            if scenes.total_hits > MOST and len(span) > 1:
                narrower = min(len(span) // 2, next_width(len(span), scenes.total_hits, wanted))
                return replace(stand, width=max(1, narrower))
            parts = await self._parts(page, asked, scenes, size)
            keyed = await self._keyed(step, parts, stand.after)
            candidates += [one for one in keyed if axis.position(one[0][0]) in span]
        page.kept += self._best(page, candidates)
        following = axis.beyond(span)
        width = next_width(len(span), hits, wanted)
        if following is not None:
            return Stand(following, width, None, stand.matched)
        if axis.kind == "cloud" and await self._unknown_clouds(page):
            return Stand(UNKNOWN, MOST, None, stand.matched)
        return None

    async def _whole(self, page: _Filling, stand: Stand) -> list[Keyed]:
        candidates: list[Keyed] = []
        for step in self._steps:
            scenes = await self._read(page, step, step.filter, 1, stand.width)
            parts = await self._parts(page, step, scenes, stand.width)
            candidates += await self._keyed(step, parts, stand.after)
        return candidates

    async def _parts(self, page: _Filling, step: Step, first: Scenes, size: int) -> list[Scenes]:
        """What one fetch of ``size`` holds, and all that it does not. Raises BadRequest where that is too much."""
        if first.total_hits > PARTS * MOST:
            raise self._too_many(first.total_hits)
        parts, asked = [first], size
        while more_follow(parts[-1], step, asked):
            start, asked = parts[-1].starting_number + parts[-1].records_returned, MOST
            if start > PARTS * MOST:
                raise self._too_many(start)
            parts.append(await self._read(page, step, step.filter, start, asked))
        return parts

    def _too_many(self, count: int) -> BadRequest:
        return BadRequest(
            f"sortby={self._order.first.name} meets {count} scenes at one place in the order; "
            f"{PARTS * MOST} can be sorted: narrow the place or the filter."
        )

    async def _keyed(self, step: Step, parts: Sequence[Scenes], after: Key | None) -> list[Keyed]:
        """What matches and comes behind a key."""
        every = [scene for scenes in parts for scene in scenes.results]
        keyed = [(self._key(one), one) for scene in every if (one := await self._sieve.find(scene, step))]
        return [one for one in keyed if after is None or self._order.compare(one[0], after) > 0]

    def _key(self, one: Found) -> Key:
        return self._order.key(one.part(self._order.names))

    def _best(self, page: _Filling, candidates: list[Keyed]) -> list[Keyed]:
        """The first of them, as many as the page lacks and one more, by which it is seen that more follow."""
        lacking = self._limit + 1 - len(page.kept)
        return heapq.nsmallest(max(1, lacking), candidates, key=lambda keyed: self._order.sorting(keyed[0]))

    async def _read(self, page: _Filling, step: Step, asked: SceneFilter, start: int, size: int) -> Scenes:
        return await page.effort.read(self._reader, replace(step, filter=asked), start, size)


def _counted(step: Step) -> Step:
    """With a filter, be it one that every scene passes, so that its hits are counted and not guessed."""
    counts = step.ids or not step.filter.is_open or not step.entry.can_filter_by("time")
    return step if counts else replace(step, filter=_ALL_DAYS)
