"""One method for each M2M endpoint in use, typed in and out."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import orjson
import stamina
from pydantic import TypeAdapter, ValidationError

from stac_bridge.errors import (
    UpstreamBusy,
    UpstreamError,
    UpstreamFault,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from stac_bridge.m2m.auth import LoginToken
from stac_bridge.m2m.budget import current
from stac_bridge.m2m.datasets import Dataset, DatasetFilter, DatasetProduct, read_datasets
from stac_bridge.m2m.errors import Transient, read_answer
from stac_bridge.m2m.gate import Gate
from stac_bridge.m2m.models import (
    DownloadAnswer,
    Product,
    Retrieved,
    Scene,
    Scenes,
    read_scene,
    read_scenes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stac_bridge.m2m.filters import DatasetSearch, SceneSearch
    from stac_bridge.m2m.gate import Turns
    from stac_bridge.m2m.models import DownloadInput

__all__ = ["Backoff", "M2MClient"]

_log = logging.getLogger(__name__)

T = TypeVar("T")
Read = TypeVar("Read")

_ABSENT = frozenset({"NOT_FOUND", "INPUT_INVALID", "INPUT_PARAMETER_INVALID"})
"""What scene-metadata may say of an id it does not have; which of them is not known [REFERENCE §11]."""

_SHARE = 3
"""A call with its queue and retries takes at most this many times the limit of one attempt."""

_GRACE = 0.05


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often a call is tried, and how long is waited between (seconds; jitter comes on top)."""

    attempts: int = 8
    first: float = 0.5
    most: float = 10.0


class M2MClient:
    """M2M under one account. Every method raises UpstreamError, in one of its kinds.

    ``timeout`` (seconds) bounds one attempt; the queue, all attempts and the waits between take at most three
    times as long, and never longer than the asker's budget has left.
    """

    def __init__(
        self,
        url: str,
        username: str,
        token: str,
        *,
        timeout: float = 60,
        transport: httpx.AsyncBaseTransport | None = None,
        gate: Turns | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        base = httpx.URL(url.rstrip("/") + "/")
        backoff = backoff or Backoff()
        self._timeout = timeout
        self._gate = gate or Gate()
        self._auth = LoginToken(base, username, token)
        self._http = httpx.AsyncClient(
            base_url=base,
            auth=self._auth,
            timeout=timeout,
            transport=transport,
            event_hooks={"request": [_count]},
            headers={"Accept": "application/json"},
        )
        self._retrying = stamina.AsyncRetryingCaller(
            attempts=backoff.attempts,
            timeout=None,
            wait_initial=backoff.first,
            wait_max=backoff.most,
            wait_jitter=backoff.first,
        )

    # -- account ---------------------------------------------------------------------------------------------

    async def permissions(self) -> tuple[str, ...]:
        """The account's roles: ``user``, ``download``, ``order``. Logs in, too, where that is due."""
        return await self._ask("permissions", {}, _texts)

    async def logout(self) -> None:
        """End the key, if there is one; a key that is dead already is no trouble."""
        if self._auth.has_key:
            try:
                await self._ask("logout", {}, lambda data, _size: data)
            except UpstreamError as refused:
                _log.debug("logout: %s", refused)
            self._auth.forget()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

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

    # -- the wire --------------------------------------------------------------------------------------------

    async def _ask(self, endpoint: str, payload: dict[str, Any], read: Callable[[Any, int], Read]) -> Read:
        data, size = await self._try_until(endpoint, payload)
        try:
            return read(data, size)
        except (ValidationError, KeyError, TypeError, ValueError, AttributeError) as unknown:
            raise UpstreamFault(f"M2M's answer to {endpoint} has an unknown form: {_brief(unknown)}.") from unknown

    async def _try_until(self, endpoint: str, payload: dict[str, Any]) -> tuple[Any, int]:
        """Try until it works, fails for good, or the time is up."""
        deadline = time.monotonic() + min(current().left, _SHARE * self._timeout)
        failures: list[UpstreamError] = []

        def worth_another(failure: Exception) -> bool:
            if isinstance(failure, Transient):
                failures.append(failure.error)
            return isinstance(failure, Transient)

        try:
            # a moment later than the gate's own limit, which tells better what the time went into
            async with asyncio.timeout(deadline - time.monotonic() + _GRACE):
                return await self._retrying(worth_another, self._attempt, endpoint, payload, deadline)
        except Transient as given_up:
            raise given_up.error from given_up.__cause__
        except (TimeoutError, UpstreamBusy) as late:
            if failures:
                raise failures[-1] from late
            if isinstance(late, UpstreamBusy):
                raise
            raise _too_late(endpoint) from late

    async def _attempt(self, endpoint: str, payload: dict[str, Any], deadline: float) -> tuple[Any, int]:
        """One request, when it is our turn. The turn is given back between attempts."""
        budget, asked = current(), time.monotonic()
        try:
            async with self._gate.turn(deadline - asked):
                begun = time.monotonic()
                budget.queued += begun - asked
                try:
                    return await self._exchange(endpoint, payload)
                finally:
                    budget.upstream += time.monotonic() - begun
        finally:
            _log.debug("%s: %.0f ms", endpoint, 1000 * (time.monotonic() - asked))

    async def _exchange(self, endpoint: str, payload: dict[str, Any]) -> tuple[Any, int]:
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._http.post(
                    endpoint, content=orjson.dumps(payload), headers={"Content-Type": "application/json"}
                )
        except (TimeoutError, httpx.TimeoutException) as late:
            raise Transient(_too_late(endpoint)) from late
        except (httpx.TransportError, httpx.DecodingError) as fault:
            raise Transient(_unreachable(fault)) from fault
        return read_answer(response), len(response.content)


async def _count(_request: httpx.Request) -> None:
    current().calls += 1


def _too_late(endpoint: str) -> UpstreamTimeout:
    return UpstreamTimeout(f"M2M did not answer {endpoint} in time; it may be busy. Try again later.", retry_after=60)


def _unreachable(fault: httpx.HTTPError) -> UpstreamUnreachable:
    return UpstreamUnreachable(f"M2M cannot be reached ({type(fault).__name__}); try again later.", retry_after=60)


def _brief(error: Exception) -> str:
    """What an answer lacks, in one line and without the answer itself."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
    return f"{type(error).__name__} {error}"


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
