"""A search by any value of an Item finds that Item: M2M is never sent a narrower filter than its Items have values.

Every recorded dataset is searched, and every dataset of the sandbox. A dataset without recorded scenes has those of the
others, because its mapping must read any scene.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from m2m_sandbox.archive.datasets import archive_of, dataset, filters_of
from m2m_sandbox.archive.landsat.families import ARD, FAMILIES
from m2m_sandbox.archive.small import SMALL
from stac_bridge.catalog import DatasetDetails, Entry
from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.search.params.search import parse
from stac_bridge.search.plan import make_step, resolve_filter
from stac_bridge.search.pushdown.conditions import id_fits
from stac_bridge.translate import Translator
from tests.recorded_m2m import recordings
from tests.recorded_m2m.selection import select_scenes

Json = dict[str, Any]

SANDBOX_SCENES = 6
"""Scenes of each dataset of the sandbox, from its first to its last."""

TIMES = ("datetime", "start_datetime", "end_datetime")
COMPARISONS = ("=", "<=", ">=")


@dataclass(frozen=True)
class Archive:
    """The scenes of a dataset; ``selects`` tells whether M2M returns the scene of a number for a scene filter."""

    entry: Entry
    scenes: dict[int, Json]
    selects: Callable[[int, Json], bool]


def entry_with(raw: Json, filters: list[Json]) -> Entry:
    known = tuple(DatasetFilter.model_validate(one) for one in filters)
    return Entry(Dataset.model_validate(raw), load_mappings().for_dataset(raw["datasetAlias"]), DatasetDetails(known))


def recorded_archives() -> Iterator[Archive]:
    """One archive for each kind of dataset: the same mapping and flags, or scenes of its own.

    A dataset without scenes has those of the others, of which only its own filters cannot tell anything.
    """
    recorded = recordings()
    everything = [scene for scenes in recorded.scenes.values() for scene in scenes]
    seen = set()
    for raw in recorded.datasets:
        name = raw["datasetAlias"]
        own = recorded.scenes.get(name)
        filters = recorded.filters.get(name, []) if own else []
        entry = entry_with(raw, filters)
        kind = (id(entry.mapping), raw["supportCloudCover"], name if own else None)
        if kind not in seen:
            seen.add(kind)
            scenes = own or [scene for scene in everything if id_fits(scene["displayId"], entry)]
            yield Archive(entry, dict(enumerate(scenes)), selects_recorded(scenes, filters))


def selects_recorded(scenes: list[Json], filters: list[Json]) -> Callable[[int, Json], bool]:
    return lambda number, payload: any(scene is scenes[number] for scene in select_scenes(scenes, filters, payload))


def sandbox_archive(name: str) -> Archive:
    archive = archive_of(name)
    assert archive is not None
    numbers = range(0, len(archive), max(1, len(archive) // SANDBOX_SCENES))
    scenes = {number: archive.scene(number, full=True) for number in numbers}

    def selects(number: int, payload: Json) -> bool:
        """Search the scene's own day alone, as there are millions of scenes."""
        day = scenes[number]["temporalCoverage"]["startDate"][:10]
        days = payload.get("acquisitionFilter", {"start": day, "end": day})
        if not days["start"] <= day <= days["end"]:
            return False
        return number in archive.search({**payload, "acquisitionFilter": {"start": day, "end": day}})

    return Archive(entry_with(dataset(name), filters_of(name)), scenes, selects)


def compared(op: str, name: str, value: Any) -> Json:
    return {"op": op, "args": [{"property": name}, value]}


def conditions(item: Json) -> Iterator[Json]:
    """Conditions that this Item satisfies, by its own values."""
    properties = item["properties"]
    start, end = properties["start_datetime"], properties["end_datetime"]
    for time in [properties["datetime"]] if properties["datetime"] else [start, end]:
        yield from (compared(op, "datetime", {"timestamp": time}) for op in COMPARISONS)
    yield from (compared(op, "datetime", {"date": (properties["datetime"] or start)[:10]}) for op in COMPARISONS)
    yield compared("t_intersects", "datetime", {"interval": [start, end]})
    yield compared("t_intersects", "datetime", {"interval": [start[:10], end[:10]]})
    for name in ("start_datetime", "end_datetime"):
        yield from (compared(op, name, {"timestamp": properties[name]}) for op in COMPARISONS)
    if item["geometry"]:
        point = shape(item["geometry"]).representative_point()
        box = shapely.box(point.x - 0.01, point.y - 0.01, point.x + 0.01, point.y + 0.01)
        yield compared("s_intersects", "geometry", shapely.geometry.mapping(box))
    yield compared("=", "id", item["id"])
    for name, value in properties.items():
        if name in TIMES or name.startswith("proj:") or value is None or isinstance(value, dict):
            continue
        if isinstance(value, list):
            yield from (compared(op, name, value) for op in ("a_equals", "a_contains", "a_containedby", "a_overlaps"))
            continue
        yield from (compared(op, name, value) for op in (COMPARISONS if not isinstance(value, bool) else ("=",)))


def losses(archive: Archive) -> Iterator[str]:
    """Describe each condition that does not find the Item it was made from."""
    translator = Translator(archive.entry)
    for number, raw in archive.scenes.items():
        item = translator.core(read_scene(raw))
        for condition in conditions(item):
            search = parse({"collections": archive.entry.id, "filter": condition, "filter-lang": "cql2-json"})
            step = make_step(resolve_filter(search, [archive.entry]), archive.entry)
            payload = step.filter.payload()
            if step.filter.is_empty or not archive.selects(number, payload):
                yield f"{archive.entry.id} {item['id']}: {condition} is sent as {payload}"
            elif not step.exact and step.residual and not step.residual.matches(item):
                yield f"{archive.entry.id} {item['id']}: {condition} is not true of the Item"


@pytest.mark.long
@pytest.mark.slow
def test_a_recorded_item_of_any_dataset_is_found_by_each_of_its_values() -> None:
    assert [loss for archive in recorded_archives() for loss in losses(archive)] == []


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("name", [*FAMILIES, ARD.dataset, *(name for name in SMALL if name != "event1058")])
def test_an_item_of_the_sandbox_is_found_by_each_of_its_values(name: str) -> None:
    assert list(losses(sandbox_archive(name))) == []
