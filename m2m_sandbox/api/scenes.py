"""M2M's endpoints about scenes and the lists of them that an account keeps [REFERENCE §3]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m2m_sandbox.api.errors import Refusal
from m2m_sandbox.api.payload import Payload, dataset_of, ids_of, number_of, required
from m2m_sandbox.api.scene_lists import seconds_of
from m2m_sandbox.archive.datasets import archive_of, name_of
from m2m_sandbox.downloads.file_groups import is_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from m2m_sandbox.api.accounts import Account
    from m2m_sandbox.api.scene_lists import Part
    from m2m_sandbox.archive.search import Ints

__all__ = ["SCENE_ENDPOINTS"]

MOST = 50_000
"""Scenes that one search may give [REFERENCE §3]."""


def _search(_account: Account, said: Payload) -> Payload:
    archive = archive_of(dataset_of(said))
    start = max(1, number_of(said, "startingNumber", 1))
    size = min(MOST, max(0, number_of(said, "maxResults", 100)))
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


def _metadata(_account: Account, said: Payload) -> Payload:
    archive = archive_of(dataset_of(said))
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


def _list_add(account: Account, said: Payload) -> int:
    """How many were added: unknown ids lower the count and raise no error."""
    name, list_id = dataset_of(said), required(said, "listId")
    lives = seconds_of(said["timeToLive"]) if said.get("timeToLive") else None
    field = "displayId" if said.get("idField") == "displayId" else "entityId"
    return account.lists.add(list_id, name, _known(name, field, ids_of(said)), lives)


def _known(name: str, field: str, identifiers: list[str]) -> Iterator[str]:
    """The entity ids of those that are there."""
    archive = archive_of(name)
    for one in identifiers:
        number = archive.find(one, field) if archive else None
        if archive and number is not None:
            yield one if field == "entityId" else archive.scene(number, full=False)["entityId"]
        elif archive is None and is_file(one):
            yield one


def _parts(account: Account, said: Payload) -> dict[str, Part]:
    """What the list that is asked about holds, by dataset."""
    asked = said.get("datasetName")
    return account.lists.parts(required(said, "listId"), name_of(asked) if asked else None)


def _list_get(account: Account, said: Payload) -> list[Payload]:
    start = max(1, number_of(said, "startingNumber", 1))
    size = number_of(said, "maxResults", MOST)
    rows = [
        {"entityId": one, "datasetName": name}
        for name, part in _parts(account, said).items()
        for one in part.entity_ids
    ]
    return rows[start - 1 : start - 1 + size]


def _list_remove(account: Account, said: Payload) -> None:
    asked = said.get("datasetName")
    account.lists.remove(required(said, "listId"), name_of(asked) if asked else None, ids_of(said))


def _list_types(account: Account, _said: Payload) -> list[Payload]:
    """The lists of the account."""
    return [_list_row(account, name) for name in account.lists.names()]


def _list_row(account: Account, name: str) -> Payload:
    parts = account.lists.parts(name).values()
    ends = [end for part in parts if (end := account.lists.left(part)) is not None]
    return {
        "list": name,
        "sceneCount": sum(len(part.entity_ids) for part in parts),
        "listTimeout": min(ends, default=None),
    }


def _list_summary(account: Account, said: Payload) -> Payload:
    parts = _parts(account, said)
    rows = [
        {
            "sceneCount": len(part.entity_ids),
            "datasetName": name,
            "listTimeout": account.lists.left(part),
            **_extent(_scenes(name, part, full=False)),
        }
        for name, part in parts.items()
    ]
    every = [scene for name, part in parts.items() for scene in _scenes(name, part, full=False)]
    count = sum(len(part.entity_ids) for part in parts.values())
    return {"summary": {"sceneCount": str(count), **_extent(every)}, "datasets": rows}  # text above, numbers below


def _extent(scenes: list[Payload]) -> Payload:
    """Where and when they are; null where there are none."""
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


def _scenes(name: str, part: Part, *, full: bool) -> list[Payload]:
    archive = archive_of(name)
    if archive is None:
        return []
    numbers = (archive.find(one, "entityId") for one in part.entity_ids)
    return [archive.scene(number, full=full) for number in numbers if number is not None]


def _metadata_list(account: Account, said: Payload) -> Any:
    full = said.get("metadataType") == "full"
    parts = _parts(account, said).items()
    return {name: [_described(scene) for scene in _scenes(name, part, full=full)] for name, part in parts} or []


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
