"""Rows → functions of a scene, made once and called for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stac_bridge.m2m.models.scenes import fold
from stac_bridge.mapping.converters import CONVERTERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.m2m.models.scenes import Scene
    from stac_bridge.mapping.rows import Row

    Read = Callable[[Scene], Any]

__all__ = ["reader", "source"]

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


def reader(row: Row) -> Read:
    """A row as a function of the scene: the converted value, or the fallback's, or None."""
    if row.is_constant:
        return lambda _scene: row.value
    fetch, convert = source(row), CONVERTERS[row.convert]
    otherwise = reader(row.otherwise) if row.otherwise else _nothing
    values = row.values

    def read(scene: Scene) -> Any:
        raw = fetch(scene)
        found = None if raw is None else convert(raw)
        if values is not None:
            found = values.get(str(found))
        return otherwise(scene) if found is None else found

    return read


def source(row: Row) -> Read:
    """What a row reads of the scene, unconverted."""
    if row.field is not None:
        label = fold(row.field)
        return lambda scene: scene.fields.get(label)
    name = _SCENE[row.scene or ""]
    return lambda scene: getattr(scene, name)


def _nothing(_scene: Scene) -> None:
    return None
