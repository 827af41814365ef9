"""A scene that was found, what was made of it, and a page of them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from cachetools import LRUCache

from stac_bridge.request_context import time_left
from stac_bridge.search import EVERYTHING
from stac_bridge.translate.assets import mark_files_unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.assets.href import Signer
    from stac_bridge.bridge.scene_reader import SceneReader
    from stac_bridge.catalog.catalog import Entry
    from stac_bridge.m2m.models.scenes import Scene, Scenes
    from stac_bridge.search import Cursor, Fields, Residual, Stand, Step
    from stac_bridge.translate import Translator
    from stac_bridge.translate.access import HrefMaker
    from stac_bridge.translate.item import AssetFilter

__all__ = ["Effort", "Found", "Page", "Recent", "Sieve", "Sought", "Tally", "TooWide", "more_follow", "trusted_total"]

RECENT = 500
"""Scenes that are kept with their Items: 100 kilobytes each, at most."""

BREATH = 25
"""Scenes that are looked at in one go: some ten milliseconds."""

VERDICTS = 16
"""Filters whose verdicts are kept with a scene."""


@dataclass(slots=True)
class Found:
    """A scene, and what of its Item was asked for so far."""

    scene: Scene
    translator: Translator
    unavailable: str | None = None
    """Why this server can fetch no file, where it cannot."""

    _core: dict[str, Any] | None = field(default=None, repr=False, compare=False)
    """The Item without assets, which most of the scenes that a filter is tried on need only a part of."""

    _whole: tuple[tuple[str, str], orjson.Fragment] | None = field(default=None, repr=False, compare=False)
    """The Item as it was made last, under where and until when its hrefs lead."""

    _verdicts: dict[Residual, bool] = field(default_factory=dict, repr=False, compare=False)
    """Filters that were tried on it, which those who ask again ask again."""

    def item(self, base: str, signer: Signer, fields: Fields = EVERYTHING) -> dict[str, Any] | orjson.Fragment:
        """The Item, its assets signed, or the parts of it that ``fields`` gives: the others are not made.

        ``base`` is the API's address with its last slash. A whole Item is dumped once for all who ask.
        """
        core = self._core = self._core or self.translator.core(self.scene)
        href_of = signer.href_maker(base, core["collection"], core["id"], self.scene.entity_id)
        if fields != EVERYTHING:
            return fields.apply(self._made(core, base, href_of, lambda key: fields.keeps(f"assets.{key}")))
        place = (base, href_of.expires)
        if self._whole is None or self._whole[0] != place:
            self._whole = place, orjson.Fragment(orjson.dumps(self._made(core, base, href_of)))
        return self._whole[1]

    def part(self, names: frozenset[str]) -> dict[str, Any]:
        """The Item without assets, or as much of it as these properties need."""
        return self._core or self.translator.core(self.scene, names)

    def matches(self, residual: Residual) -> bool:
        """Whether the Item is what a filter asks for."""
        verdict = self._verdicts.get(residual)
        if verdict is None:
            if len(self._verdicts) >= VERDICTS:
                self._verdicts.clear()
            verdict = self._verdicts[residual] = residual.keeps(self.part(residual.names))
        return verdict

    def _made(
        self, core: dict[str, Any], base: str, href_of: HrefMaker, wants: AssetFilter | None = None
    ) -> dict[str, Any]:
        item = self.translator.finish(core, self.scene, base, href_of, wants)
        return mark_files_unavailable(item, self.unavailable) if self.unavailable else item


class Recent:
    """Scenes found of late: one that M2M gives again unchanged is not translated again."""

    def __init__(self) -> None:
        self._kept: LRUCache[tuple[Translator, str, str | None], Found] = LRUCache(RECENT)

    def found(self, scene: Scene, translator: Translator, unavailable: str | None) -> Found:
        """The scene as it was found before, or anew where it has changed since."""
        place = translator, scene.entity_id, unavailable
        found = self._kept.get(place)
        if found is None or found.scene != scene:
            found = self._kept[place] = Found(scene, translator, unavailable)
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """What a walk found: ``cursor`` leads on, ``matched`` is None where the whole number is not known."""

    found: tuple[Found, ...]
    cursor: Cursor | Stand | None
    matched: int | None


class TooWide(Exception):
    """The calls of a page were spent before the first match; ``cursor`` leads on."""

    def __init__(self, cursor: Cursor | Stand, calls: int) -> None:
        super().__init__(f"{calls} calls")
        self.cursor = cursor
        self.calls = calls


@dataclass(frozen=True, slots=True)
class Sought:
    """How a search went: ``items`` on its page, None where it gave none; scenes looked at, and matched of these."""

    items: int | None
    looked: int
    matched: int


@dataclass(slots=True)
class Tally:
    """What went through a sieve so far."""

    looked: int = 0
    matched: int = 0


@dataclass(frozen=True, slots=True)
class Sieve:
    """Scenes → what of them was asked for."""

    residual: Residual | None
    found_of: Callable[[Scene, Entry], Found]
    tally: Tally = field(default_factory=Tally)

    async def find(self, scene: Scene, step: Step) -> Found | None:
        """The scene, where its Item matches; what M2M said exactly is not tried again.

        Of thousands of scenes it takes seconds, in which others have their turns.
        """
        found = self.found_of(scene, step.entry)
        self.tally.looked += 1
        if self.tally.looked % BREATH == 0:
            await asyncio.sleep(0)
        if self.residual is not None and not step.exact and not found.matches(self.residual):
            return None
        self.tally.matched += 1
        return found


@dataclass(slots=True)
class Effort:
    """What a page has cost so far: questions asked, and the seconds that the slowest answer took."""

    calls: int = 0
    slowest: float = 0

    async def read(self, reader: SceneReader, step: Step, start: int, size: int) -> Scenes:
        """Scenes of a step, as SceneReader gives them."""
        self.calls += 1
        begun = time.monotonic()
        scenes = await reader.scenes(step, start, size)
        self.slowest = max(self.slowest, time.monotonic() - begun)
        return scenes

    def is_spent(self, most: int) -> bool:
        """Whether nothing more should be asked: by their number, or because time would not suffice for one more."""
        return self.calls >= most or time_left() < 1.5 * self.slowest


def trusted_total(scenes: Scenes, step: Step) -> int | None:
    """totalHits, where a scene filter was sent [REFERENCE §3] and the scenes themselves do not give it the lie."""
    counted = scenes.exact and (step.ids or not step.filter.is_open)
    return scenes.total_hits if counted and scenes.total_hits >= _read_to(scenes) else None


def more_follow(scenes: Scenes, step: Step, asked: int) -> bool:
    """Whether scenes follow: M2M gave all that it was ``asked`` for, whatever it counts; or it counts on."""
    if not scenes.records_returned:
        return False
    total = trusted_total(scenes, step)
    return scenes.records_returned >= asked or (total is not None and _read_to(scenes) < total)


def _read_to(scenes: Scenes) -> int:
    """The number of the last scene."""
    return scenes.starting_number + scenes.records_returned - 1
