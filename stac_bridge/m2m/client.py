"""One method for each M2M endpoint in use, typed in and out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter

from stac_bridge.errors import UpstreamError, UpstreamFault
from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter, DatasetProduct, read_datasets
from stac_bridge.m2m.models.downloads import DownloadAnswer, FileGroups, Product, Retrieved, RetrievedDownload
from stac_bridge.m2m.models.notices import Message, Notification, read_messages, read_notifications
from stac_bridge.m2m.models.scenes import Scene, Scenes, read_scene, read_scenes
from stac_bridge.m2m.session import Backoff, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx

    from stac_bridge.m2m.auth import Keys
    from stac_bridge.m2m.breaker import Breaker
    from stac_bridge.m2m.calls import Told
    from stac_bridge.m2m.filters import DatasetSearch, SceneSearch
    from stac_bridge.m2m.models.downloads import DownloadInput
    from stac_bridge.m2m.turns import Gate

__all__ = ["Backoff", "M2MClient"]

_log = logging.getLogger(__name__)

T = TypeVar("T")

_ABSENT = frozenset({"NOT_FOUND", "INPUT_INVALID", "INPUT_PARAMETER_INVALID"})
"""What scene-metadata may say of an id it does not have; which of them is not known [REFERENCE §11]."""


class M2MClient:
    """M2M under one account. Every method raises UpstreamError, in one of its kinds.

    ``timeout`` (seconds) bounds one attempt; the queue, all attempts and the waits between take at most three
    times as long, and never longer than the asker's budget has left. ``gate``, ``keys`` and ``breaker`` are parts
    to share or to look at, made here where not given; ``listener`` hears of every attempt.
    """

    def __init__(
        self,
        url: str,
        username: str,
        token: str,
        *,
        timeout: float = 60,
        transport: httpx.AsyncBaseTransport | None = None,
        gate: Gate | None = None,
        keys: Keys | None = None,
        breaker: Breaker | None = None,
        listener: Told | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._wire = Wire(
            url,
            username,
            token,
            timeout=timeout,
            transport=transport,
            gate=gate,
            keys=keys,
            breaker=breaker,
            listener=listener,
            backoff=backoff,
        )
        self._ask = self._wire.ask

    @property
    def gate(self) -> Gate:
        """Where requests wait for their turn."""
        return self._wire.gate

    @property
    def breaker(self) -> Breaker:
        """Whether M2M is asked at all just now."""
        return self._wire.breaker

    # -- account ---------------------------------------------------------------------------------------------

    async def permissions(self) -> tuple[str, ...]:
        """The account's roles: ``user``, ``download``, ``order``. Logs in, too, where that is due."""
        return await self._ask("permissions", {}, _texts)

    async def notifications(self) -> tuple[Notification, ...]:
        """What USGS tells everybody who uses the service."""
        return await self._ask("notifications", {"systemId": "M2M"}, read_notifications)

    async def logout(self) -> None:
        """End the key, if there is one; a key that is dead already is no trouble."""
        if await self._wire.auth.has_key():
            try:
                await self._ask("logout", {}, lambda data, _size: data)
            except UpstreamError as refused:
                _log.debug("logout: %s", refused)
            await self._wire.auth.forget()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    # -- datasets --------------------------------------------------------------------------------------------

    async def dataset_search(self, search: DatasetSearch) -> tuple[Dataset, ...]:
        """The datasets of a catalog group (``EE``, ``HDDS`` …) that the account may see."""
        return await self._ask("dataset-search", search.payload(), read_datasets)

    async def dataset_filters(self, dataset: str) -> tuple[DatasetFilter, ...]:
        """The metadata filters that a dataset offers."""
        return await self._ask("dataset-filters", {"datasetName": dataset}, _all_of(DatasetFilter))

    async def dataset_download_options(self, dataset: str) -> tuple[DatasetProduct, ...]:
        """The products that a dataset delivers."""
        return await self._ask("dataset-download-options", {"datasetName": dataset}, _all_of(DatasetProduct))

    async def dataset_messages(self, catalog: str) -> tuple[Message, ...]:
        """What USGS tells about the datasets of a catalog group, all in one answer."""
        return await self._ask("dataset-messages", {"catalog": catalog}, read_messages)

    async def dataset_file_groups(self, dataset: str) -> FileGroups:
        """The files inside a dataset's folder products, and the product ids by which each can be had."""
        return await self._ask("dataset-file-groups", {"datasetName": dataset}, _one(FileGroups))

    # -- scenes ----------------------------------------------------------------------------------------------

    async def scene_search(self, search: SceneSearch) -> Scenes:
        """One page of scenes, newest first."""
        return await self._ask("scene-search", search.payload(), read_scenes)

    async def scene_metadata(self, dataset: str, display_id: str) -> Scene | None:
        """One scene by its display id; None where the dataset has none of that id."""
        payload = {
            "datasetName": dataset,
            "entityId": display_id,
            "idType": "displayId",
            "metadataType": "full",
            "useCustomization": False,
        }
        try:
            return await self._ask("scene-metadata", payload, lambda data, _size: read_scene(data) if data else None)
        except UpstreamFault as fault:
            if fault.code in _ABSENT:
                return None
            raise

    async def scene_list_add(self, list_id: str, dataset: str, display_ids: Sequence[str]) -> int:
        """Put scenes on a list of the account, for a quarter of an hour; gives how many of the ids exist."""
        payload = {
            "listId": list_id,
            "datasetName": dataset,
            "idField": "displayId",
            "entityIds": list(display_ids),
            "timeToLive": "PT15M",
        }
        return await self._ask("scene-list-add", payload, lambda data, _size: int(data or 0))

    async def scene_metadata_list(self, list_id: str) -> tuple[Scene, ...]:
        """The scenes of a list, with all their metadata."""
        return await self._ask("scene-metadata-list", {"listId": list_id, "metadataType": "full"}, _listed)

    async def scene_list_remove(self, list_id: str) -> None:
        """Remove a list."""
        await self._ask("scene-list-remove", {"listId": list_id}, lambda data, _size: data)

    # -- downloads -------------------------------------------------------------------------------------------

    async def download_options(self, dataset: str, entity_ids: Sequence[str]) -> tuple[Product, ...]:
        """What can be downloaded of scenes, as one flat list in no order; unknown ids are left out."""
        payload = {"datasetName": dataset, "entityIds": list(entity_ids)}
        return await self._ask("download-options", payload, _all_of(Product))

    async def download_request(self, downloads: Sequence[DownloadInput], label: str) -> DownloadAnswer:
        """Ask for URLs, which counts against the account's quota."""
        payload = {
            "downloads": [{"entityId": one.entity_id, "productId": one.product_id} for one in downloads],
            "label": label,
        }
        return await self._ask("download-request", payload, _one(DownloadAnswer))

    async def download_retrieve(self, label: str) -> Retrieved:
        """The queue under a label."""
        return await self._ask("download-retrieve", {"label": label}, _one(Retrieved))

    async def download_search(self, label: str) -> tuple[RetrievedDownload, ...]:
        """What is under a label and not complete, in every status, without URLs."""
        return await self._ask("download-search", {"label": label, "activeOnly": True}, _all_of(RetrievedDownload))

    async def download_remove(self, download_id: int) -> None:
        """Take a download out of the queue, so that it counts against no quota of what waits."""
        await self._ask("download-remove", {"downloadId": download_id}, lambda data, _size: data)


def _texts(data: Any, _size: int) -> tuple[str, ...]:
    return tuple(str(word) for word in data or ())


def _all_of(model: type[T]) -> Callable[[Any, int], tuple[T, ...]]:
    adapter = TypeAdapter(tuple[model, ...])  # type: ignore[valid-type]
    return lambda data, _size: adapter.validate_python(data or ())


def _one(model: type[T]) -> Callable[[Any, int], T]:
    adapter = TypeAdapter(model)
    return lambda data, _size: adapter.validate_python(data or {})


def _listed(data: Any, _size: int) -> tuple[Scene, ...]:
    """Scenes under their dataset's alias; an empty map comes as a list [REFERENCE §1]."""
    groups = data.values() if isinstance(data, dict) else ()
    return tuple(read_scene(scene) for group in groups for scene in group)
