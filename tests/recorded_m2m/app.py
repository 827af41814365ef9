"""An M2M for tests that lists the recorded catalog and serves the recorded scenes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from m2m_sandbox.api.accounts import Account, Accounts
from m2m_sandbox.api.errors import EndpointError
from m2m_sandbox.api.payload import entity_ids, required_text, whole_number
from m2m_sandbox.api.scene_lists import MAX_LIST_SCENES, duration_seconds
from tests.recorded_m2m.recordings import Recordings, recordings
from tests.recorded_m2m.requests import unknown_keys
from tests.recorded_m2m.selection import select_datasets, select_scenes

__all__ = ["RecordedM2M"]

Json = dict[str, Any]


class RecordedM2M:
    """The service as an ASGI app; ``transport`` is the same for an httpx client.

    Any user may log in with any token. An account has one request in flight; a second one gets RATE_LIMIT. Nothing
    can be downloaded. An endpoint or a key that M2M does not know is refused and kept in ``complaints``, which a test
    checks at its end.
    """

    def __init__(self, recorded: Recordings | None = None, clock: Callable[[], float] = time.time) -> None:
        self.recorded = recorded or recordings()
        self.calls: list[tuple[str, Json]] = []
        """Endpoint and payload of each request so far, in order."""

        self.complaints: list[str] = []
        """Keys and endpoints that M2M does not know."""

        self.transport = httpx.ASGITransport(self)
        self._accounts = Accounts(7200, clock)
        self._answers = _Answers(self.recorded)
        self._app = Starlette(
            routes=[Route("/api/api/json/stable/{endpoint}", self._respond, methods=["GET", "POST"])],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        await self._app(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        endpoint, payload = request.path_params["endpoint"], orjson.loads(await request.body() or b"null") or {}
        self.calls.append((endpoint, payload))
        try:
            data, refusal = await self._data(endpoint, payload, request), None
        except EndpointError as refused:
            data, refusal = None, refused
        envelope = {
            "requestId": len(self.calls),
            "version": "stable",
            "data": data,
            "errorCode": refusal.code if refusal else None,
            "errorMessage": refusal.message if refusal else None,
        }
        return Response(orjson.dumps(envelope), refusal.status if refusal else 200, media_type="application/json")

    async def _data(self, endpoint: str, payload: Json, request: Request) -> Any:
        if unknown := unknown_keys(endpoint, payload):
            self.complaints += unknown
            raise EndpointError("INPUT_PARAMETER_INVALID", f"M2M does not know {', '.join(unknown)}")
        key = request.headers.get("x-auth-token")
        account = self._accounts.log_in(payload) if endpoint == "login-token" else self._accounts.authenticate(key)
        async with self._accounts.single_request(account, request.is_disconnected):
            await asyncio.sleep(0)  # so that requests of one account can meet
            if endpoint == "login-token":
                return self._accounts.issue_key(account)
            if endpoint == "logout":
                return self._accounts.revoke_key(key)
            given = {name: value for name, value in payload.items() if value is not None}
            return getattr(self._answers, endpoint.replace("-", "_"))(account, given)


class _Answers:
    """The ``data`` of each endpoint. All raise EndpointError."""

    def __init__(self, recorded: Recordings) -> None:
        self._recorded = recorded
        self._datasets = {one["datasetAlias"]: one for one in recorded.datasets}

    def permissions(self, account: Account, _payload: Json) -> list[str]:
        return account.roles

    def notifications(self, _account: Account, _payload: Json) -> list[Json]:
        return []

    def rate_limit_summary(self, account: Account, _payload: Json) -> Json:
        limits = {"recentDownloadCount": 15000, "pendingDownloadCount": 20000, "unattemptedDownloadCount": 20000}
        own = {"limitType": "user", "username": account.username, **limits}
        return {"initialLimits": [limits], "remainingLimits": [own], "recentDownloadCounts": []}

    # -- datasets --------------------------------------------------------------------------------------------

    def dataset(self, _account: Account, payload: Json) -> Json:
        return self._datasets[self._name(payload)]

    def dataset_search(self, _account: Account, payload: Json) -> list[Json]:
        """``datasetName`` is searched with wildcards on both sides, in alias and names [REFERENCE §7]."""
        group, part = payload.get("catalog"), str(payload.get("datasetName") or "").strip("*").casefold()
        listed = [
            one
            for one in self._datasets.values()
            if (group is None or group in one["catalogs"])
            and part in f"{one['datasetAlias']} {one['collectionName']}".casefold()
        ]
        return select_datasets(listed, payload.get("spatialFilter"), payload.get("temporalFilter"))

    def dataset_filters(self, _account: Account, payload: Json) -> list[Json]:
        return self._recorded.filters.get(self._name(payload), [])

    def dataset_download_options(self, _account: Account, payload: Json) -> list[Json]:
        return self._recorded.products.get(self._name(payload), [])

    def dataset_bulk_products(self, account: Account, payload: Json) -> list[Json]:
        keys = ("productCode", "productName", "downloadName", "fileGroups")
        return [{key: one.get(key) for key in keys} for one in self.dataset_download_options(account, payload)]

    def dataset_file_groups(self, _account: Account, payload: Json) -> Json:
        self._name(payload)
        return {"primary": [], "secondary": []}

    def dataset_messages(self, _account: Account, _payload: Json) -> list[Json]:
        return []  # PHP's empty map

    # -- scenes ----------------------------------------------------------------------------------------------

    def scene_search(self, _account: Account, payload: Json) -> Json:
        name, scene_filter = self._name(payload), payload.get("sceneFilter")
        start, size = (
            max(1, whole_number(payload, "startingNumber", 1)),
            min(MAX_LIST_SCENES, whole_number(payload, "maxResults", 100)),
        )
        given = {key: value for key, value in (scene_filter or {}).items() if value is not None}
        matched = select_scenes(self._scenes(name), self._recorded.filters.get(name, []), given)
        page = matched[start - 1 : start - 1 + size]
        answer = {
            "results": [_as_found(one, payload) for one in page],
            "recordsReturned": len(page),
            "totalHits": len(matched),
            "startingNumber": start,
            "nextRecord": min(start + len(page), len(matched)),  # never null [REFERENCE §3]
            "numExcluded": 0,
            "isCustomized": False,
        }
        return answer if scene_filter else {**answer, "totalHitsAccuracy": "approximate"}

    def scene_metadata(self, _account: Account, payload: Json) -> Json:
        field = "displayId" if payload.get("idType") == "displayId" else "entityId"
        for one in self._scenes(self._name(payload)):
            if one[field] == payload.get("entityId"):
                return {**one, "orderingId": one["entityId"], "selected": None, "hasCustomizedMetadata": False}
        raise EndpointError("NOT_FOUND", "The scene could not be found")

    def scene_list_add(self, account: Account, payload: Json) -> int:
        name = self._name(payload)
        field = "displayId" if payload.get("idField") == "displayId" else "entityId"
        known = {one[field]: one["entityId"] for one in self._scenes(name)}
        added = [known[one] for one in entity_ids(payload) if one in known]
        lives = duration_seconds(payload["timeToLive"]) if "timeToLive" in payload else None
        return account.lists.add(required_text(payload, "listId"), name, added, lives)

    def scene_list_get(self, account: Account, payload: Json) -> list[Json]:
        start, size = (
            max(1, whole_number(payload, "startingNumber", 1)),
            whole_number(payload, "maxResults", MAX_LIST_SCENES),
        )
        rows = [{"entityId": one["entityId"], "datasetName": name} for name, one in self._on_list(account, payload)]
        return rows[start - 1 : start - 1 + size]

    def scene_list_remove(self, account: Account, payload: Json) -> None:
        account.lists.remove(required_text(payload, "listId"), self._chosen(payload), entity_ids(payload))

    def scene_metadata_list(self, account: Account, payload: Json) -> Json | list[Json]:
        found: dict[str, list[Json]] = {}
        for name, one in self._on_list(account, payload):
            found.setdefault(name, []).append(_as_found(one, payload))
        return found or []  # PHP's empty map

    # -- downloads -------------------------------------------------------------------------------------------

    def download_options(self, _account: Account, payload: Json) -> list[Json]:
        wanted = {*entity_ids(payload)}
        return [one for one in self._recorded.options.get(self._name(payload), []) if one["entityId"] in wanted]

    def download_request(self, _account: Account, payload: Json) -> Json:
        """Every download fails, as while a delivery system is down [REFERENCE §8]."""
        told = {"errorMessage": "This download has been temporarily disabled"}
        return {
            "availableDownloads": [],
            "preparingDownloads": [],
            "failed": [{**one, **told} for one in payload.get("downloads") or ()],
            "newRecords": [],
            "duplicateProducts": [],
            "numInvalidScenes": 0,
            "remainingLimits": [],
        }

    def download_retrieve(self, _account: Account, _payload: Json) -> Json:
        return {"available": [], "requested": [], "queueSize": 0, "eulas": []}

    def download_search(self, _account: Account, _payload: Json) -> list[Json]:
        return []

    def download_remove(self, _account: Account, _payload: Json) -> bool:
        return True

    # -- what several of them need ---------------------------------------------------------------------------

    def _name(self, payload: Json) -> str:
        """The alias of the dataset that a request names, in whatever case, or by its id."""
        given = str(payload.get("datasetName") or payload.get("datasetId") or "")
        for alias, one in self._datasets.items():
            if given.casefold() == alias.casefold() or given == one["datasetId"]:
                return str(alias)
        raise EndpointError("DATASET_INVALID", "An invalid dataset has been provided")

    def _chosen(self, payload: Json) -> str | None:
        return self._name(payload) if payload.get("datasetName") else None

    def _scenes(self, name: str) -> Sequence[Json]:
        return self._recorded.scenes.get(name, [])

    def _on_list(self, account: Account, payload: Json) -> Iterator[tuple[str, Json]]:
        for name, part in account.lists.parts(required_text(payload, "listId"), self._chosen(payload)).items():
            scenes = {one["entityId"]: one for one in self._scenes(name)}
            yield from ((name, scenes[entity_id]) for entity_id in part.entity_ids)


def _as_found(scene: Json, payload: Json) -> Json:
    """A scene in a list: without metadata unless the request wants it."""
    return scene if payload.get("metadataType") in ("full", "summary") else {**scene, "metadata": []}
