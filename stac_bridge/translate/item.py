"""A scene and what its dataset means → an Item."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from stac_bridge.m2m.models import fold
from stac_bridge.mapping.convert import CONVERTERS, day_end, day_start, iso
from stac_bridge.translate.assets import asset_templates
from stac_bridge.translate.extensions import EXTENSIONS, prefix_of
from stac_bridge.translate.geometry import footprint
from stac_bridge.translate.grid import grid_reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.catalog import Entry
    from stac_bridge.m2m.models import Scene
    from stac_bridge.mapping.model import Row

    Read = Callable[[Scene], Any]
    HrefOf = Callable[[str, str], str]
    Wants = Callable[[str], bool]

__all__ = ["Translator"]

_SCENE = {
    "displayId": "display_id",
    "entityId": "entity_id",
    "cloudCover": "cloud_cover",
    "spatialCoverage": "spatial_coverage",
    "spatialBounds": "spatial_bounds",
    "startDate": "start_date",
    "endDate": "end_date",
    "publishDate": "publish_date",
}
"""The mapping's words for a scene's parts (M2M's own) → the attributes of Scene."""


class Translator:
    """What one dataset's scenes become, with all that is the same for each scene made beforehand.

    Translation has two halves, so that a filter can be tried on an Item before assets are made for it:
    ``core`` gives id, geometry and properties; ``finish`` adds links and assets.
    """

    def __init__(self, entry: Entry) -> None:
        mapping = entry.mapping
        self.entry = entry
        self._id = _reader(mapping.item.id)
        self._geometry = _sources(mapping.item.geometry)
        self._times = _times(entry)
        self._constants = {name: row.value for name, row in mapping.properties.items() if row.is_constant}
        self._rows = tuple((name, _reader(row)) for name, row in mapping.properties.items() if not row.is_constant)
        self._grid = grid_reader(mapping.grid, fold) if mapping.grid else None
        self._assets = asset_templates(entry)

    def core(self, scene: Scene) -> dict[str, Any]:
        """The Item without links, assets and declared extensions."""
        properties: dict[str, Any] = self._times(scene)
        properties.update(self._constants)
        for name, read in self._rows:
            value = read(scene)
            if value is not None:
                properties[name] = value
        if self._grid:
            properties.update(self._grid(scene.fields))
        geometry, bbox = next(
            (found for source in self._geometry if (found := footprint(source(scene)))[0]), (None, None)
        )
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

    def finish(
        self, item: dict[str, Any], scene: Scene, base: str, href_of: HrefOf, wants: Wants | None = None
    ) -> dict[str, Any]:
        """The whole Item. ``base`` is the API's address with its last slash; ``href_of`` signs (key, file name).

        Where ``wants`` is given, only the assets whose keys it holds true for are made.
        """
        properties = item["properties"]
        used = {prefix_of(name) for name in properties}
        assets: dict[str, Any] = {}
        for template in self._assets:
            if wants and not wants(template.key):
                continue
            if any(properties.get(name) != value for name, value in template.only):
                continue
            if template.browse:
                href = _browse(scene, template.browse)
            elif scene.downloadable:
                href = href_of(template.key, f"{scene.display_id}{template.ending}")
            else:
                href = None
            if href:
                assets[template.key] = {"href": href, **template.said}
                used |= template.extensions
        item["stac_extensions"] = [url for prefix, url in EXTENSIONS.items() if prefix in used]
        item["links"] = self._links(item["id"], base)
        item["assets"] = assets
        return item

    def _links(self, item_id: str, base: str) -> list[dict[str, str]]:
        collection = f"{base}collections/{quote(self.entry.id, safe='')}"
        links = [
            {
                "rel": "self",
                "type": "application/geo+json",
                "href": f"{collection}/items/{quote(item_id, safe='')}",
            },
            {"rel": "parent", "type": "application/json", "href": collection},
            {"rel": "collection", "type": "application/json", "href": collection},
            {"rel": "root", "type": "application/json", "href": base},
        ]
        if self.entry.mapping.collection.doi:
            links.append({"rel": "cite-as", "href": f"https://doi.org/{self.entry.mapping.collection.doi}"})
        return links


def _reader(row: Row) -> Read:
    """A row as a function of the scene: the converted value, or the fallback's, or None."""
    if row.is_constant:
        return lambda _scene: row.value
    fetch, convert = _fetcher(row), CONVERTERS[row.convert]
    otherwise = _reader(row.otherwise) if row.otherwise else _nothing
    values = row.values

    def read(scene: Scene) -> Any:
        raw = fetch(scene)
        found = None if raw is None else convert(raw)
        if values is not None:
            found = values.get(str(found))
        return otherwise(scene) if found is None else found

    return read


def _fetcher(row: Row) -> Read:
    if row.field is not None:
        label = fold(row.field)
        return lambda scene: scene.fields.get(label)
    name = _SCENE[row.scene or ""]
    return lambda scene: getattr(scene, name)


def _sources(row: Row | None) -> tuple[Read, ...]:
    """A row and its fallbacks, unconverted."""
    return () if row is None else (_fetcher(row), *_sources(row.otherwise))


def _nothing(_scene: Scene) -> None:
    return None


def _times(entry: Entry) -> Callable[[Scene], dict[str, Any]]:
    """A function from the scene to its datetime, start_datetime and end_datetime.

    Start and end come both from the mapping's own source or both from its fallback, never mixed.
    A scene without any day was acquired some time within its dataset's own bounds.
    """
    item = entry.mapping.item
    exact = _reader(item.start_datetime.model_copy(update={"otherwise": None}))
    exact_end = _reader(item.end_datetime.model_copy(update={"otherwise": None}))
    coarse = _reader(item.start_datetime.otherwise) if item.start_datetime.otherwise else _nothing
    coarse_end = _reader(item.end_datetime.otherwise) if item.end_datetime.otherwise else _nothing
    bounds = {
        "datetime": None,
        "start_datetime": day_start(entry.dataset.acquisition_start) or "1850-01-01T00:00:00Z",
        "end_datetime": day_end(entry.dataset.acquisition_end) or day_end(entry.dataset.date_updated),
    }

    def read(scene: Scene) -> dict[str, Any]:
        start, end = exact(scene), exact_end(scene)
        if start and end and start <= end:
            middle = _middle(start, end, scene.start_date) if item.datetime == "middle" else None
            return {"datetime": middle, "start_datetime": start, "end_datetime": end}
        start, end = coarse(scene), coarse_end(scene)
        if start and end and start <= end:
            return {"datetime": None, "start_datetime": start, "end_datetime": end}
        return dict(bounds)

    return read


def _middle(start: str, end: str, acquired: str | None) -> str:
    """The middle of two instants, kept inside the day of acquisition.

    M2M's day is the UTC day of the scene's centre time; the middle may miss that time by 0.9 s, and must not
    slip over midnight, because searches by whole days would then lose the scene.
    """
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    middle = first + (last - first) / 2
    day = day_start(acquired)
    if day and not iso(middle).startswith(day[:10]):
        midnight = datetime.fromisoformat(day)
        middle = midnight if middle < midnight else datetime.combine(midnight, time.max, UTC)
    return iso(middle)


def _browse(scene: Scene, which: str) -> str | None:
    for picture in scene.browse:
        path = picture.thumbnail_path if which == "thumbnail" else picture.browse_path
        if path:
            return path
    return None
