"""The one scene that an id or an href means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stac_bridge.assets.resolve.product import SceneFile
from stac_bridge.bridge.page import Sieve
from stac_bridge.errors import NotFound
from stac_bridge.mapping import TIME_PROPERTIES
from stac_bridge.search import Residual, Search, fits, ids_like, step_of, whole_id
from stac_bridge.translate.assets import product_code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stac_bridge.assets.href import AssetRef
    from stac_bridge.bridge.page import Found
    from stac_bridge.bridge.scene_reader import SceneReader
    from stac_bridge.catalog.catalog import Entry
    from stac_bridge.catalog.refresh import Catalogue
    from stac_bridge.m2m.models.scenes import Scene

__all__ = ["Lookup"]

SAME = 20
"""Scenes looked at for an id that lacks the part by which they differ: there is one, or a few older ones beside it."""


class Lookup:
    """Knows in which datasets to look. Every method raises NotFound, UpstreamError."""

    def __init__(self, catalogue: Catalogue, reader: SceneReader, found_of: Callable[[Scene, Entry], Found]) -> None:
        self._catalogue = catalogue
        self._reader = reader
        self._found_of = found_of

    async def item(self, collection: str, item: str) -> Found:
        """The scene whose Item has this id."""
        for member in await self._likely_members(collection, item):
            entry = await self._catalogue.knowing(member)
            scene = await self._scene(entry, item)
            if scene is not None:
                return self._found_of(scene, entry)
        raise NotFound(f"Collection {collection!r} has no item {item!r}.")

    async def wanted(self, ref: AssetRef) -> SceneFile:
        """The file or product that an href means."""
        entry = await self._holder(ref)
        is_file = entry.mapping.has_file(ref.key)
        return SceneFile(
            dataset=entry.dataset.alias,
            entity_id=ref.entity_id,
            display_id=ref.item,
            filename=ref.filename,
            suffix=ref.filename.removeprefix(f"{ref.item}_") if is_file else None,
            product_code=None if is_file else product_code(ref.key),
        )

    async def _likely_members(self, collection: str, item: str) -> Sequence[Entry]:
        """The entries of a Collection that may have an Item, by the form of its id; all, where it tells nothing."""
        members = (await self._catalogue.now()).members(collection)
        return [one for one in members if fits(item, one)] or members

    async def _scene(self, entry: Entry, item: str) -> Scene | None:
        """The scene of an Item's id in any form. One call: what lacks a part is searched for, the newest is meant."""
        alike = ids_like(item, entry)
        if alike is None:
            return await self._reader.scene(entry.dataset.alias, whole_id(item, entry))
        step = step_of(Search((), alike), entry)
        if step.filter.is_open:
            return None
        scenes = await self._reader.scenes(step, 1, SAME)
        sieve = Sieve(Residual(alike, TIME_PROPERTIES), self._found_of)
        found = [scene for scene in scenes.results if await sieve.find(scene, step)]
        return max(found, key=lambda scene: scene.display_id, default=None)

    async def _holder(self, ref: AssetRef) -> Entry:
        """The entry that has the Item of an href: of a union's members that may have it, the first that does."""
        members = await self._likely_members(ref.collection, ref.item)
        for entry in members[:-1]:
            if await self._reader.scene(entry.dataset.alias, ref.item):
                return entry
        return members[-1]
