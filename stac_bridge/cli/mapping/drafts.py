"""Compares a mapping with M2M's description of its dataset, and drafts a new mapping. Pure."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import yaml

from stac_bridge.catalog import field_name
from stac_bridge.m2m.models.scenes import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter
    from stac_bridge.m2m.models.scenes import Scene
    from stac_bridge.mapping import Mapping, Row

_OPERATORS = {"Range": "between", "Select": "equals", "Text": "like"}
"""By M2M's kind of dataset filter, the key of a row's filter."""


def missing(mapping: Mapping, filters: Sequence[DatasetFilter], scene: Scene | None) -> list[str]:
    """A sentence for each label in a mapping that neither the scene nor the dataset's filters have.

    A field with fallbacks is reported only if the scene has none of them.
    """
    offered = {fold(offer.label): offer.label for offer in filters}
    faults = []
    for name, row in _rows(mapping):
        used = [part.filter.label for part in row.chain if part.filter and part.filter.label]
        absent = [label for label in used if fold(label) not in offered]
        faults += [f"{name}: there is no filter {label!r}{_hint(label, offered.values())}" for label in absent]
        labels = [part.field for part in row.chain if part.field]
        # A chain with a constant or a scene value always has a value.
        only_fields = bool(labels) and len(labels) == len(row.chain)
        if scene and only_fields and not any(fold(label) in scene.fields for label in labels):
            faults.append(f"{name}: there is no field {labels[0]!r}{_hint(labels[0], scene.fields)}")
    return faults


def _rows(mapping: Mapping) -> list[tuple[str, Row]]:
    item = mapping.item
    times = [("item.start_datetime", item.start_datetime), ("item.end_datetime", item.end_datetime)]
    return [("item.id", item.id), *times, *((f"properties.{name}", row) for name, row in mapping.properties.items())]


def _hint(label: str, known: Iterable[str]) -> str:
    by_key = {fold(name): name for name in known}
    similar = difflib.get_close_matches(fold(label), list(by_key), 1, 0.6)
    return f" (did you mean {by_key[similar[0]]!r}?)" if similar else ""


def draft(dataset: Dataset, filters: Sequence[DatasetFilter], scene: Scene | None) -> str:
    """A valid mapping file (YAML): the generic rows, and one for each field that M2M can filter by."""
    fields = scene.fields if scene else {}
    rows = {}
    for offer in filters:
        label, operator = " ".join(offer.label.split()), _OPERATORS.get(offer.kind)
        if operator and fold(label) in fields and "," not in label:
            rows[field_name(label)] = {"field": label, "filter": {operator: label}}
    document = {
        "dataset": dataset.alias,
        "extends": "_generic",
        "collection": {"title": dataset.name or dataset.alias},
        "properties": rows,
    }
    present = {key: value for key, value in document.items() if value}
    text = yaml.safe_dump(present, sort_keys=False, allow_unicode=True)
    if scene is None:
        return text
    unmapped = sorted(label for label in fields if field_name(label) not in rows)
    comments = "".join(f"#   {label}: {fields[label]!r}\n" for label in unmapped)
    return f"{text}# Fields of scene {scene.display_id} without a row (m2m: properties):\n{comments}"
