"""Scenes that match a search, their Items, and a page of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from cachetools import LRUCache

from stac_bridge.assets.href import Signer
from stac_bridge.bridge.scene_reader import SceneReader
from stac_bridge.catalog.entry import Entry
from stac_bridge.fair_work import Pauses
from stac_bridge.m2m.models.scenes import Scene, Scenes
from stac_bridge.request_context import current_request, time_left
from stac_bridge.search import ALL_FIELDS, Cursor, Fields, Residual, SortCursor, Step
from stac_bridge.translate import Translator
from stac_bridge.translate.assets.access import HrefMaker
from stac_bridge.translate.assets.templates import mark_files_unavailable
from stac_bridge.translate.item import AssetFilter

MAX_RECENT = 500
"""Scenes that are cached with their Items: at most 100 kilobytes each."""

MAX_CHECKING = 1.3
"""Seconds, estimated, that a page may spend on checking scenes; it ends there, and the next one continues.

Estimated and not measured, so that the same search has the same pages on every machine.
"""

SCENE_SECONDS = 300e-6
"""What parsing a scene and making the part of its Item that a filter uses takes (measured)."""

VERTEX_SECONDS = 60e-6
"""What reading, repairing and simplifying a geometry takes for each of its vertices (measured: 23 to 96e-6)."""

MAX_VERDICTS = 16
"""Filters whose results are cached with a scene."""


@dataclass(slots=True)
class SceneItem:
    """A scene, and the parts of its Item that were made so far."""

    scene: Scene
    translator: Translator
    unavailable: str | None = None
    """Why this server cannot download any file, if it cannot."""

    _core: dict[str, Any] | None = field(default=None, repr=False, compare=False)
    """The Item without assets. Most of the scenes that a filter is tested on need only a part of it."""

    _dumped: tuple[tuple[str, str], orjson.Fragment] | None = field(default=None, repr=False, compare=False)
    """The whole Item as JSON, with the base URL and the expiry time of its hrefs."""

    _verdicts: dict[Residual, bool] = field(default_factory=dict, repr=False, compare=False)
    """Results of filters that were tested on it: the same search is often repeated."""

    def item(self, base: str, signer: Signer, fields: Fields = ALL_FIELDS) -> dict[str, Any] | orjson.Fragment:
        """Return the Item with signed assets, or the parts of it that ``fields`` selects; other parts are not made.

        ``base`` is the API's URL with its trailing slash. A whole Item is dumped once for all requests.
        """
        core = self._core = self._core or self.translator.core(self.scene)
        href_of = signer.href_maker(base, core["collection"], core["id"], self.scene.entity_id)
        if fields != ALL_FIELDS:
            return fields.apply(self._finish(core, base, href_of, lambda key: fields.wants(f"assets.{key}")))
        key = (base, href_of.expires)
        if self._dumped is None or self._dumped[0] != key:
            self._dumped = key, orjson.Fragment(orjson.dumps(self._finish(core, base, href_of)))
        return self._dumped[1]

    def part(self, names: frozenset[str]) -> dict[str, Any]:
        """Return the Item without assets, or as much of it as these properties need."""
        return self._core or self.translator.core(self.scene, names)

    def matches(self, residual: Residual) -> bool:
        """Return whether the Item matches a filter."""
        verdict = self._verdicts.get(residual)
        if verdict is None:
            if len(self._verdicts) >= MAX_VERDICTS:
                self._verdicts.clear()
            verdict = self._verdicts[residual] = residual.matches(self.part(residual.names))
        return verdict

    def _finish(
        self, core: dict[str, Any], base: str, href_of: HrefMaker, wants: AssetFilter | None = None
    ) -> dict[str, Any]:
        item = self.translator.finish(core, self.scene, base, href_of, wants)
        return mark_files_unavailable(item, self.unavailable) if self.unavailable else item


class Recent:
    """A cache of scenes: one that M2M returns again unchanged is not translated again."""

    def __init__(self) -> None:
        self._cache: LRUCache[tuple[Translator, str, str | None], SceneItem] = LRUCache(MAX_RECENT)

    def scene_item(self, scene: Scene, translator: Translator, unavailable: str | None) -> SceneItem:
        """Return the cached SceneItem if the scene has not changed, else a new one."""
        key = translator, scene.entity_id, unavailable
        scene_item = self._cache.get(key)
        if scene_item is None or scene_item.scene != scene:
            scene_item = self._cache[key] = SceneItem(scene, translator, unavailable)
        return scene_item


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a search. ``cursor`` is where the next one starts; ``matched`` is the total number, if it is known.

    ``warnings`` are sentences about conditions that no Item can meet.
    """

    items: tuple[SceneItem, ...]
    cursor: Cursor | SortCursor | None
    matched: int | None
    warnings: tuple[str, ...] = ()


class TooWide(Exception):
    """The calls of a page were spent before the first match; the search can continue at ``cursor``."""

    def __init__(self, cursor: Cursor | SortCursor, calls: int) -> None:
        super().__init__(f"{calls} calls")
        self.cursor = cursor
        self.calls = calls


@dataclass(frozen=True, slots=True)
class SearchCounts:
    """How a search went, for metrics."""

    items: int | None
    """Items on its page; None if it failed."""
    checked: int
    """Scenes that were looked at."""
    matched: int
    """Scenes of these that matched."""


@dataclass(slots=True)
class Tally:
    """Scenes that went through a sieve so far."""

    checked: int = 0
    matched: int = 0
    seconds: float = 0
    """What checking them takes, estimated."""


@dataclass(frozen=True, slots=True)
class Sieve:
    """Sorts out the scenes whose Items do not match the whole filter."""

    scene_item: Callable[[Scene, Entry], SceneItem]
    tally: Tally = field(default_factory=Tally)
    pauses: Pauses = field(default_factory=Pauses)

    @classmethod
    def of(cls, scene_item: Callable[[Scene, Entry], SceneItem], vertices: int) -> Sieve:
        """Return the sieve of a search with so many vertices, which leave less time for scenes, but half of it."""
        return cls(scene_item, Tally(seconds=min(MAX_CHECKING / 2, vertices * VERTEX_SECONDS)))

    @property
    def is_spent(self) -> bool:
        """Whether the page has checked as many scenes as one response may."""
        return self.tally.seconds >= MAX_CHECKING

    def affordable(self, step: Step) -> int:
        """Return how many more scenes of a step, at least one, the page may check: others need not be requested."""
        cost = SCENE_SECONDS + (step.residual.cost if step.residual else 0)
        return max(1, math.ceil((MAX_CHECKING - self.tally.seconds) / cost))

    async def match(self, scene: Scene, step: Step) -> SceneItem | None:
        """Return the scene if its Item matches, else None; exact hits of M2M are not tested.

        Thousands of scenes take seconds, so other tasks get their turns in between.
        """
        await self.pauses.pause_if_due()
        scene_item = self.scene_item(scene, step.entry)
        self.tally.checked += 1
        if step.earlier is not None:
            self.tally.seconds += step.earlier.cost
            if scene_item.matches(step.earlier):
                return None
        if step.residual is not None and not step.exact:
            self.tally.seconds += SCENE_SECONDS + step.residual.cost
            if not scene_item.matches(step.residual):
                return None
        self.tally.matched += 1
        return scene_item


@dataclass(slots=True)
class Effort:
    """What a page has cost so far."""

    reads: int = 0
    """Requests for scenes, also those that were answered from the cache."""
    slowest: float = 0
    """Seconds that the slowest of them took."""

    _calls_before: int = field(default_factory=lambda: current_request().calls, repr=False)

    @property
    def calls(self) -> int:
        """Calls to M2M for the page, whatever they were for; answers from the cache count as the calls they saved."""
        return max(self.reads, current_request().calls - self._calls_before)

    async def read(self, reader: SceneReader, step: Step, start: int, size: int) -> Scenes:
        """Return ``size`` scenes of a step from number ``start`` on. Raises UpstreamError."""
        self.reads += 1
        started = time.monotonic()
        scenes = await reader.scenes(step, start, size)
        self.slowest = max(self.slowest, time.monotonic() - started)
        return scenes

    def is_spent(self, max_reads: int) -> bool:
        """Return whether to stop: the reads are used up, or the time left is too short for one more."""
        return self.reads >= max_reads or time_left() < 1.5 * self.slowest


def trusted_total(scenes: Scenes, step: Step) -> int | None:
    """Return totalHits if it can be trusted, else None.

    M2M counts exactly only if it was sent a scene filter [REFERENCE §3]; a total below the number of the last scene
    is wrong in any case.
    """
    is_counted = scenes.exact and (step.is_lookup or not step.filter.is_open)
    return scenes.total_hits if is_counted and scenes.total_hits >= _last_number(scenes) else None


def more_follow(scenes: Scenes, step: Step, size: int) -> bool:
    """Return whether more scenes follow: M2M returned all ``size`` that were requested, or its total is larger."""
    if not scenes.records_returned:
        return False
    total = trusted_total(scenes, step)
    return scenes.records_returned >= size or (total is not None and _last_number(scenes) < total)


def _last_number(scenes: Scenes) -> int:
    """The number of the last scene, counted from 1 in the whole result."""
    return scenes.starting_number + scenes.records_returned - 1
