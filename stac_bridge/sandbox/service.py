"""M2M's endpoints, each a function of who asks and what: unknown keys are ignored, as M2M ignores them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stac_bridge.sandbox.holdings import archive_of, dataset, datasets, filters_of, name_of, products_of
from stac_bridge.sandbox.options import options_of
from stac_bridge.sandbox.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stac_bridge.sandbox.accounts import Account
    from stac_bridge.sandbox.archive import Ints
    from stac_bridge.sandbox.downloads import Downloads

__all__ = ["Service"]

MOST = 50_000
"""Scenes that one search may give, and one list may hold [REFERENCE §3]."""

Payload = dict[str, Any]


class Service:
    """The endpoints by name. Every one raises Refusal."""

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads
        self._requests = 0
        self._endpoints: dict[str, Callable[[Account, Payload], Any]] = {
            "permissions": lambda account, _said: account.roles,
            "dataset": lambda _account, said: dataset(_dataset_of(said)),
            "dataset-search": lambda _account, said: _dataset_search(said),
            "dataset-filters": lambda _account, said: filters_of(_dataset_of(said)),
            "dataset-download-options": lambda _account, said: _dataset_products(said),
            "scene-search": lambda _account, said: _scene_search(said),
            "scene-metadata": lambda _account, said: _scene_metadata(said),
            "scene-metadata-list": _scene_metadata_list,
            "scene-list-add": _scene_list_add,
            "scene-list-get": _scene_list_get,
            "scene-list-remove": _scene_list_remove,
            "download-options": self._download_options,
            "download-request": self._download_request,
            "download-retrieve": self._download_retrieve,
            "download-remove": self._download_remove,
            "notifications": lambda _account, _said: [],
            "dataset-messages": lambda _account, _said: [],
        }

    def answer(self, endpoint: str, account: Account, said: Payload) -> Any:
        """The ``data`` of an answer."""
        self._requests += 1
        found = self._endpoints.get(endpoint)
        if found is None:
            raise Refusal("NOT_FOUND", f"The endpoint {endpoint} does not exist")
        return found(account, said)

    def _download_options(self, account: Account, said: Payload) -> Any:
        _may_download(account)
        name = _dataset_of(said)
        archive = archive_of(name)
        if archive is None:
            return None
        numbers = (archive.find(entity_id, "entityId") for entity_id in _ids(said))
        return [one for number in numbers if number is not None for one in options_of(name, archive, number)] or None

    def _download_request(self, account: Account, said: Payload) -> Any:
        _may_download(account)
        return self._downloads.request(account, said, self._requests)

    def _download_retrieve(self, account: Account, said: Payload) -> Any:
        _may_download(account)
        return self._downloads.retrieve(account, said.get("label"))

    def _download_remove(self, account: Account, said: Payload) -> Any:
        _may_download(account)
        return self._downloads.remove(account, said.get("downloadId"))


def _may_download(account: Account) -> None:
    if "download" not in account.roles:  # the code is spelt as the server spells it [REFERENCE §9]
        raise Refusal("AUTH_UNAUTHROIZED", "User does not have access to the requested endpoint")


def _dataset_of(said: Payload) -> str:
    if not said.get("datasetName"):
        raise Refusal("INPUT_PARAMETER_INVALID", "datasetName is required")
    return name_of(said["datasetName"])


def _ids(said: Payload) -> list[str]:
    """``entityIds`` as a list or as text with commas, or one ``entityId``."""
    given = said.get("entityIds") or said.get("entityId") or []
    return given.split(",") if isinstance(given, str) else [str(one) for one in given]


def _dataset_search(said: Payload) -> list[Payload]:
    catalog, part = said.get("catalog"), str(said.get("datasetName") or "").strip("*").lower()
    listed = [one for one in datasets() if not catalog or catalog in one["catalogs"]]
    return [one for one in listed if part in f"{one['datasetAlias']} {one['collectionName']}".lower()]


def _dataset_products(said: Payload) -> list[Payload]:
    found = products_of(_dataset_of(said))
    return [
        {
            "productId": one["id"],
            "productCode": one["code"],
            "productName": one["name"],
            "downloadName": one.get("downloadName"),
            "downloadSystem": one["system"],
            "fileGroups": None,
        }
        for one in found
    ]


def _scene_search(said: Payload) -> Payload:
    archive = archive_of(_dataset_of(said))
    start = max(1, _number(said, "startingNumber", 1))
    size = min(MOST, max(0, _number(said, "maxResults", 100)))
    filtered = bool(said.get("sceneFilter"))
    numbers: Sequence[int] | Ints = archive.search(said.get("sceneFilter") or {}) if archive else []
    total, shown = len(numbers), numbers[start - 1 : start - 1 + size]
    full = said.get("metadataType") == "full"
    answer = {
        "results": [archive.scene(int(number), full=full) for number in shown] if archive else [],
        "recordsReturned": len(shown),
        "totalHits": total,
        "startingNumber": start,
        "nextRecord": min(start + len(shown), total),  # never null [REFERENCE §3]
        "numExcluded": 0,
        "isCustomized": False,
    }
    return answer if filtered else {**answer, "totalHitsAccuracy": "approximate"}


def _number(said: Payload, key: str, otherwise: int) -> int:
    try:
        return int(said.get(key) or otherwise)
    except (TypeError, ValueError):
        raise Refusal("INPUT_PARAMETER_INVALID", f"{key} must be a number") from None


def _scene_metadata(said: Payload) -> Payload:
    archive = archive_of(_dataset_of(said))
    field = "displayId" if said.get("idType") == "displayId" else "entityId"
    number = archive.find(str(said.get("entityId")), field) if archive else None
    if archive is None or number is None:
        raise Refusal("NOT_FOUND", "The scene could not be found")
    scene = archive.scene(number, full=said.get("metadataType") != "summary")
    published = "Unknown" if number % 7 == 0 else str(scene["publishDate"])[:19].replace(" ", "T")
    return {
        **_described(scene),
        "orderingId": scene["entityId"],
        "hasCustomizedMetadata": False,
        "publishDate": published,
    }


def _described(scene: Payload) -> Payload:
    """A scene where it was not searched for: nothing is selected, and pictures cannot be turned [REFERENCE §5]."""
    browse = [{**one, "browseRotationEnabled": False} for one in scene["browse"]]
    return {**scene, "browse": browse, "selected": None}


def _scene_list_add(account: Account, said: Payload) -> int:
    name = _dataset_of(said)
    archive = archive_of(name)
    field = "displayId" if said.get("idField") == "displayId" else "entityId"
    found = [archive.find(one, field) for one in _ids(said)] if archive else []
    kept = account.lists.setdefault(str(said.get("listId")), [])
    new = [(name, number) for number in found if number is not None]
    kept.extend(entry for entry in dict.fromkeys(new) if entry not in kept)
    return len(new)


def _scene_list_get(account: Account, said: Payload) -> list[Payload]:
    return [
        {"entityId": archive.scene(number, full=False)["entityId"], "datasetName": name}
        for name, number in account.lists.get(str(said.get("listId")), [])
        if (archive := archive_of(name))
    ]


def _scene_list_remove(account: Account, said: Payload) -> None:
    account.lists.pop(str(said.get("listId")), None)


def _scene_metadata_list(account: Account, said: Payload) -> Any:
    full, groups = said.get("metadataType") == "full", dict[str, list[Payload]]()
    for name, number in account.lists.get(str(said.get("listId")), []):
        if archive := archive_of(name):
            groups.setdefault(name, []).append(_described(archive.scene(number, full=full)))
    return groups or []  # PHP's empty map
