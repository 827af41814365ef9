"""Translates a scene to an Item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urljoin

from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.scenes import Scene, fold
from stac_bridge.mapping import TIME_PROPERTIES
from stac_bridge.translate.assets.access import ORDERABLE, HrefMaker, auth_schemes
from stac_bridge.translate.assets.file_names import scene_files, stem_reader
from stac_bridge.translate.assets.s3 import S3
from stac_bridge.translate.assets.templates import AssetTemplate, Kind, are_met, asset_templates, is_any_met
from stac_bridge.translate.extensions import declared_extensions, prefix_of
from stac_bridge.translate.links import earth_explorer_url, row_links
from stac_bridge.translate.names import title_maker
from stac_bridge.translate.properties.fields import fields_reader
from stac_bridge.translate.properties.geometry import GeometryAndBbox, footprint
from stac_bridge.translate.properties.grid import finer_grid, grid_reader
from stac_bridge.translate.properties.row_readers import Read, raw_reader, row_reader
from stac_bridge.translate.properties.tile_grid import tile_reader
from stac_bridge.translate.properties.times import times_reader

AssetFilter = Callable[[str], bool]
"""Whether to make the asset with this key."""


_NO_LABELS = frozenset[str]()
_GEOMETRY_NAMES = frozenset(("geometry", "bbox"))
_TOP_LEVEL_NAMES = _GEOMETRY_NAMES | {"id", "collection"}
"""The members of an Item that a filter can use outside its properties."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The parts of a scene to read for some of an Item's properties."""

    rows: tuple[tuple[str, Read], ...]
    times: bool = True
    grid: bool = True
    fields: bool = True
    geometry: bool = True


class Translator:
    """Translates the scenes of one dataset. Everything that is the same for each scene is prepared once.

    Translation has two halves, so that a filter can be evaluated before assets are made: ``core`` makes the id,
    geometry and properties; ``finish`` adds links and assets.
    """

    def __init__(self, entry: Entry) -> None:
        mapping = entry.mapping
        self.entry = entry
        self._read_id = row_reader(mapping.item.id)
        self._geometry_readers = tuple(raw_reader(row) for row in mapping.item.geometry.chain)
        self._read_times = times_reader(entry)
        self._constants = {name: row.value for name, row in mapping.properties.items() if row.is_constant}
        self._constants["m2m:dataset"] = entry.dataset.alias
        rows = ((name, row_reader(row)) for name, row in mapping.properties.items() if not row.is_constant)
        self._whole = _Part(tuple(rows))
        self._part_of = lru_cache(maxsize=64)(self._needed_part)
        self._read_fields = fields_reader(mapping) if mapping.fields else None
        self._read_grid = grid_reader(mapping.grid, fold) if mapping.grid else None
        self._read_tile = tile_reader(mapping)
        self._asset_templates = asset_templates(entry)
        self._read_stem = stem_reader(mapping.file_names)
        self._row_links = row_links(mapping)
        self._title_of = title_maker(entry)
        self._s3 = S3(mapping.s3) if mapping.s3 else None

    def core(self, scene: Scene, names: frozenset[str] | None = None) -> dict[str, Any]:
        """Return the Item without links, assets and declared extensions.

        With ``names``, properties and geometry that these do not need can be missing: a filter uses few of them and
        rejects most of the thousands of scenes that a search can read.
        """
        part = self._whole if names is None else self._part_of(names)
        times, labels_of_times = self._read_times(scene) if part.times or part.fields else ({}, _NO_LABELS)
        properties: dict[str, Any] = times if part.times else {}
        properties.update(self._constants)
        for name, read in part.rows:
            value = read(scene)
            if value is not None:
                properties[name] = value
        if self._read_grid and part.grid:
            properties.update(self._read_grid(scene.fields))
        if self._read_tile and part.grid:
            properties.update(self._read_tile(scene.display_id))
        if self._read_fields and part.fields:
            properties.update(self._read_fields(scene, labels_of_times))
        geometry, bbox = self._geometry(scene) if part.geometry else (None, None)
        item: dict[str, Any] = {
            "type": "Feature",
            "stac_version": "1.1.0",
            "stac_extensions": [],
            "id": self._read_id(scene),
            "collection": self.entry.id,
            "geometry": geometry,
        }
        if bbox:
            item["bbox"] = bbox
        item["properties"] = properties
        if names is None or "title" in names:
            item["properties"] = {"title": self._title_of(item), **properties}
        return item

    def _needed_part(self, names: frozenset[str]) -> _Part:
        if "title" in names:  # which is made of other properties
            return self._whole
        rows = tuple(row for row in self._whole.rows if row[0] in names)
        others = names.difference(TIME_PROPERTIES, self._constants, (name for name, _read in rows), _TOP_LEVEL_NAMES)
        grid_names = {name for name in others if name.startswith(("proj:", "grid:"))}
        return _Part(
            rows,
            times=not names.isdisjoint(TIME_PROPERTIES),
            grid=bool(grid_names),
            fields=bool(others - grid_names),
            geometry=not names.isdisjoint(_GEOMETRY_NAMES),
        )

    def _geometry(self, scene: Scene) -> GeometryAndBbox:
        """Return the first usable geometry of the mapping's sources, with its bbox."""
        places = (footprint(read(scene)) for read in self._geometry_readers)
        return next((place for place in places if place[0]), (None, None))

    def finish(
        self,
        item: dict[str, Any],
        scene: Scene,
        base: str,
        make_href: HrefMaker,
        include_asset: AssetFilter | None = None,
    ) -> dict[str, Any]:
        """Return the whole Item, made from ``core``'s result ``item``, which is not changed.

        ``base`` is the API's address and ends with a slash. With ``include_asset``, only these assets are made.
        """
        properties = {**item["properties"]}
        used = {prefix_of(name) for name in properties}
        s3_folder = self._s3.folder_of(item) if self._s3 else None
        assets: dict[str, Any] = {}
        templates = self._templates_of(scene, properties)
        for file in scene_files(templates, scene, self._read_stem(scene.display_id)):
            template = file.template
            # The properties of an Item describe all its assets, made or not.
            used |= template.extensions
            if include_asset and not include_asset(template.key):
                continue
            href = make_href(template.key, file.name, file.url)
            assets[template.key] = self._asset(template, href, item, s3_folder)
        if self._s3 and s3_folder and scene.downloadable:
            properties["storage:schemes"] = self._s3.schemes
            used |= {"alternate", "storage"}
        if "auth" in used:
            properties["auth:schemes"] = auth_schemes(base)
            properties["m2m:href_expires"] = make_href.expires
        _set_order_status(scene, properties, assets, used)
        return {
            **item,
            "stac_extensions": declared_extensions(used, base, properties),
            "properties": properties,
            "links": self._links(item, scene, base),
            "assets": assets,
        }

    def _templates_of(self, scene: Scene, properties: dict[str, Any]) -> list[AssetTemplate]:
        """Return the templates of a scene's assets: of several with one key, the first whose conditions it meets."""
        templates: dict[str, AssetTemplate] = {}
        for template in self._asset_templates:
            if (
                template.key not in templates
                and are_met(template.conditions, properties)
                and not is_any_met(template.unless, properties)
                and _has_id(scene, template.ids)
            ):
                templates[template.key] = template
        return list(templates.values())

    def _asset(self, template: AssetTemplate, href: str, item: dict[str, Any], s3_folder: str | None) -> dict[str, Any]:
        asset = {"href": href, **template.fields}
        if template.pixel and "proj:shape" in item["properties"]:
            properties = item["properties"]
            asset.update(finer_grid(properties["proj:shape"], properties["proj:transform"], template.pixel))
        if self._s3 and s3_folder and template.kind is Kind.FILE:
            s3_href = f"{s3_folder}{item['id']}{template.suffix}"
            asset["alternate"] = {"s3": {"href": s3_href, **self._s3.fields}}
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
                "href": earth_explorer_url(self.entry.dataset.id, quote(scene.entity_id, safe="")),
            },
        ]
        if self.entry.mapping.collection.doi:
            links.append({"rel": "cite-as", "href": f"https://doi.org/{self.entry.mapping.collection.doi}"})
        return links + [{**link, "href": urljoin(base, link["href"])} for link in self._row_links(item)]


def _set_order_status(
    scene: Scene, properties: dict[str, Any], assets: dict[str, dict[str, Any]], used: set[str]
) -> None:
    """Set the Item's status if USGS takes orders for the scene; if not, its products need no order."""
    if not scene.orderable:
        for asset in assets.values():
            asset.pop("order:status", None)
        used.discard("order")
    elif "order" in used or not scene.downloadable:
        # The order extension's schema requires a status of the Item, too, if an asset has one.
        properties["order:status"] = ORDERABLE
        used.add("order")


def _has_id(scene: Scene, pattern: str) -> bool:
    return pattern == "*" or fnmatchcase(scene.display_id, pattern)
