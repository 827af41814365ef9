"""Compares a mapping with M2M's description of its dataset, and drafts a new mapping. Pure."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import yaml

from stac_bridge.catalog import field_name, find_filter
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
    faults = []
    for name, row in _rows(mapping):
        used = [part.filter for part in row.chain if part.filter and part.filter.label]
        absent = [str(part.label) for part in used if find_filter(part, filters) is None]
        offered = [offer.label for offer in filters]
        faults += [f"{name}: there is no filter {label!r}{_hint(label, offered)}" for label in absent]
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
        label = " ".join(offer.label.split())
        if fold(label) in fields and "," not in label and (row := _filter_row(offer, label, fields[fold(label)])):
            rows[field_name(label)] = {"field": label, "filter": row}
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


def _filter_row(offer: DatasetFilter, label: str, example: Any) -> dict[str, str] | None:
    """The row of a filter, by a value of its field: None if neither a key nor its text is that value.

    Such a filter needs a table of keys, which somebody has to write; without a row, M2M alone compares its values.
    """
    operator = _OPERATORS.get(offer.kind)
    if operator != "equals":
        return {operator: label} if operator else None
    keys = {fold(key) for key in offer.value_list or () if key}
    texts = {fold(str(text)) for key, text in (offer.value_list or {}).items() if key}
    value = fold(str(example))
    if value in keys:
        return {operator: label}
    return {operator: label, "keys": "text"} if value in texts else None
