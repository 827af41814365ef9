"""Recorded M2M answers, sorted by what they are about: datasets, filters, products, scenes, download options.

``recordings()`` reads the whole record beside the project (``../shared``), or, in a clone that has no such folder,
the part of it in ``tests/contract/recordings``, which ``python -m tests.recorded_m2m.part`` writes. Both folders have
the same layout.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from tests.contract.samples import nested
from tests.support import RECORDINGS, SHARED

__all__ = ["ALL_GROUPS", "EE", "GROUPS", "PART", "UNLISTED", "Recordings", "read", "recordings"]

Json = dict[str, Any]

PART = RECORDINGS
"""The part of the record that ships with the project."""

GROUPS = ("EE", "HDDS", "LPCS", "CWIC", "GV")
"""The catalog groups that the recorded datasets are in."""

UNLISTED = "UNLISTED"
"""A group of our own, for datasets with recorded scenes that the recorded list (843 of 1,163) lacks."""

EE = ("EE",)
"""The group that a server has by default."""

ALL_GROUPS = (*GROUPS, UNLISTED)
"""Everything recorded."""

_SAMPLES = {
    "scene-search__response_1": "gls_all",
    "scene-search-secondary__response_1": "aerial_combin_w",
    "scene-metadata__response_1": "landsat_ot_c2_l2",
    "scene-metadata-list__response_1": "gls_all",
}
"""The scenes in the official reference, by file, and the datasets that they belong to."""

_EXTRA_IDS = {"landsat_8_c1": "5e83d0b656b77cf3", "aerial_combin_w": "5e83d8f3f081a7ad"}


@dataclass(frozen=True)
class Recordings:
    """Recorded parts of M2M's ``data``. All but ``datasets`` are keyed by dataset alias."""

    datasets: list[Json]
    """Elements of dataset-search."""

    filters: dict[str, list[Json]]
    """Elements of dataset-filters."""

    products: dict[str, list[Json]]
    """Elements of dataset-download-options."""

    scenes: dict[str, list[Json]]
    """Elements of scene-search's ``results``, newest first."""

    options: dict[str, list[Json]]
    """Elements of download-options."""

    def names(self, *groups: str) -> list[str]:
        """The aliases of the datasets in any of these catalog groups."""
        return [one["datasetAlias"] for one in self.datasets if not {*groups}.isdisjoint(one["catalogs"])]


def recordings() -> Recordings:
    """Everything recorded that this clone has."""
    return read(SHARED / "m2m" if SHARED.is_dir() else PART)


@cache
def read(folder: Path) -> Recordings:
    """The record in a folder that holds ``recorded/`` and ``doc_samples/``."""
    scenes = _scenes(folder)
    return Recordings(
        datasets=_datasets(folder, scenes),
        filters=_filters(folder),
        products=_by_dataset(folder, "dataset-download-options"),
        scenes=scenes,
        options=_by_dataset(folder, "download-options"),
    )


def _recorded(folder: Path, endpoint: str, place: str = "recorded") -> Iterator[tuple[str, Any]]:
    """Each recorded answer of an endpoint, with the dataset in its file's name."""
    for path in sorted((folder / place).glob(f"{endpoint}__*.json")):
        yield path.stem.split("__")[1], orjson.loads(path.read_bytes())


def _by_dataset(folder: Path, endpoint: str) -> dict[str, list[Json]]:
    return {name: answer["data"] for name, answer in _recorded(folder, endpoint)}


def _datasets(folder: Path, scenes: dict[str, list[Json]]) -> list[Json]:
    found: dict[str, Json] = {}
    for _name, answer in _recorded(folder, "dataset-search"):
        for one in answer["data"]:
            found.setdefault(one["datasetAlias"], one)
    return [*found.values(), *(_unlisted(name) for name in sorted(scenes.keys() - found.keys()))]


def _unlisted(name: str) -> Json:
    """A bare dataset: nothing is known of it but its ids."""
    unknown = ["abstractText", "acquisitionStart", "acquisitionEnd", "datasetCategoryName", "dataOwner", "dateUpdated"]
    unknown += ["doiNumber", "ingestFrequency", "keywords", "legacyId", "spatialBounds", "temporalCoverage"]
    names = {"datasetAlias": name, "datasetId": _EXTRA_IDS[name], "collectionName": name, "collectionLongName": name}
    flags = {"supportCloudCover": False, "supportDeletionSearch": False}
    return {**dict.fromkeys(unknown), **names, **flags, "catalogs": [UNLISTED], "sceneCount": 0}


def _filters(folder: Path) -> dict[str, list[Json]]:
    """Whole filters, and those of printed tables with what a table keeps of them; a dataset is named in either.

    Of some filters only single facts are known; one without an id is left out.
    """
    found: dict[str, dict[str, Json]] = defaultdict(dict)
    for _name, known in _recorded(folder, "filter-facts", "recorded/partial"):
        for fact in known["facts"]:
            if "id" in fact:
                found[fact["datasetAlias"]][fact["id"]] = _from_facts(fact)
    for name, table in _recorded(folder, "dataset-filters", "recorded/partial"):
        for row in table["rows"]:
            one = nested({key: value for key, value in row.items() if key != "dictionaryLink"})
            found[name][one["id"]] = {"legacyFieldId": None, "dictionaryLink": None, **one}
    for name, answer in _recorded(folder, "dataset-filters"):
        found[name] |= {one["id"]: one for one in answer["data"]}
    return {name: list(filters.values()) for name, filters in found.items() if not name.startswith("unknown")}


def _from_facts(fact: Json) -> Json:
    """A filter as dataset-filters lists it. A key whose text is not known has the key as its text."""
    values = {"": "All", **{key: key for key in fact.get("keys", ())}, **fact["valueList_known"]}
    config = {"type": fact["type"], "filters": [], "options": {}, "validators": [], "displayListId": None}
    unknown = {"legacyFieldId": None, "dictionaryLink": None}
    label, sql = fact["fieldLabel"], f"{fact['column']} = ?"
    return {"id": fact["id"], **unknown, "fieldConfig": config, "fieldLabel": label, "searchSql": sql} | {
        "valueList": values
    }


def _scenes(folder: Path) -> dict[str, list[Json]]:
    found: dict[str, dict[str, Json]] = defaultdict(dict)
    for name, scene in _every_scene(folder):
        found[name].setdefault(scene["entityId"], scene)
    return {
        name: sorted(scenes.values(), key=lambda one: str(one["temporalCoverage"]["startDate"]), reverse=True)
        for name, scenes in found.items()
    }


def _every_scene(folder: Path) -> Iterator[tuple[str, Json]]:
    for name, answer in _recorded(folder, "scene-metadata"):
        yield name, answer["data"]
    for name, answer in _recorded(folder, "scene-search"):
        yield from ((name, scene) for scene in answer["data"]["results"])
    for stem, name in _SAMPLES.items():
        data = orjson.loads((folder / "doc_samples" / f"{stem}.json").read_bytes())["data"]
        rows = data.get("results") or data.get(name) or [data]
        yield from ((name, scene) for scene in rows)
    for name, table in _recorded(folder, "ee-csv-export", "recorded/partial"):
        yield from ((name, _exported(row)) for row in table["rows"])


def _exported(row: dict[str, Any]) -> Json:
    """A scene with the metadata of a row that EarthExplorer exported, whose field names are M2M's.

    Its corners become the footprint. A number beyond the header is the entity id [REFERENCE §6].
    """
    values = {" ".join(name.split()): value for name, value in row.items()}
    ring = [[float(values[f"{corner} Corner {axis} dec"]) for axis in ("Long", "Lat")] for corner in _CORNERS]
    longitudes, latitudes = [point[0] for point in ring], [point[1] for point in ring]
    west, east, south, north = min(longitudes), max(longitudes), min(latitudes), max(latitudes)
    box = [[west, south], [west, north], [east, north], [east, south], [west, south]]
    start, end = (values.get(f"Acquisition {which}Date") for which in ("Start ", "End "))
    day = (start or values["Acquisition Date"])[:10].replace("/", "-")
    return {
        "browse": [],
        "cloudCover": values.get("Cloud Cover"),
        "entityId": str(row.get("(value beyond the header)", [values["Entity ID"]])[0]),
        "displayId": values["Display ID"],
        "orderingId": None,
        "metadata": [
            {"id": f"{number:016x}", "fieldName": name, "dictionaryLink": None, "value": value or None}
            for number, (name, value) in enumerate(row.items())
            if not name.startswith("(")
        ],
        "options": {"bulk": True, "download": True, "order": False, "secondary": False},
        "selected": {"bulk": False, "compare": False, "order": False},
        "spatialBounds": {"type": "Polygon", "coordinates": [box]},
        "spatialCoverage": {"type": "Polygon", "coordinates": [ring]},
        "temporalCoverage": {"startDate": f"{day} 00:00:00", "endDate": f"{(end or day)[:10]} 00:00:00"},
        "publishDate": None,
    }


_CORNERS = ("NW", "SW", "SE", "NE", "NW")
