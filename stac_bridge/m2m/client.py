"""One method for each M2M endpoint in use, with typed parameters and results."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter

from stac_bridge.errors import UpstreamError, UpstreamFault
from stac_bridge.m2m.filters import DatasetSearch, SceneSearch
from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter, DatasetProduct, read_datasets
from stac_bridge.m2m.models.downloads import (
    CompletedDownloads,
    DownloadAnswer,
    DownloadInput,
    DownloadLabel,
    FetchedDownload,
    FileGroups,
    Product,
    Retrieved,
    RetrievedDownload,
)
from stac_bridge.m2m.models.notices import Message, Notification, read_messages, read_notifications
from stac_bridge.m2m.models.scenes import Scene, Scenes, read_scene, read_scenes
from stac_bridge.m2m.models.values import M2MModel, as_list, as_names, read_rows
from stac_bridge.m2m.session import M2MSession

_log = logging.getLogger(__name__)

T = TypeVar("T")
M = TypeVar("M", bound=M2MModel)

IdField = Literal["displayId", "entityId"]
"""M2M's names of the two ids of a scene."""

_ABSENT_CODES = frozenset({"NOT_FOUND", "INPUT_INVALID", "INPUT_PARAMETER_INVALID"})
"""Codes that scene-metadata may return for an unknown id; which one it is, nobody has recorded [REFERENCE §11]."""


class M2MClient:
    """M2M under the account of a session (``m2m/session.py``). Every method raises UpstreamError."""

    def __init__(self, session: M2MSession) -> None:
        self._session = session
        self._request = session.request

    # -- account ---------------------------------------------------------------------------------------------

    async def permissions(self) -> tuple[str, ...]:
        """Return the account's roles: ``user``, ``download``, ``order``. Logs in if necessary, like every request."""
        roles = await self._request("permissions", {}, _strings)
        self._session.auth.refusals.learn_roles(roles)
        return roles

    async def notifications(self) -> tuple[Notification, ...]:
        """Return USGS's notices to all users of the service."""
        return await self._request("notifications", {"systemId": "M2M"}, read_notifications)

    async def logout(self) -> None:
        """End the account's key, if there is one; a dead key is not an error."""
        if await self._session.auth.has_key():
            try:
                await self._request("logout", {}, _no_result)
            except UpstreamError as error:
                _log.debug("logout: %s", error)
            await self._session.auth.drop_key()

    async def aclose(self) -> None:
        """Close the session."""
        await self._session.aclose()

    # -- datasets --------------------------------------------------------------------------------------------

    async def dataset_search(self, search: DatasetSearch) -> tuple[Dataset, ...]:
        """Return the datasets of a catalog group (``EE``, ``HDDS`` …) that the account may see."""
        return await self._request("dataset-search", search.payload(), read_datasets)

    async def dataset_filters(self, dataset: str) -> tuple[DatasetFilter, ...]:
        """Return the metadata filters that a dataset offers."""
        return await self._request("dataset-filters", {"datasetName": dataset}, _list_of(DatasetFilter))

    async def dataset_download_options(self, dataset: str) -> tuple[DatasetProduct, ...]:
        """Return the products of a dataset."""
        return await self._request("dataset-download-options", {"datasetName": dataset}, _list_of(DatasetProduct))

    async def dataset_messages(self, catalog: str) -> tuple[Message, ...]:
        """Return USGS's messages about the datasets of a catalog group, all in one response."""
        return await self._request("dataset-messages", {"catalog": catalog}, read_messages)

    async def dataset_file_groups(self, dataset: str) -> FileGroups:
        """Return the files inside a dataset's folder products, and the product ids that deliver each."""
        return await self._request("dataset-file-groups", {"datasetName": dataset}, _object_of(FileGroups))

    # -- scenes ----------------------------------------------------------------------------------------------

    async def scene_search(self, search: SceneSearch) -> Scenes:
        """Return one page of scenes, newest first."""
        return await self._request("scene-search", search.payload(), read_scenes)

    async def scene_metadata(self, dataset: str, identifier: str, id_field: IdField = "displayId") -> Scene | None:
        """Return one scene by one of its two ids; None if the dataset has no such scene."""
        payload = {
            "datasetName": dataset,
            "entityId": identifier,
            "idType": id_field,
            "metadataType": "full",
            "useCustomization": False,
        }
        try:
            return await self._request(
                "scene-metadata", payload, lambda data, _size: read_scene(data) if data else None
            )
        except UpstreamFault as fault:
            if fault.code in _ABSENT_CODES:
                return None
            raise

    async def scene_list_add(
        self, list_id: str, dataset: str, ids: Sequence[str], id_field: IdField = "displayId"
    ) -> int:
        """Put scenes on a list of the account for 15 minutes; return how many of the ids exist."""
        payload = {
            "listId": list_id,
            "datasetName": dataset,
            "idField": id_field,
            "entityIds": _array(ids),
            "timeToLive": "PT15M",
        }
        return await self._request("scene-list-add", payload, lambda data, _size: int(data or 0))

    async def scene_metadata_list(self, list_id: str) -> tuple[Scene, ...]:
        """Return the scenes of a list with all their metadata."""
        return await self._request("scene-metadata-list", {"listId": list_id, "metadataType": "full"}, _scene_list)

    async def scene_list_remove(self, list_id: str) -> None:
        """Remove a list."""
        await self._request("scene-list-remove", {"listId": list_id}, _no_result)

    # -- downloads -------------------------------------------------------------------------------------------

    async def download_options(self, dataset: str, entity_ids: Sequence[str]) -> tuple[Product, ...]:
        """Return the products of scenes as one flat list in no particular order, without those of unknown ids."""
        payload = {"datasetName": dataset, "entityIds": _array(entity_ids)}
        return await self._request("download-options", payload, _list_of(Product))

    async def download_request(self, downloads: Sequence[DownloadInput], label: str) -> DownloadAnswer:
        """Request download URLs, which counts against the account's quota."""
        payload = {
            "downloads": [{"entityId": item.entity_id, "productId": item.product_id} for item in downloads],
            "label": label,
        }
        return await self._request("download-request", payload, _object_of(DownloadAnswer))

    async def download_retrieve(self, label: str) -> Retrieved:
        """Return the download queue under a label."""
        return await self._request("download-retrieve", {"label": label}, _object_of(Retrieved))

    async def download_search(self) -> tuple[RetrievedDownload, ...]:
        """Return the account's downloads that are in preparation or available, under all labels, without URLs."""
        return await self._request("download-search", {"activeOnly": True}, _list_of(RetrievedDownload))

    async def download_remove(self, download_id: int) -> None:
        """Remove a download from the queue, so that it no longer counts against the quota of pending downloads."""
        await self._request("download-remove", {"downloadId": download_id}, _no_result)

    async def download_complete_proxied(self, downloads: Sequence[FetchedDownload]) -> int:
        """Report proxied downloads as fetched, which removes them from the queue; return how many M2M knew."""
        rows = [{"downloadId": item.download_id, "downloadedSize": item.size} for item in downloads]
        completed = _object_of(CompletedDownloads)
        answer = await self._request("download-complete-proxied", {"proxiedDownloads": rows}, completed)
        return answer.updated

    async def download_labels(self) -> tuple[DownloadLabel, ...]:
        """Return the labels of the account's downloads."""
        return await self._request("download-labels", {}, _list_of(DownloadLabel))

    async def download_order_remove(self, label: str) -> None:
        """Remove all downloads under a label from the queue."""
        await self._request("download-order-remove", {"label": label}, _no_result)


def _array(values: Sequence[str]) -> list[str]:
    """Return an array for a payload, of one element if a single text is passed: M2M fails on text [REFERENCE §2]."""
    return [values] if isinstance(values, str) else list(values)


# Readers: (data, size in bytes) → result


def _no_result(_data: Any, _size: int) -> None:
    return None


def _strings(data: Any, _size: int) -> tuple[str, ...]:
    return as_names(data)


def _list_of(model: type[M]) -> Callable[[Any, int], tuple[M, ...]]:
    return lambda data, _size: read_rows(model, data)


def _object_of(model: type[T]) -> Callable[[Any, int], T]:
    adapter = TypeAdapter(model)
    return lambda data, _size: adapter.validate_python(data or {})


def _scene_list(data: Any, _size: int) -> tuple[Scene, ...]:
    """Read scenes grouped by dataset alias; an empty map comes as a list [REFERENCE §1]."""
    groups = data.values() if isinstance(data, dict) else ()
    return tuple(read_scene(scene) for group in groups for scene in as_list(group))
