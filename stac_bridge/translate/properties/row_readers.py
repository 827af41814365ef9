"""Compiles rows to functions of a scene: made once per dataset, called for each scene."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stac_bridge.m2m.models.scenes import Scene, fold
from stac_bridge.mapping.converters import CONVERTERS
from stac_bridge.mapping.rows import Row

Read = Callable[[Scene], Any]

_SCENE_ATTRIBUTES = {
    "displayId": "display_id",
    "entityId": "entity_id",
    "cloudCover": "cloud_cover",
    "spatialCoverage": "spatial_coverage",
    "spatialBounds": "spatial_bounds",
    "startDate": "start_date",
    "endDate": "end_date",
    "publishDate": "publish_date",
}
"""M2M's names, which mappings use, and the attributes of Scene."""


def row_reader(row: Row) -> Read:
    """Return a function from a scene to the row's converted value, else its fallback's, else None."""
    if row.is_constant:
        return lambda _scene: row.value
    read_raw, convert = raw_reader(row), CONVERTERS[row.convert]
    fallback = row_reader(row.otherwise) if row.otherwise else _read_nothing
    # M2M varies the case of its words, as that of its labels.
    values = None if row.values is None else {fold(code): value for code, value in row.values.items()}

    def read(scene: Scene) -> Any:
        raw = read_raw(scene)
        value = None if raw is None else convert(raw)
        if values is not None:
            value = values.get(fold(str(value)))
        return fallback(scene) if value is None else value

    return read


def raw_reader(row: Row) -> Read:
    """Return a function from a scene to the row's unconverted value. The row must not be a constant."""
    if row.field is not None:
        label = fold(row.field)
        return lambda scene: scene.fields.get(label)
    name = _SCENE_ATTRIBUTES[row.scene or ""]
    return lambda scene: getattr(scene, name)


def _read_nothing(_scene: Scene) -> None:
    return None
