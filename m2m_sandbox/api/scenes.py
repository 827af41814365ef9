"""M2M's endpoints about scenes and an account's scene lists [REFERENCE §3]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m2m_sandbox.api.errors import EndpointError
from m2m_sandbox.api.payload import Payload, dataset_alias, entity_ids, required_text, whole_number
from m2m_sandbox.api.scene_lists import MAX_LIST_SCENES, duration_seconds
from m2m_sandbox.archive.datasets import archive_of, name_of
from m2m_sandbox.downloads.file_groups import is_band_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from m2m_sandbox.api.accounts import Account
    from m2m_sandbox.api.scene_lists import Part
    from m2m_sandbox.archive.search import Ints

MAX_PAGE_SCENES = 50_000
"""Maximum number of scenes in one response of scene-search [REFERENCE §3]."""


def _search(_account: Account, payload: Payload) -> Payload:
    archive = archive_of(dataset_alias(payload))
    start = max(1, whole_number(payload, "startingNumber", 1))
    size = min(MAX_PAGE_SCENES, max(0, whole_number(payload, "maxResults", 100)))
    filtered = bool(payload.get("sceneFilter"))
    numbers: Sequence[int] | Ints = archive.search(payload.get("sceneFilter") or {}) if archive else []
    total, page = len(numbers), numbers[start - 1 : start - 1 + size]
    full = payload.get("metadataType") == "full"
    data = {
        "results": [archive.scene(int(number), full=full) for number in page] if archive else [],
        "recordsReturned": len(page),
        "totalHits": total,
        "startingNumber": start,
        "nextRecord": min(start + len(page), total),  # never null [REFERENCE §3]
        "numExcluded": 0,
        "isCustomized": False,
    }
    return data if filtered else {**data, "totalHitsAccuracy": "approximate"}


def _metadata(_account: Account, payload: Payload) -> Payload:
    archive = archive_of(dataset_alias(payload))
    field = "displayId" if payload.get("idType") == "displayId" else "entityId"
    number = archive.find(str(payload.get("entityId")), field) if archive else None
    if archive is None or number is None:
        raise EndpointError("NOT_FOUND", "The scene could not be found")
    scene = archive.scene(number, full=payload.get("metadataType") != "summary")
    published = "Unknown" if number % 7 == 0 else str(scene["publishDate"])[:19].replace(" ", "T")
    return {
        **_outside_search(scene),
        "orderingId": scene["entityId"],
        "hasCustomizedMetadata": False,
        "publishDate": published,
    }


def _outside_search(scene: Payload) -> Payload:
    """Return a scene as every endpoint but scene-search does: not selected, browse not rotatable [REFERENCE §5]."""
    browse = [{**picture, "browseRotationEnabled": False} for picture in scene["browse"]]
    return {**scene, "browse": browse, "selected": None}


def _list_add(account: Account, payload: Payload) -> int:
    """Add scenes to a list, and return how many. Unknown ids are not counted, and are not an error."""
    alias, list_id = dataset_alias(payload), required_text(payload, "listId")
    if isinstance(payload.get("entityIds"), str):  # the text that download-options takes [REFERENCE §2]
        raise EndpointError("SERVER_ERROR", "The request could not be processed", 500)
    ttl = duration_seconds(payload["timeToLive"]) if payload.get("timeToLive") else None
    field = "displayId" if payload.get("idField") == "displayId" else "entityId"
    return account.lists.add(list_id, alias, _existing(alias, field, entity_ids(payload)), ttl)


def _existing(alias: str, field: str, ids: list[str]) -> Iterator[str]:
    """Yield the entity ids of the scenes that exist.

    Datasets without an archive are those of Landsat's band files, whose entity ids are not searched by display id.
    """
    archive = archive_of(alias)
    for scene_id in ids:
        number = archive.find(scene_id, field) if archive else None
        if archive and number is not None:
            yield scene_id if field == "entityId" else archive.scene(number, full=False)["entityId"]
        elif archive is None and is_band_file(scene_id):
            yield scene_id


def _parts(account: Account, payload: Payload) -> dict[str, Part]:
    """Return the parts of the list ``listId``, by dataset; only those of ``datasetName`` if it is set."""
    name = payload.get("datasetName")
    return account.lists.parts(required_text(payload, "listId"), name_of(name) if name else None)


def _list_get(account: Account, payload: Payload) -> list[Payload]:
    start = max(1, whole_number(payload, "startingNumber", 1))
    size = whole_number(payload, "maxResults", MAX_LIST_SCENES)
    rows = [
        {"entityId": entity_id, "datasetName": alias}
        for alias, part in _parts(account, payload).items()
        for entity_id in part.entity_ids
    ]
    return rows[start - 1 : start - 1 + size]


def _list_remove(account: Account, payload: Payload) -> None:
    name = payload.get("datasetName")
    account.lists.remove(required_text(payload, "listId"), name_of(name) if name else None, entity_ids(payload))


def _list_types(account: Account, _payload: Payload) -> list[Payload]:
    """Return the account's lists."""
    return [_list_row(account, list_id) for list_id in account.lists.names()]


def _list_row(account: Account, list_id: str) -> Payload:
    parts = account.lists.parts(list_id).values()
    timeouts = [seconds for part in parts if (seconds := account.lists.seconds_left(part)) is not None]
    return {
        "list": list_id,
        "sceneCount": sum(len(part.entity_ids) for part in parts),
        "listTimeout": min(timeouts, default=None),
    }


def _list_summary(account: Account, payload: Payload) -> Payload:
    parts = _parts(account, payload)
    rows = [
        {
            "sceneCount": len(part.entity_ids),
            "datasetName": alias,
            "listTimeout": account.lists.seconds_left(part),
            **_extent(_scenes(alias, part, full=False)),
        }
        for alias, part in parts.items()
    ]
    scenes = [scene for alias, part in parts.items() for scene in _scenes(alias, part, full=False)]
    count = sum(len(part.entity_ids) for part in parts.values())
    # M2M sends the count as text in the summary, as a number in each dataset, and null for a list that is not there.
    return {"summary": {"sceneCount": str(count) if parts else None, **_extent(scenes)}, "datasets": rows}


def _extent(scenes: list[Payload]) -> Payload:
    """Return the bounding box and the range of dates of some scenes; both are null without any."""
    points = [
        point
        for scene in scenes
        if (scene["spatialBounds"] or {}).get("type") == "Polygon"
        for point in scene["spatialBounds"]["coordinates"][0]
    ]
    days = sorted(scene["temporalCoverage"]["startDate"] for scene in scenes)
    west, south, east, north = _box(points) if points else (0, 0, 0, 0)
    ring = [[west, south], [west, north], [east, north], [east, south], [west, south]]
    return {
        "spatialBounds": {"type": "Polygon", "coordinates": [ring]} if points else None,
        "temporalExtent": {"max": days[-1], "min": days[0]} if days else None,
    }


def _box(points: list[list[float]]) -> tuple[float, float, float, float]:
    longitudes, latitudes = zip(*points, strict=True)
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def _scenes(alias: str, part: Part, *, full: bool) -> list[Payload]:
    archive = archive_of(alias)
    if archive is None:
        return []
    numbers = (archive.find(entity_id, "entityId") for entity_id in part.entity_ids)
    return [archive.scene(number, full=full) for number in numbers if number is not None]


def _metadata_list(account: Account, payload: Payload) -> Any:
    full = payload.get("metadataType") == "full"
    parts = _parts(account, payload).items()
    data = {alias: [_outside_search(scene) for scene in _scenes(alias, part, full=full)] for alias, part in parts}
    return data or []  # PHP's empty map


SCENE_ENDPOINTS: dict[str, Callable[[Account, Payload], Any]] = {
    "scene-search": _search,
    "scene-metadata": _metadata,
    "scene-metadata-list": _metadata_list,
    "scene-list-add": _list_add,
    "scene-list-get": _list_get,
    "scene-list-remove": _list_remove,
    "scene-list-summary": _list_summary,
    "scene-list-types": _list_types,
}
