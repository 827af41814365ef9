"""M2M's endpoints about datasets, the grid and the service itself."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from m2m_sandbox.api.errors import Refusal
from m2m_sandbox.api.payload import Payload, dataset_of, number_of, required
from m2m_sandbox.archive.datasets import archive_of, dataset, datasets, filters_of, products_of
from m2m_sandbox.archive.fact_sheets import read_yaml
from m2m_sandbox.archive.overpasses.wrs2 import PATHS, ROWS, footprint, scene_center
from m2m_sandbox.downloads.options import file_groups_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DATASET_ENDPOINTS", "said_of_service"]


@lru_cache(maxsize=1)
def said_of_service() -> dict[str, Any]:
    """What ``service.yaml`` holds: notices, messages, licences, and the endpoints that are missing."""
    return dict(read_yaml("api", "service.yaml"))


def _listed(said: Payload) -> list[Payload]:
    """Alias and names are searched with wildcards on both sides [REFERENCE §7]."""
    catalog, part = said.get("catalog"), str(said.get("datasetName") or "").strip("*").lower()
    listed = [one for one in datasets() if not catalog or catalog in one["catalogs"]]
    named = [one for one in listed if part in f"{one['datasetAlias']} {one['collectionName']}".lower()]
    return [one for one in named if _meets(one["datasetAlias"], said)]


def _meets(name: str, said: Payload) -> bool:
    """Whether a dataset has a scene on the days and at the place that are asked for, wherever its bounds lie.

    That M2M looks at scenes, and not at bounds and dates, is the sandbox's guess; it loses no dataset.
    """
    asked = {"acquisitionFilter": said.get("temporalFilter"), "spatialFilter": said.get("spatialFilter")}
    archive = archive_of(name)
    if archive is None or not any(asked.values()):
        return not any(asked.values())
    return len(archive.search({key: one for key, one in asked.items() if one})) > 0


def _one(said: Payload) -> Payload:
    """By name or by id."""
    if not said.get("datasetName") and said.get("datasetId"):
        for one in datasets():
            if one["datasetId"] == said["datasetId"]:
                return one
        raise Refusal("DATASET_INVALID", "An invalid dataset has been provided")
    return dataset(dataset_of(said))


def _products(said: Payload) -> list[Payload]:
    return [
        {
            "productId": one["id"],
            "productCode": one["code"],
            "productName": one["name"],
            "downloadName": one.get("downloadName"),
            "downloadSystem": one["system"],
            "fileGroups": None,
        }
        for one in products_of(dataset_of(said))
    ]


def _bulk_products(said: Payload) -> list[Payload]:
    return [
        {
            "productCode": one["code"],
            "productName": one["name"],
            "downloadName": one.get("downloadName"),
            "fileGroups": None,
        }
        for one in products_of(dataset_of(said))
    ]


def _categories(said: Payload) -> Any:
    """Category id → the category with its datasets; a dataset without a category stands in none."""
    groups: dict[str, list[Payload]] = {}
    for one in _listed({"catalog": said.get("catalog")}):
        if one["datasetCategoryName"]:
            groups.setdefault(one["datasetCategoryName"], []).append(one)
    return {str(place): _category(place, *group) for place, group in enumerate(sorted(groups.items()), 1)} or []


def _category(place: int, name: str, members: list[Payload]) -> Payload:
    return {
        "id": str(place),
        "datasets": members,
        "categoryName": name,
        "referenceLink": None,
        "subCategories": [],
        "parentCategoryId": None,
        "parentCategoryName": None,
        "categoryDescription": None,
    }


def _messages(said: Payload) -> Any:
    """Dataset → code → message."""
    asked = said.get("datasetNames") or said.get("datasetName")
    wanted = None if not asked else {str(one).lower() for one in (asked if isinstance(asked, list) else [asked])}
    return {
        name: {code: {"message": text, "datasetName": name, "messageCode": code} for code, text in told.items()}
        for name, told in said_of_service()["messages"].items()
        if wanted is None or name in wanted
    } or []  # PHP's empty map


def _browse(said: Payload) -> list[Payload]:
    of_landsat = _one(said)["datasetAlias"].startswith("landsat_")
    return list(said_of_service()["browse"]) if of_landsat else []


def _owner(said: Payload) -> Payload:
    found: Payload | None = said_of_service()["owners"].get(required(said, "dataOwner"))
    if found is None:
        raise Refusal("NOT_FOUND", "The data owner could not be found")
    return found


def _deleted(said: Payload) -> Payload:
    """Nothing was ever withdrawn from the sandbox."""
    if not dataset(dataset_of(said))["supportDeletionSearch"]:
        raise Refusal("DATASET_ERROR", "The dataset does not support a search for deleted scenes")
    return {"results": [], "totalHits": 0, "nextRecord": 0, "recordsReturned": 0}


def _grid(said: Payload) -> Payload:
    """Of WRS-2 only. The point is the scene's centre, the polygon its corners."""
    if str(said.get("gridType") or "WRS2").upper() != "WRS2":
        raise Refusal("INPUT_PARAMETER_INVALID", "gridType must be WRS2")
    path, row = number_of(said, "path", 0), number_of(said, "row", 0)
    if not (0 < path <= PATHS and 0 < row <= ROWS):
        raise Refusal("INPUT_PARAMETER_INVALID", "path must be 1 to 233, row 1 to 248")
    shape = "polygon" if said.get("responseShape") == "polygon" else "point"
    where = np.array([path], float), np.array([row], float)
    corners = footprint(*where)[0].tolist() if shape == "polygon" else np.stack(scene_center(*where), -1).tolist()
    points = [{"latitude": round(latitude, 9), "longitude": round(longitude, 9)} for longitude, latitude in corners]
    return {"shape": shape, "coordinates": points}


def _eulas(said: Payload) -> list[Payload]:
    asked = said.get("eulaCodes") or said.get("eulaCode") or []
    texts = said_of_service()["eulas"]
    codes = asked if isinstance(asked, list) else [asked]
    return [{"eulaCode": code, "agreementContent": texts[code]} for code in codes if code in texts]


DATASET_ENDPOINTS: dict[str, Callable[[Payload], Any]] = {
    "data-owner": _owner,
    "dataset": _one,
    "dataset-browse": _browse,
    "dataset-catalogs": lambda _said: said_of_service()["catalogs"],
    "dataset-categories": _categories,
    "dataset-download-options": _products,
    "dataset-bulk-products": _bulk_products,
    "dataset-file-groups": lambda said: file_groups_of(dataset_of(said)),
    "dataset-filters": lambda said: filters_of(dataset_of(said)),
    "dataset-messages": _messages,
    "dataset-search": _listed,
    "download-eula": _eulas,
    "grid2ll": _grid,
    "notifications": lambda said: said_of_service()["notifications"].get(said.get("systemId"), []),
    "scene-search-delete": _deleted,
}
"""Those that do not ask who asks."""
