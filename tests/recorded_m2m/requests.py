"""The keys that M2M knows in each request [REFERENCE §2, §3].

M2M silently ignores any other key and then searches everything, so a client that sends one has a fault that no
answer shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["unknown_keys"]

Json = dict[str, Any]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_REQUESTS = {
    "login-token": _words("username token"),
    "logout": _words(""),
    "permissions": _words(""),
    "notifications": _words("systemId"),
    "rate-limit-summary": _words("ipAddress"),
    "dataset": _words("datasetName datasetId"),
    "dataset-search": _words("catalog datasetName spatialFilter temporalFilter"),
    "dataset-filters": _words("datasetName"),
    "dataset-download-options": _words("datasetName"),
    "dataset-bulk-products": _words("datasetName"),
    "dataset-file-groups": _words("datasetName"),
    "dataset-messages": _words("catalog datasetName datasetNames"),
    "scene-search": _words("datasetName maxResults startingNumber metadataType sceneFilter"),
    "scene-metadata": _words("datasetName entityId idType metadataType useCustomization"),
    "scene-metadata-list": _words("listId datasetName metadataType"),
    "scene-list-add": _words("listId datasetName idField entityId entityIds timeToLive"),
    "scene-list-get": _words("listId datasetName startingNumber maxResults"),
    "scene-list-remove": _words("listId datasetName entityId entityIds"),
    "download-options": _words("datasetName entityIds listId includeSecondaryFileGroups"),
    "download-request": _words("downloads label"),
    "download-retrieve": _words("label"),
    "download-search": _words("label activeOnly"),
    "download-remove": _words("downloadId"),
}
_SCENE_FILTER = _words(
    "acquisitionFilter ingestFilter cloudCoverFilter seasonalFilter spatialFilter metadataFilter datasetName"
)
_CLOUD = _words("min max includeUnknown")
_DAYS = _words("start end")
_CORNER = _words("latitude longitude")
_PLACES = {"mbr": _words("filterType lowerLeft upperRight"), "geojson": _words("filterType geoJson")}
_GEOMETRY = _words("type coordinates")
_NODES = {
    "value": _words("filterType filterId value operand"),
    "between": _words("filterType filterId firstValue secondValue"),
    "and": _words("filterType childFilters"),
    "or": _words("filterType childFilters"),
}


def unknown_keys(endpoint: str, payload: Json) -> list[str]:
    """The keys of a request that M2M would ignore, as dotted paths; an endpoint that is not known is one itself."""
    if endpoint not in _REQUESTS:
        return [endpoint]
    return [f"{endpoint}: {path}" for path in _unknown(endpoint, payload)]


def _unknown(endpoint: str, payload: Json) -> Iterator[str]:
    yield from _others(payload, _REQUESTS[endpoint], "")
    yield from _others(payload.get("temporalFilter"), _DAYS, "temporalFilter.")
    yield from _in_place(payload.get("spatialFilter"), "spatialFilter.")
    scene_filter = payload.get("sceneFilter") or {}
    yield from _others(scene_filter, _SCENE_FILTER, "sceneFilter.")
    for name in ("acquisitionFilter", "ingestFilter"):
        yield from _others(scene_filter.get(name), _DAYS, f"sceneFilter.{name}.")
    yield from _others(scene_filter.get("cloudCoverFilter"), _CLOUD, "sceneFilter.cloudCoverFilter.")
    yield from _in_place(scene_filter.get("spatialFilter"), "sceneFilter.spatialFilter.")
    yield from _in_tree(scene_filter.get("metadataFilter"), "sceneFilter.metadataFilter.")


def _others(given: Json | None, known: frozenset[str], path: str) -> Iterator[str]:
    yield from (f"{path}{key}" for key in sorted((given or {}).keys() - known))


def _in_place(given: Json | None, path: str) -> Iterator[str]:
    if given is None:
        return
    kind = str(given.get("filterType")).lower()
    yield from _others(given, _PLACES.get(kind, frozenset()), path)
    for corner in ("lowerLeft", "upperRight"):
        yield from _others(given.get(corner), _CORNER, f"{path}{corner}.")
    yield from _others(given.get("geoJson"), _GEOMETRY, f"{path}geoJson.")


def _in_tree(given: Json | None, path: str) -> Iterator[str]:
    if given is None:
        return
    yield from _others(given, _NODES.get(str(given.get("filterType")), frozenset()), path)
    for child in given.get("childFilters") or ():
        yield from _in_tree(child, f"{path}childFilters.")
