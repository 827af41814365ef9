"""A mapping beside what M2M says of its dataset: which labels are missing, and a first draft of a new one. Pure."""

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

__all__ = ["draft", "missing"]

_KINDS = {"Range": "between", "Select": "equals", "Text": "like"}


def missing(mapping: Mapping, filters: Sequence[DatasetFilter], scene: Scene | None) -> list[str]:
    """A sentence for each label of a mapping that neither the scene nor the dataset's filters have.

    A field that has a fallback may be missing from one scene; its label is still told when the last one is, too.
    """
    offered = {fold(one.label): one.label for one in filters}
    said = []
    for name, row in _rows(mapping):
        wanted = [part.filter.label for part in row.chain if part.filter and part.filter.label]
        absent = [one for one in wanted if fold(one) not in offered]
        said += [f"{name}: there is no filter {one!r}{_near(one, offered.values())}" for one in absent]
        labels = [part.field for part in row.chain if part.field]
        if scene and labels and len(labels) == len(row.chain) and not any(fold(one) in scene.fields for one in labels):
            said.append(f"{name}: there is no field {labels[0]!r}{_near(labels[0], scene.fields)}")
    return said


def _rows(mapping: Mapping) -> list[tuple[str, Row]]:
    item = mapping.item
    times = [("item.start_datetime", item.start_datetime), ("item.end_datetime", item.end_datetime)]
    return [("item.id", item.id), *times, *((f"properties.{name}", row) for name, row in mapping.properties.items())]


def _near(label: str, known: Iterable[str]) -> str:
    words = {fold(one): one for one in known}
    near = difflib.get_close_matches(fold(label), list(words), 1, 0.6)
    return f" (did you mean {words[near[0]]!r}?)" if near else ""


def draft(dataset: Dataset, filters: Sequence[DatasetFilter], scene: Scene | None) -> str:
    """A mapping file that works at once: the generic rows, and a row for each field that can be filtered by."""
    fields = scene.fields if scene else {}
    rows = {}
    for one in filters:
        label, kind = " ".join(one.label.split()), _KINDS.get(one.kind)
        if kind and fold(label) in fields and "," not in label:
            rows[field_name(label)] = {"field": label, "filter": {kind: label}}
    said = {
        "dataset": dataset.alias,
        "extends": "_generic",
        "collection": {"title": dataset.name or dataset.alias},
        "properties": rows,
    }
    written = yaml.safe_dump({key: value for key, value in said.items() if value}, sort_keys=False, allow_unicode=True)
    rest = sorted(label for label in fields if field_name(label) not in rows)
    notes = "".join(f"#   {label}: {fields[label]!r}\n" for label in rest)
    return written + (
        f"# Fields of scene {scene.display_id} without a row (m2m: properties):\n{notes}" if scene else ""
    )
