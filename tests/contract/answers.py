"""What the sandbox is asked so that its answers show every shape they have, and what it answers."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import httpx

from m2m_sandbox import create_sandbox

__all__ = ["answers"]

_LANDSAT, _SCENE = "landsat_ot_c2_l2", "LC80470272020339LGN00"
_FRAMES = "DS1117-2086DA007", "DS1117-2086DA017", "DS1117-2086DA049"  # of the last, the bounds are null
_BEIRUT = "NOAA_20200816_00048", "S2B_20200816_00065", "NOAA_20200815_00051"
_FILM, _BUNDLE, _FOLDER = "5e839feb28131aac", "5e83d14fec7cae84", "6448198c62023764"
_MOUNTAINS = {"filterType": "value", "filterId": "5e83d14fc84c9a78", "value": _SCENE}
_SMALL = "aerial_combin", "corona2", "declassii", "declassiii", "eo1_hyp_pub", "event2947", "naip", "srtm_v3"
_LABEL = {"label": "download-sample"}


def _wants(entity_id: str, product_id: str) -> dict[str, Any]:
    return {"downloads": [{"entityId": entity_id, "productId": product_id}], **_LABEL}


def _search(name: str, **scene_filter: Any) -> dict[str, Any]:
    return {"datasetName": name, "maxResults": 60, "metadataType": "full", "sceneFilter": scene_filter}


ASKED: list[tuple[str, dict[str, Any]]] = [
    ("permissions", {}),
    ("dataset", {"datasetName": "corona2"}),
    ("dataset", {"datasetName": "landsat_band_files_c2_l2"}),
    ("dataset", {"datasetName": _LANDSAT}),
    ("dataset-search", {}),
    *(("dataset-filters", {"datasetName": name}) for name in (_LANDSAT, *_SMALL)),
    *(("dataset-download-options", {"datasetName": name}) for name in (_LANDSAT, "corona2")),
    ("dataset-bulk-products", {"datasetName": _LANDSAT}),
    ("dataset-browse", {"datasetId": "5e83d14f2fc39685"}),
    ("dataset-catalogs", {}),
    ("dataset-categories", {"catalog": "EE"}),
    ("dataset-file-groups", {"datasetName": _LANDSAT}),
    ("dataset-messages", {"catalog": "EE", "datasetName": _LANDSAT}),
    ("notifications", {"systemId": "M2M"}),
    ("scene-search", _search(_LANDSAT, seasonalFilter=[6])),
    ("scene-search", _search(_LANDSAT, metadataFilter=_MOUNTAINS)),
    ("scene-search", {"datasetName": "corona2"}),
    *(("scene-search", _search(name)) for name in _SMALL),
    ("scene-search", {**_search("naip"), "startingNumber": 396}),  # the last one of its day has no footprint
    ("scene-metadata", {"datasetName": _LANDSAT, "entityId": _SCENE, "metadataType": "full"}),
    *(("scene-metadata", {"datasetName": "naip", "entityId": str(3_000_000 + 997 * index)}) for index in range(9)),
    *(("scene-metadata", {"datasetName": "event2919", "entityId": one}) for one in _BEIRUT),
    ("scene-list-add", {"listId": "x", "datasetName": "corona2", "entityIds": list(_FRAMES)}),
    ("scene-list-add", {"listId": "x", "datasetName": "event2919", "entityIds": list(_BEIRUT), "timeToLive": "P1D"}),
    ("scene-list-get", {"listId": "x"}),
    ("scene-list-summary", {"listId": "x"}),
    ("scene-list-types", {}),
    ("scene-metadata-list", {"listId": "x", "metadataType": "full"}),
    ("scene-list-remove", {"listId": "x"}),
    ("download-options", {"datasetName": "corona2", "entityIds": _FRAMES[0]}),
    ("download-options", {"datasetName": "naip", "entityIds": "3000997"}),
    ("download-options", {"datasetName": _LANDSAT, "entityIds": [_SCENE], "includeSecondaryFileGroups": True}),
    ("download-request", _wants(_FRAMES[0], _FILM)),
    ("download-request", _wants(_SCENE, _BUNDLE)),
    ("download-request", _wants(_SCENE, _FOLDER)),
    ("download-request", _wants(_FRAMES[1], _FILM)),
    ("download-request", _wants(_FRAMES[1], _FILM)),
    ("download-retrieve", _LABEL),
    ("download-search", {**_LABEL, "activeOnly": False}),
    ("download-labels", {}),
    ("download-summary", {**_LABEL, "downloadApplication": "M2M", "sendEmail": False}),
    ("download-eula", {"eulaCode": "HDDS"}),
    ("download-order-load", _LABEL),
    ("rate-limit-summary", {}),
    ("download-order-remove", _LABEL),
    ("scene-search-delete", {"datasetName": _LANDSAT}),
]
"""In this order. An endpoint that the sandbox does not have yet is passed over."""


def answers() -> dict[str, list[Any]]:
    """Endpoint → what the sandbox answered. Refusals are the endpoint ``error``, headers of a file ``http-headers``."""
    return asyncio.run(_answers())


async def _answers() -> dict[str, list[Any]]:
    now = 1_800_000_000.0
    sandbox = create_sandbox(base_url="http://sandbox", staging_seconds=250, clock=lambda: now, api_latency=0.001)
    found: dict[str, list[Any]] = defaultdict(list)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://sandbox") as client:

        async def ask(endpoint: str, said: Any, key: str = "") -> Any:
            answer = await client.post(f"/api/api/json/stable/{endpoint}", json=said, headers={"X-Auth-Token": key})
            return answer.json()

        found["login-token"] = [await ask("login-token", {"username": "anybody", "token": "any"})]
        key = found["login-token"][0]["data"]
        for endpoint, said in ASKED:
            now += 100  # so that of the films from tape one is ready in the end, and one is not
            answer = await ask(endpoint, said, key)
            if answer["errorCode"] != "NOT_FOUND":
                found[endpoint].append(answer)
            if endpoint == "download-retrieve":
                found["http-headers"].append({"headers": [await _headers(client, answer)]})
        found["error"] = [await ask("dataset", {"datasetName": "nonsense"}, key)]
        found["error"] += await _at_once(ask, key)
        found["logout"] = [await ask("logout", None, key)]
    return dict(found)


async def _at_once(ask: Any, key: str) -> list[Any]:
    """What the second of two requests at once is told."""
    both = await asyncio.gather(ask("permissions", {}, key), ask("permissions", {}, key))
    return [answer for answer in both if answer["errorCode"]]


async def _headers(client: httpx.AsyncClient, retrieved: Any) -> dict[str, str]:
    """Those of a film that has left staging, as the recording spells them."""
    film = next(row for row in retrieved["data"]["available"] if row["productCode"] == "D183")
    answer = await client.get(film["url"])
    return {name.title(): value for name, value in answer.headers.items()}
