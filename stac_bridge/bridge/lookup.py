"""From an id or an href to the one scene it identifies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stac_bridge.assets.href import AssetRef
from stac_bridge.assets.resolve.product import SceneFile
from stac_bridge.bridge.page import SceneItem, Sieve
from stac_bridge.bridge.scene_reader import SceneReader
from stac_bridge.catalog.entry import Entry
from stac_bridge.catalog.live import LiveCatalog
from stac_bridge.errors import NotFound
from stac_bridge.m2m.models.scenes import Scene
from stac_bridge.mapping.products import ProductChoice, product_choice
from stac_bridge.search import EntityId, PartialId, Search, make_step, resolve_id

MAX_SAME_ID = 20
"""Scenes requested for an id that lacks a part: usually one matches, or a few older versions beside it."""


class Lookup:
    """Finds scenes and files by id. Every method raises NotFound, UpstreamError."""

    def __init__(
        self, catalog: LiveCatalog, reader: SceneReader, scene_item: Callable[[Scene, Entry], SceneItem]
    ) -> None:
        self._catalog = catalog
        self._reader = reader
        self._scene_item = scene_item

    async def item(self, collection: str, item: str) -> SceneItem:
        """Return the scene of the Item with this id, in any form that the mapping describes."""
        for member in await self._likely_members(collection, item):
            scene = await self._scene(member, item)
            if scene is not None:
                return self._scene_item(scene, await self._catalog.with_details(member))
        raise NotFound(f"Collection {collection!r} has no item {item!r}.")

    async def wanted(self, ref: AssetRef) -> SceneFile:
        """Return the file or product that an href refers to."""
        entry = await self._entry_of(ref)
        is_file = entry.mapping.has_file(ref.key)
        choice = ProductChoice() if is_file else product_choice(entry.mapping.products or {}, ref.key, ref.item)
        return SceneFile(
            dataset=entry.dataset.alias,
            entity_id=ref.entity_id,
            display_id=ref.item,
            filename=ref.filename,
            suffix=ref.filename.removeprefix(f"{ref.item}_") if is_file else None,
            product_code=choice.code,
            product_named=choice.named,
        )

    async def _likely_members(self, collection: str, item: str) -> Sequence[Entry]:
        """The entries of a Collection whose ids have the form of this one; all entries if none has."""
        members = (await self._catalog.current()).members(collection)
        return [member for member in members if resolve_id(item, member)] or members

    async def _scene(self, entry: Entry, item: str) -> Scene | None:
        """The scene of an Item's id in any form, by one call.

        An id that lacks a part is searched for; of several matches, the one with the newest version is returned.
        """
        resolved = resolve_id(item, entry)
        if isinstance(resolved, EntityId):
            return await self._reader.scene_of_entity(entry.dataset.alias, resolved.id)
        if not isinstance(resolved, PartialId):
            return await self._reader.scene(entry.dataset.alias, resolved.id if resolved else item)
        cql2, entry = resolved.filter, await self._catalog.with_details(entry)
        step = make_step(Search((), cql2), entry)
        if step.filter.is_open:
            return None
        scenes = await self._reader.scenes(step, 1, MAX_SAME_ID)
        sieve = Sieve(self._scene_item)
        matches = [scene for scene in scenes.results if await sieve.match(scene, step)]
        return max(matches, key=lambda scene: scene.display_id, default=None)

    async def _entry_of(self, ref: AssetRef) -> Entry:
        """The entry of an href's Item. If several members of a union fit its id, each but the last is looked into."""
        members = await self._likely_members(ref.collection, ref.item)
        for entry in members[:-1]:
            if await self._reader.scene(entry.dataset.alias, ref.item):
                return entry
        return members[-1]
