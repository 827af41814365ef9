"""Scenes from M2M: concurrent equal requests become one call, and answers are cached for a while."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from uuid import uuid4

from stac_bridge.errors import UpstreamError, UpstreamFault
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.filters import SceneSearch
from stac_bridge.m2m.models.scenes import Scene, Scenes
from stac_bridge.search.plan import Step
from stac_bridge.search.pushdown.spatial import clip_to_180, extends_past_180
from stac_bridge.store import Store

_log = logging.getLogger(__name__)

PARSED_FACTOR = 6
"""Bytes of memory for one byte of a scene-search answer once it is parsed (measured: 134 MB → 658 MB)."""

SCENE_BYTES = 16_384
"""Bytes of a scene with its metadata."""

_PLACE_REFUSALS = frozenset(
    {"INPUT_INVALID", "INPUT_PARAMETER_INVALID", "INPUT_FORMAT", "SEARCH_ERROR", "SEARCH_FAILED"}
)
"""Error codes that M2M may answer to a place that it does not accept."""


class SceneReader:
    """Reads scenes; answers are reused for ``ttl`` seconds, and for ``stale`` more while M2M does not answer.

    Every method raises UpstreamError.
    """

    def __init__(self, m2m: M2MClient, store: Store, ttl: float, stale: float = 0) -> None:
        self._m2m = m2m
        self._store = store
        self._ttl = ttl
        self._stale = stale
        self._clips = False
        """Whether M2M has refused a place past ±180, so that such places are clipped."""

    async def scenes(self, step: Step, start: int, size: int) -> Scenes:
        """Return ``size`` scenes of a step from number ``start`` (from 1) on."""
        dataset = step.entry.dataset.alias
        if step.is_lookup:
            return await self._by_id(step, start, size)
        search = SceneSearch(
            dataset=dataset, max_results=size, starting_number=start, filter=step.filter, metadata_type="full"
        )
        if not extends_past_180(step.filter):
            return await self._search(search)
        return await self._search_past_180(search)

    async def _search_past_180(self, search: SceneSearch) -> Scenes:
        """Search a place past ±180; once M2M has refused one, such places are clipped."""
        if not self._clips:
            try:
                return await self._search(search)
            except UpstreamFault as fault:
                if fault.code not in _PLACE_REFUSALS:
                    raise
                _log.warning("M2M refuses a place past 180 degrees (%s): such places are clipped from now on.", fault)
        clipped = search.filter and clip_to_180(search.filter)
        scenes = await self._search(search.model_copy(update={"filter": clipped}))
        # Only now: if the clipped search had failed, too, its place would not have been the reason.
        self._clips = True
        return scenes

    async def _search(self, search: SceneSearch) -> Scenes:
        return await self._store.get_or_make(
            f"scenes {search.digest()}",
            lambda: self._m2m.scene_search(search),
            ttl=self._ttl,
            stale=self._stale,
            size=lambda scenes: scenes.size * PARSED_FACTOR,
            finish_abandoned=False,
        )

    async def scene(self, dataset: str, display_id: str) -> Scene | None:
        """Return the scene with this id; None if there is none."""
        (scene,) = await self._store.get_or_make(
            f"scene {dataset} {display_id}",
            lambda: self._request_scene(dataset, display_id),
            ttl=self._ttl,
            stale=self._stale,
            size=lambda _scenes: SCENE_BYTES * PARSED_FACTOR,
            finish_abandoned=False,
        )
        return scene

    async def _request_scene(self, dataset: str, display_id: str) -> tuple[Scene | None]:
        """The scene in a tuple, so that its absence is cached, too."""
        scene = await self._m2m.scene_metadata(dataset, display_id)
        return (scene if scene and scene.display_id == display_id else None,)

    async def scene_of_entity(self, dataset: str, entity_id: str) -> Scene | None:
        """Return the scene with this entity id; None if there is none."""
        (scene,) = await self._store.get_or_make(
            f"scene of entity {dataset} {entity_id}",
            lambda: self._request_entity(dataset, entity_id),
            ttl=self._ttl,
            stale=self._stale,
            size=lambda _scenes: SCENE_BYTES * PARSED_FACTOR,
            finish_abandoned=False,
        )
        return scene

    async def _request_entity(self, dataset: str, entity_id: str) -> tuple[Scene | None]:
        scene = await self._m2m.scene_metadata(dataset, entity_id, id_field="entityId")
        return (scene if scene and scene.entity_id == entity_id else None,)

    async def _by_id(self, step: Step, start: int, size: int) -> Scenes:
        """The scenes of ids in a dataset that has no filter for them: one call for one id, three or four for more."""
        dataset, ids, entity_ids = step.entry.dataset.alias, step.ids, step.entity_ids
        if len(ids) + len(entity_ids) == 1:
            scene = await (self.scene(dataset, ids[0]) if ids else self.scene_of_entity(dataset, entity_ids[0]))
            scenes: tuple[Scene, ...] = (scene,) if scene else ()
        else:
            digest = hashlib.sha256("\n".join((dataset, *ids, "", *entity_ids)).encode()).hexdigest()
            scenes = await self._store.get_or_make(
                f"list {digest}",
                lambda: self._request_list(dataset, ids, entity_ids),
                ttl=self._ttl,
                stale=self._stale,
                size=lambda scenes: len(scenes) * SCENE_BYTES * PARSED_FACTOR,
            )
        page = scenes[start - 1 : start - 1 + size]
        return Scenes(
            results=page,
            total_hits=len(scenes),
            exact=True,
            starting_number=start,
            records_returned=len(page),
            next_record=start + len(page),
            size=0,
        )

    async def _request_list(self, dataset: str, ids: tuple[str, ...], entity_ids: tuple[str, ...]) -> tuple[Scene, ...]:
        """The scenes in the order of their ids, by a scene list of the account, which is removed afterwards."""
        name = f"stac_bridge_{uuid4().hex}"
        try:
            if ids:
                await self._m2m.scene_list_add(name, dataset, ids)
            if entity_ids:
                # Ids of scenes that are on the list already are added to it [REFERENCE §15].
                await self._m2m.scene_list_add(name, dataset, entity_ids, id_field="entityId")
            scenes = await self._m2m.scene_metadata_list(name)
        finally:
            with contextlib.suppress(UpstreamError):
                await self._m2m.scene_list_remove(name)
        by_display_id = {scene.display_id: scene for scene in scenes}
        by_entity_id = {scene.entity_id: scene for scene in scenes}
        ordered = [by_display_id.get(identifier) for identifier in ids]
        ordered += [by_entity_id.get(identifier) for identifier in entity_ids]
        # Both ids of a scene can be among them.
        return tuple({scene.entity_id: scene for scene in ordered if scene}.values())
