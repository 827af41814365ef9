"""M2M's endpoints about datasets, the WRS-2 grid and the service itself."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from m2m_sandbox.api.errors import EndpointError
from m2m_sandbox.api.payload import Payload, dataset_alias, required_text, whole_number
from m2m_sandbox.archive.datasets import archive_of, dataset, datasets, filters_of, products_of
from m2m_sandbox.archive.fact_sheets import read_yaml
from m2m_sandbox.archive.overpasses.wrs2 import PATHS, ROWS, footprint, scene_center
from m2m_sandbox.downloads.band_files import dataset_file_groups

if TYPE_CHECKING:
    from collections.abc import Callable


@lru_cache(maxsize=1)
def service_facts() -> dict[str, Any]:
    """Return ``service.yaml``: notifications, messages, licenses, and the names of the missing endpoints."""
    return dict(read_yaml("api", "service.yaml"))


def _search_datasets(payload: Payload) -> list[Payload]:
    """Search ``datasetName`` in aliases and names, with wildcards on both sides [REFERENCE §7]."""
    catalog, part = payload.get("catalog"), str(payload.get("datasetName") or "").strip("*").lower()
    in_catalog = [entry for entry in datasets() if not catalog or catalog in entry["catalogs"]]
    named = [entry for entry in in_catalog if part in f"{entry['datasetAlias']} {entry['collectionName']}".lower()]
    return [entry for entry in named if _has_scenes(entry["datasetAlias"], payload)]


def _has_scenes(alias: str, payload: Payload) -> bool:
    """Return whether a dataset has a scene that matches temporalFilter and spatialFilter.

    Whether M2M compares with scenes or with the dataset's own bounds and dates is not known. Comparing with scenes
    never hides a dataset that has some.
    """
    parts = {"acquisitionFilter": payload.get("temporalFilter"), "spatialFilter": payload.get("spatialFilter")}
    scene_filter = {key: part for key, part in parts.items() if part}
    if not scene_filter:
        return True
    archive = archive_of(alias)
    return archive is not None and len(archive.search(scene_filter)) > 0


def _dataset(payload: Payload) -> Payload:
    """Return a dataset by name or id."""
    if not payload.get("datasetName") and payload.get("datasetId"):
        for entry in datasets():
            if entry["datasetId"] == payload["datasetId"]:
                return entry
        raise EndpointError("DATASET_INVALID", "An invalid dataset has been provided")
    return dataset(dataset_alias(payload))


def _download_products(payload: Payload) -> list[Payload]:
    return [
        {
            "productId": product["id"],
            "productCode": product["code"],
            "productName": product["name"],
            "downloadName": product.get("downloadName"),
            "downloadSystem": product["system"],
            "fileGroups": None,
        }
        for product in products_of(dataset_alias(payload))
    ]


def _bulk_products(payload: Payload) -> list[Payload]:
    return [
        {
            "productCode": product["code"],
            "productName": product["name"],
            "downloadName": product.get("downloadName"),
            "fileGroups": None,
        }
        for product in products_of(dataset_alias(payload))
    ]


def _categories(payload: Payload) -> Any:
    """Return category id → the category with its datasets; datasets without a category are left out."""
    groups: dict[str, list[Payload]] = {}
    for entry in _search_datasets({"catalog": payload.get("catalog")}):
        if entry["datasetCategoryName"]:
            groups.setdefault(entry["datasetCategoryName"], []).append(entry)
    # PHP encodes an empty map as a list, here and in the other endpoints that end in ``or []``.
    return {str(number): _category(number, *group) for number, group in enumerate(sorted(groups.items()), 1)} or []


def _category(number: int, name: str, members: list[Payload]) -> Payload:
    return {
        "id": str(number),
        "datasets": members,
        "categoryName": name,
        "referenceLink": None,
        "subCategories": [],
        "parentCategoryId": None,
        "parentCategoryName": None,
        "categoryDescription": None,
    }


def _messages(payload: Payload) -> Any:
    """Return dataset → code → message."""
    names = payload.get("datasetNames") or payload.get("datasetName")
    selected = None if not names else {str(name).lower() for name in (names if isinstance(names, list) else [names])}
    return {
        name: {code: {"message": text, "datasetName": name, "messageCode": code} for code, text in messages.items()}
        for name, messages in service_facts()["messages"].items()
        if selected is None or name in selected
    } or []  # PHP's empty map


def _browse(payload: Payload) -> list[Payload]:
    is_landsat = _dataset(payload)["datasetAlias"].startswith("landsat_")
    return list(service_facts()["browse"]) if is_landsat else []


def _data_owner(payload: Payload) -> Payload:
    owner: Payload | None = service_facts()["owners"].get(required_text(payload, "dataOwner"))
    if owner is None:
        raise EndpointError("NOT_FOUND", "The data owner could not be found")
    return owner


def _deleted_scenes(payload: Payload) -> Payload:
    """Return an empty result: the sandbox never withdraws a scene."""
    if not dataset(dataset_alias(payload))["supportDeletionSearch"]:
        raise EndpointError("DATASET_ERROR", "The dataset does not support a search for deleted scenes")
    return {"results": [], "totalHits": 0, "nextRecord": 0, "recordsReturned": 0}


def _grid_to_coordinates(payload: Payload) -> Payload:
    """Return the center of a WRS-2 scene, or its corners for ``responseShape`` polygon. Other grids are missing."""
    if str(payload.get("gridType") or "WRS2").upper() != "WRS2":
        raise EndpointError("INPUT_PARAMETER_INVALID", "gridType must be WRS2")
    path, row = whole_number(payload, "path", 0), whole_number(payload, "row", 0)
    if not (0 < path <= PATHS and 0 < row <= ROWS):
        raise EndpointError("INPUT_PARAMETER_INVALID", "path must be 1 to 233, row 1 to 248")
    shape = "polygon" if payload.get("responseShape") == "polygon" else "point"
    cell = np.array([path], float), np.array([row], float)
    corners = footprint(*cell)[0].tolist() if shape == "polygon" else np.stack(scene_center(*cell), -1).tolist()
    points = [{"latitude": round(latitude, 9), "longitude": round(longitude, 9)} for longitude, latitude in corners]
    return {"shape": shape, "coordinates": points}


def _eulas(payload: Payload) -> list[Payload]:
    value = payload.get("eulaCodes") or payload.get("eulaCode") or []
    texts = service_facts()["eulas"]
    codes = value if isinstance(value, list) else [value]
    return [{"eulaCode": code, "agreementContent": texts[code]} for code in codes if code in texts]


DATASET_ENDPOINTS: dict[str, Callable[[Payload], Any]] = {
    "data-owner": _data_owner,
    "dataset": _dataset,
    "dataset-browse": _browse,
    "dataset-catalogs": lambda _payload: service_facts()["catalogs"],
    "dataset-categories": _categories,
    "dataset-download-options": _download_products,
    "dataset-bulk-products": _bulk_products,
    "dataset-file-groups": lambda payload: dataset_file_groups(dataset_alias(payload)),
    "dataset-filters": lambda payload: filters_of(dataset_alias(payload)),
    "dataset-messages": _messages,
    "dataset-search": _search_datasets,
    "download-eula": _eulas,
    "grid2ll": _grid_to_coordinates,
    "notifications": lambda payload: service_facts()["notifications"].get(payload.get("systemId"), []),
    "scene-search-delete": _deleted_scenes,
}
"""The endpoints whose response does not depend on the account."""
