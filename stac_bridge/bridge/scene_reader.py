"""Scenes as M2M has them: each question asked once for all who ask it, and remembered for a while."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from typing import TYPE_CHECKING
from uuid import uuid4

from stac_bridge.errors import UpstreamError, UpstreamFault
from stac_bridge.m2m.filters import SceneSearch
from stac_bridge.m2m.models.scenes import Scenes
from stac_bridge.search.pushdown.places import clipped, leaves_the_globe

if TYPE_CHECKING:
    from stac_bridge.m2m.client import M2MClient
    from stac_bridge.m2m.models.scenes import Scene
    from stac_bridge.search.plan import Step
    from stac_bridge.store import Store

__all__ = ["SceneReader"]

_log = logging.getLogger(__name__)

PARSED = 6
"""How many bytes of memory one byte of a scene-search answer takes once parsed (measured: 134 MB → 658 MB)."""

SCENE_BYTES = 16_384
"""Bytes of a scene with its metadata."""

_REFUSALS = frozenset({"INPUT_INVALID", "INPUT_PARAMETER_INVALID", "INPUT_FORMAT", "SEARCH_ERROR", "SEARCH_FAILED"})
"""What M2M may say of a place that it does not take."""


class SceneReader:
    """Asks M2M; an answer is reused for ``ttl`` seconds, and ``stale`` more while M2M does not answer.

    Every method raises UpstreamError.
    """

    def __init__(self, m2m: M2MClient, store: Store, ttl: float, stale: float = 0) -> None:
        self._m2m = m2m
        self._store = store
        self._ttl = ttl
        self._stale = stale
        self._flat = False

    async def scenes(self, step: Step, start: int, size: int) -> Scenes:
        """``size`` scenes of a step from number ``start`` (from 1) on."""
        dataset = step.entry.dataset.alias
        if step.ids:
            return await self._by_id(dataset, step.ids, start, size)
        asked = SceneSearch(
            dataset=dataset, max_results=size, starting_number=start, filter=step.filter, metadata_type="full"
        )
        if not leaves_the_globe(step.filter):
            return await self._asked(asked)
        return await self._beyond(asked)

    async def _beyond(self, asked: SceneSearch) -> Scenes:
        """A place past ±180; clipped where M2M has once refused to look there."""
        if not self._flat:
            try:
                return await self._asked(asked)
            except UpstreamFault as fault:
                if fault.code not in _REFUSALS:
                    raise
                _log.warning("M2M refuses a place past 180 degrees (%s): such places are clipped from now on.", fault)
        found = await self._asked(asked.model_copy(update={"filter": asked.filter and clipped(asked.filter)}))
        self._flat = True
        return found

    async def _asked(self, asked: SceneSearch) -> Scenes:
        return await self._store.get_or_make(
            f"scenes {asked.digest()}",
            lambda: self._m2m.scene_search(asked),
            ttl=self._ttl,
            stale=self._stale,
            size=lambda scenes: scenes.size * PARSED,
            finish_abandoned=False,
        )

    async def scene(self, dataset: str, display_id: str) -> Scene | None:
        """The scene of an id, or None."""
        found = await self._store.get_or_make(
            f"scene {dataset} {display_id}",
            lambda: self._scene_or_none(dataset, display_id),
            ttl=self._ttl,
            stale=self._stale,
            size=lambda _found: SCENE_BYTES * PARSED,
            finish_abandoned=False,
        )
        return found[0]

    async def _scene_or_none(self, dataset: str, display_id: str) -> tuple[Scene | None]:
        """In a tuple, so that an absence is remembered, too."""
        scene = await self._m2m.scene_metadata(dataset, display_id)
        return (scene if scene and scene.display_id == display_id else None,)

    async def _by_id(self, dataset: str, ids: tuple[str, ...], start: int, size: int) -> Scenes:
        """The scenes of a list of ids, where no filter finds them: one call for one, three for more."""
        if len(ids) == 1:
            scene = await self.scene(dataset, ids[0])
            found: tuple[Scene, ...] = (scene,) if scene else ()
        else:
            name = hashlib.sha256("\n".join((dataset, *ids)).encode()).hexdigest()
            found = await self._store.get_or_make(
                f"list {name}",
                lambda: self._listed(dataset, ids),
                ttl=self._ttl,
                stale=self._stale,
                size=lambda scenes: len(scenes) * SCENE_BYTES * PARSED,
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
