"""A page in the order of ``sortby``: slice after slice along an axis, or the whole result if it is small."""

from __future__ import annotations

import heapq
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from stac_bridge.bridge.page import (
    SCENE_SECONDS,
    Effort,
    Page,
    SceneItem,
    Sieve,
    TooWide,
    more_follow,
    trusted_total,
)
from stac_bridge.bridge.scene_reader import SceneReader
from stac_bridge.catalog.entry import Entry
from stac_bridge.errors import NO_ANSWER, BadRequest
from stac_bridge.m2m.filters import CloudRange, DayRange, SceneFilter
from stac_bridge.m2m.models.scenes import Scene, Scenes
from stac_bridge.search import Step
from stac_bridge.search.paging.fetch_size import MAX_CALLS, MAX_SCENES
from stac_bridge.search.paging.slices import MAX_FETCHES_PER_SLICE, PAGES_PER_SLICE, Axis, SortCursor, next_width
from stac_bridge.search.params.sortby import Key, Order

WHOLE = -1
"""The position of a cursor that reads the whole result at once."""

UNKNOWN_CLOUD = -2
"""The position after the last slice of cloud: scenes whose cloud cover is unknown."""

MAX_SORTED = MAX_FETCHES_PER_SLICE * MAX_SCENES
"""Scenes that can be sorted in one slice."""

_KNOWN_CLOUD = SceneFilter(cloud=CloudRange(include_unknown=False))

_ALL_DAYS = SceneFilter(acquisition=DayRange(start=date.min, end=date.max))
"""A filter that every scene with a date passes; M2M counts exactly only if it is sent a filter."""

Keyed = tuple["Key", SceneItem]


@dataclass(slots=True)
class _Filling:
    """A page while it is filled."""

    items: list[Keyed]
    effort: Effort = field(default_factory=Effort)


class _Spent(Exception):
    """A slice has more scenes than the page may still check."""

    def __init__(self, scenes: int) -> None:
        super().__init__(f"{scenes} scenes")
        self.scenes = scenes


class SortedPages:
    """Reads pages of ``limit`` Items from all steps side by side.

    ``axis`` is None if M2M cannot filter by the first sort key. ``learn`` returns an entry with its details, which
    Items need.
    """

    def __init__(
        self,
        reader: SceneReader,
        sieve: Sieve,
        steps: Sequence[Step],
        learn: Callable[[Entry], Awaitable[Entry]],
        order: Order,
        axis: Axis | None,
        limit: int,
    ) -> None:
        self._reader = reader
        self._sieve = sieve
        self._learn = learn
        self._steps = [_with_exact_count(step) for step in steps if not step.filter.is_empty]
        self._order = order
        self._axis = axis
        self._limit = limit
        self._max_calls = MAX_CALLS + 2 * len(self._steps)

    async def page(self, start: SortCursor | None) -> Page:
        """Return the page that starts at a cursor (None: the first page). Raises BadRequest, TooWide, UpstreamError."""
        page = _Filling([])
        cursor = start or await self._first_cursor(page)
        following: SortCursor | None = cursor
        while following is not None:
            if self._sieve.is_spent or page.effort.is_spent(self._max_calls):
                if not page.items:
                    raise TooWide(following, page.effort.calls)
                break
            cursor, checked = following, self._sieve.tally.checked
            try:
                following = await self._advance(page, cursor)
            except (_Spent, *NO_ANSWER) as error:
                if page.items:
                    following = replace(cursor, after=page.items[-1][0])
                    break
                if not isinstance(error, _Spent):
                    raise
                if not checked:  # the next page could not check more of them
                    raise self._too_many(error.scenes) from None
                raise TooWide(cursor, page.effort.calls) from None
            if len(page.items) > self._limit:
                following = replace(cursor, after=page.items[self._limit - 1][0])
                break
        items = tuple(scene_item for _key, scene_item in page.items[: self._limit])
        return Page(items, following, cursor.matched)

    # -- where to start --------------------------------------------------------------------------------------

    async def _first_cursor(self, page: _Filling) -> SortCursor:
        """Request the first scenes of each step to learn how many there are, and choose the width of a slice."""
        size = max(1, min(MAX_SCENES // max(1, len(self._steps)), max(2 * self._limit, 50)))
        answers = [await self._read(page, step, step.filter, 1, size) for step in self._steps]
        total = sum(scenes.total_hits for scenes in answers)
        pairs = zip(self._steps, answers, strict=True)
        is_exact = all(step.exact and trusted_total(scenes, step) is not None for step, scenes in pairs)
        matched = total if is_exact else None
        if all(scenes.total_hits <= size for scenes in answers):
            return SortCursor(WHOLE, size, None, matched)
        if self._axis is None:
            if total > MAX_SCENES:
                by_days = all(step.entry.can_filter_by("time") for step in self._steps)
                raise BadRequest(
                    f"sortby={self._order.first.name} can sort {MAX_SCENES} scenes at most, and this search has "
                    f"{total}: narrow the place, the time or the filter{', or sort by datetime' if by_days else ''}."
                )
            return SortCursor(WHOLE, MAX_SCENES, None, matched)
        if self._axis.kind == "cloud" and total <= MAX_SCENES:
            # one bounded fetch is cheaper than slices of percents, many of which may be empty
            return SortCursor(WHOLE, MAX_SCENES, None, matched)
        await self._refuse_unknown_cloud(page, total)
        width = math.ceil(self._axis.length * PAGES_PER_SLICE * (self._limit + 1) / total)
        width = max(width, await self._empty_days(answers) + 1)
        return SortCursor(self._axis.start, min(width, self._axis.length), None, matched)

    async def _empty_days(self, answers: Sequence[Scenes]) -> int:
        """The number of days before today that seem to have no scene: M2M was observed to return the newest first.

        If it does not, the first slice is only wider than necessary.
        """
        axis = self._axis
        if axis is None or axis.kind != "day" or not axis.descending:
            return 0
        pairs = zip(self._steps, answers, strict=True)
        matches = []
        for step, scenes in pairs:
            some = scenes.results[: self._sieve.affordable(step) // 2]  # the page itself needs the rest of the time
            matches += await self._matches(step, some)
        days = (axis.position(self._key(scene_item)[0]) for scene_item in matches)
        return axis.high - max((day for day in days if day is not None), default=axis.high)

    async def _refuse_unknown_cloud(self, page: _Filling, total: int) -> None:
        """Refuse a sort that would end in too many scenes without cloud cover.

        They come last, all in one slice, because M2M has no filter for them alone. Raises BadRequest.
        """
        is_cloud = self._axis is not None and self._axis.kind == "cloud"
        if is_cloud and total > MAX_SORTED and await self._count_unknown_cloud(page):
            raise BadRequest(
                f"Some of these {total} scenes have no cloud cover, and so many cannot be sorted to the end: "
                "add eo:cloud_cover <= 100 to the filter to leave them out, or narrow the search."
            )

    async def _count_unknown_cloud(self, page: _Filling) -> int:
        """The number of hits without cloud cover."""
        count = 0
        for step in self._steps:
            if step.filter.cloud is None or step.filter.cloud.include_unknown:
                with_unknown = await self._read(page, step, step.filter, 1, 1)
                without = await self._read(page, step, step.filter & _KNOWN_CLOUD, 1, 1)
                count += with_unknown.total_hits - without.total_hits
        return count

    # -- slice by slice --------------------------------------------------------------------------------------

    async def _advance(self, page: _Filling, cursor: SortCursor) -> SortCursor | None:
        """Read one slice into the page; return where to continue, None after the last."""
        if cursor.position not in (WHOLE, UNKNOWN_CLOUD):
            return await self._read_slice(page, cursor)
        candidates = await self._read_whole(page, cursor)
        if cursor.position == UNKNOWN_CLOUD:
            candidates = [(key, match) for key, match in candidates if key[0] is None]
        page.items += self._first_of(page, candidates)
        return None

    async def _read_slice(self, page: _Filling, cursor: SortCursor) -> SortCursor | None:
        axis = self._axis
        assert axis is not None  # noqa: S101 -- only an axis has positions
        positions = axis.slice(cursor.position, cursor.width)
        wanted = PAGES_PER_SLICE * (self._limit + 1)
        candidates, hits = [], 0
        for step in self._steps:
            sliced = replace(step, filter=step.filter & axis.scene_filter(positions))
            if sliced.filter.is_empty:
                continue
            size = min(MAX_SCENES, max(200, math.ceil(4 * wanted)))
            scenes = await self._read(page, sliced, sliced.filter, 1, size)
            hits += scenes.total_hits
            if hits > min(MAX_SCENES, self._sieve.affordable(step)) and len(positions) > 1:
                narrower = min(len(positions) // 2, next_width(len(positions), hits, wanted))
                return replace(cursor, width=max(1, narrower))
            answers = await self._read_rest(page, sliced, scenes, size)
            keyed = await self._matches_after(step, answers, cursor.after)
            # the scene filter is wider than the slice
            candidates += [(key, match) for key, match in keyed if axis.position(key[0]) in positions]
        page.items += self._first_of(page, candidates)
        following = axis.next_position(positions)
        width = next_width(len(positions), hits, wanted)
        if following is not None:
            return SortCursor(following, width, None, cursor.matched)
        if axis.kind == "cloud" and await self._count_unknown_cloud(page):
            return SortCursor(UNKNOWN_CLOUD, MAX_SCENES, None, cursor.matched)
        return None

    async def _read_whole(self, page: _Filling, cursor: SortCursor) -> list[Keyed]:
        candidates: list[Keyed] = []
        for step in self._steps:
            scenes = await self._read(page, step, step.filter, 1, cursor.width)
            answers = await self._read_rest(page, step, scenes, cursor.width)
            candidates += await self._matches_after(step, answers, cursor.after)
        return candidates

    async def _read_rest(self, page: _Filling, step: Step, first: Scenes, size: int) -> list[Scenes]:
        """``first``, an answer to a request for ``size`` scenes, and the scenes after it. Raises BadRequest."""
        if first.total_hits > MAX_SORTED:
            raise self._too_many(first.total_hits)
        self._check_effort(step, first.total_hits)
        answers, requested = [first], size
        while more_follow(answers[-1], step, requested):
            start, requested = answers[-1].starting_number + answers[-1].records_returned, MAX_SCENES
            if start > MAX_SORTED:
                raise self._too_many(start)
            answers.append(await self._read(page, step, step.filter, start, requested))
        return answers

    def _too_many(self, count: int) -> BadRequest:
        return BadRequest(
            f"sortby={self._order.first.name} meets {count} scenes at one place in the order, "
            "and so many cannot be sorted: narrow the place or the filter."
        )

    async def _matches_after(self, step: Step, answers: Sequence[Scenes], after: Key | None) -> list[Keyed]:
        """The scenes that match and come after a key."""
        scenes = [scene for answer in answers for scene in answer.results]
        keyed = [(self._key(match), match) for match in await self._matches(step, scenes)]
        return [(key, match) for key, match in keyed if after is None or self._order.compare(key, after) > 0]

    async def _matches(self, step: Step, scenes: Sequence[Scene]) -> list[SceneItem]:
        self._check_effort(step, len(scenes))
        if scenes:
            step = replace(step, entry=await self._learn(step.entry))
        if step.exact:  # not tested, but its part that is sorted by is made
            self._sieve.tally.seconds += SCENE_SECONDS * len(scenes)
        return [match for scene in scenes if (match := await self._sieve.match(scene, step))]

    def _check_effort(self, step: Step, scenes: int) -> None:
        """Raises _Spent if checking so many scenes takes longer than is left for the page."""
        if scenes > self._sieve.affordable(step):
            raise _Spent(scenes)

    def _key(self, scene_item: SceneItem) -> Key:
        return self._order.key(scene_item.part(self._order.names))

    def _first_of(self, page: _Filling, candidates: list[Keyed]) -> list[Keyed]:
        """The first candidates, as many as the page lacks and one more, which shows that more follow."""
        missing = self._limit + 1 - len(page.items)
        return heapq.nsmallest(max(1, missing), candidates, key=lambda keyed: self._order.sort_key(keyed[0]))

    async def _read(self, page: _Filling, step: Step, scene_filter: SceneFilter, start: int, size: int) -> Scenes:
        return await page.effort.read(self._reader, replace(step, filter=scene_filter), start, size)


def _with_exact_count(step: Step) -> Step:
    """The step with a filter, even if only one that every scene passes, so that M2M counts its hits exactly."""
    is_counted = step.is_lookup or not step.filter.is_open or not step.entry.can_filter_by("time")
    return step if is_counted else replace(step, filter=_ALL_DAYS)
