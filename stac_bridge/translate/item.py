"""A scene and what its dataset means → an Item."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from stac_bridge.m2m.models.scenes import fold
from stac_bridge.mapping import TIMES
from stac_bridge.translate.access import ORDERABLE, auth_schemes
from stac_bridge.translate.assets import asset_templates
from stac_bridge.translate.extensions import declared, prefix_of
from stac_bridge.translate.fields import fields_reader
from stac_bridge.translate.geometry import footprint
from stac_bridge.translate.grid import finer, grid_reader
from stac_bridge.translate.links import filler, native_record, row_links
from stac_bridge.translate.row_readers import reader, source
from stac_bridge.translate.times import times_reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.catalog import Entry
    from stac_bridge.m2m.models.scenes import Scene
    from stac_bridge.translate.access import HrefOf
    from stac_bridge.translate.assets import AssetTemplate
    from stac_bridge.translate.row_readers import Read

    Wants = Callable[[str], bool]

__all__ = ["Translator"]


_PLACE = frozenset(("geometry", "bbox"))
_OUTSIDE = _PLACE | {"id", "collection"}
"""What an Item tells of itself outside its properties."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Which readings an Item's properties need."""

    rows: tuple[tuple[str, Read], ...]
    times: bool = True
    grid: bool = True
    fields: bool = True
    place: bool = True


class Translator:
    """What one dataset's scenes become, with all that is the same for each scene made beforehand.

    Translation has two halves, so that a filter can be tried on an Item before assets are made for it:
    ``core`` gives id, geometry and properties; ``finish`` adds links and assets.
    """

    def __init__(self, entry: Entry) -> None:
        mapping = entry.mapping
        self.entry = entry
        self._id = reader(mapping.item.id)
        self._geometry = tuple(source(row) for row in mapping.item.geometry.chain)
        self._times = times_reader(entry)
        self._constants = {name: row.value for name, row in mapping.properties.items() if row.is_constant}
        self._constants["m2m:dataset"] = entry.dataset.alias
        rows = ((name, reader(row)) for name, row in mapping.properties.items() if not row.is_constant)
        self._all = _Part(tuple(rows))
        self._part_of = lru_cache(maxsize=64)(self._needed)
        self._fields = fields_reader(mapping) if mapping.fields else None
        self._grid = grid_reader(mapping.grid, fold) if mapping.grid else None
        self._assets = asset_templates(entry)
        self._more_links = row_links(mapping)
        self._s3_folder = filler(mapping.s3.folder) if mapping.s3 else None
        self._s3_said = mapping.s3 and {
            "storage:platform": "AWS",
            "storage:region": mapping.s3.region,
            "storage:requester_pays": mapping.s3.requester_pays,
        }

    def core(self, scene: Scene, names: frozenset[str] | None = None) -> dict[str, Any]:
        """The Item without links, assets and declared extensions.

        Where ``names`` are given, no more of its properties and of its place than these need be there: trying a
        filter on thousands of scenes asks for few, and most of the scenes are then left.
        """
        part = self._all if names is None else self._part_of(names)
        properties: dict[str, Any] = self._times(scene) if part.times else {}
        properties.update(self._constants)
        for name, read in part.rows:
            value = read(scene)
            if value is not None:
                properties[name] = value
        if self._grid and part.grid:
            properties.update(self._grid(scene.fields))
        if self._fields and part.fields:
            properties.update(self._fields(scene.fields))
        geometry, bbox = self._place(scene) if part.place else (None, None)
        item: dict[str, Any] = {
            "type": "Feature",
            "stac_version": "1.1.0",
            "stac_extensions": [],
            "id": self._id(scene),
            "collection": self.entry.id,
            "geometry": geometry,
        }
        if bbox:
            item["bbox"] = bbox
        item["properties"] = properties
        return item

    def _needed(self, names: frozenset[str]) -> _Part:
        rows = tuple(one for one in self._all.rows if one[0] in names)
        rest = names.difference(TIMES, self._constants, (name for name, _read in rows), _OUTSIDE)
        of_grid = {name for name in rest if name.startswith("proj:")}
        return _Part(
            rows,
            times=not names.isdisjoint(TIMES),
            grid=bool(of_grid),
            fields=bool(rest - of_grid),
            place=not names.isdisjoint(_PLACE),
        )

    def _place(self, scene: Scene) -> tuple[dict[str, Any] | None, list[float] | None]:
        return next((found for read in self._geometry if (found := footprint(read(scene)))[0]), (None, None))

    def finish(
        self, item: dict[str, Any], scene: Scene, base: str, href_of: HrefOf, wants: Wants | None = None
    ) -> dict[str, Any]:
        """The whole Item. ``base`` is the API's address with its last slash; ``href_of`` signs (key, file name).

        Where ``wants`` is given, only the assets whose keys it holds true for are made. ``item`` stays as it is.
        """
        properties = {**item["properties"]}
        used = {prefix_of(name) for name in properties}
        folder = self._s3_folder and self._s3_folder(item)
        assets: dict[str, Any] = {}
        for template in self._assets:
            if wants and not wants(template.key):
                continue
            if any(properties.get(name) not in values for name, values in template.only):
                continue
            if template.browse:
                href = _browse(scene, template.browse)
            elif scene.downloadable:
                href = href_of(template.key, f"{scene.display_id}{template.ending}")
            else:
                href = None
            if href:
                assets[template.key] = self._asset(template, href, item, folder)
                used |= template.extensions
        if folder and scene.downloadable:
            used |= {"alternate", "storage"}
        if "auth" in used:
            properties["auth:schemes"] = auth_schemes(base)
            properties["m2m:href_expires"] = href_of.expires
        if "order" in used or (scene.orderable and not scene.downloadable):
            # the extension's schema asks for the Item's own status beside those of assets
            properties["order:status"] = ORDERABLE
            used.add("order")
        return {
            **item,
            "stac_extensions": declared(used, base, properties),
            "properties": properties,
            "links": self._links(item, scene, base),
            "assets": assets,
        }

    def _asset(self, template: AssetTemplate, href: str, item: dict[str, Any], folder: str | None) -> dict[str, Any]:
        asset = {"href": href, **template.said}
        if template.pixel and "proj:shape" in item["properties"]:
            properties = item["properties"]
            asset.update(finer(properties["proj:shape"], properties["proj:transform"], template.pixel))
        if folder and template.is_file:
            asset["alternate"] = {"s3": {"href": f"{folder}{item['id']}{template.ending}", **(self._s3_said or {})}}
        return asset

    def _links(self, item: dict[str, Any], scene: Scene, base: str) -> list[dict[str, str]]:
        collection = f"{base}collections/{quote(self.entry.id, safe='')}"
        links = [
            {
                "rel": "self",
                "type": "application/geo+json",
                "href": f"{collection}/items/{quote(item['id'], safe='')}",
            },
            {"rel": "parent", "type": "application/json", "href": collection},
            {"rel": "collection", "type": "application/json", "href": collection},
            {"rel": "root", "type": "application/json", "href": base},
            {
                "rel": "via",
                "type": "text/html",
                "title": "The scene in EarthExplorer",
                "href": native_record(self.entry.dataset.id, quote(scene.entity_id, safe="")),
            },
        ]
        if self.entry.mapping.collection.doi:
            links.append({"rel": "cite-as", "href": f"https://doi.org/{self.entry.mapping.collection.doi}"})
        return links + self._more_links(item)


def _browse(scene: Scene, which: str) -> str | None:
    for picture in scene.browse:
        path = picture.thumbnail_path if which == "thumbnail" else picture.browse_path
        if path:
            return path
    return None
