"""Items: found by a search, or read from a file."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stac_bridge.errors import BadRequest, UpstreamUnreachable
from stac_bridge.fetching.names import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from pystac_client import Client, ItemSearch

__all__ = ["Wanted", "find_items", "read_items", "with_cloud"]

PAGE = 100
"""Items asked for at a time: a page of a bridge costs one M2M call."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to search for; ``limit`` is the most Items in all, ``bbox`` in degrees (west, south, east, north)."""

    collections: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    bbox: tuple[float, ...] | None = None
    datetime: str | None = None
    filter: str | None = None
    limit: int = 100

    @property
    def is_nothing(self) -> bool:
        """Whether it says nothing about which Items."""
        return not (self.collections or self.ids or self.bbox or self.datetime or self.filter)


def with_cloud(filter_text: str | None, cloud: float | None) -> str | None:
    """A filter (CQL2 text) and a most of cloud, in percent, as one.

    >>> with_cloud("platform = 'landsat-8' OR platform = 'landsat-9'", 10)
    "(platform = 'landsat-8' OR platform = 'landsat-9') AND eo:cloud_cover <= 10"
    """
    if cloud is None:
        return filter_text
    clear = f"eo:cloud_cover <= {cloud:g}"
    return f"({filter_text}) AND {clear}" if filter_text else clear


def find_items(api: str, wanted: Wanted) -> tuple[list[dict[str, Any]], bool]:
    """The Items, and whether there are more than the limit. Raises BadRequest, UpstreamUnreachable."""
    import pystac_client
    from pystac_client.exceptions import APIError

    try:
        search = _search(pystac_client.Client.open(api), wanted)
        found = list(search.items_as_dicts())
    except APIError as refused:
        raise _told(api, refused) from refused
    return [_checked(item, "the answer") for item in found[: wanted.limit]], len(found) > wanted.limit


def _search(client: Client, wanted: Wanted) -> ItemSearch:
    """A search that has not been sent yet. Raises BadRequest."""
    try:
        return client.search(
            collections=list(wanted.collections) or None,
            ids=list(wanted.ids) or None,
            bbox=wanted.bbox,
            datetime=wanted.datetime,
            filter=wanted.filter,
            filter_lang="cql2-text" if wanted.filter else None,
            method="GET",
            limit=min(PAGE, wanted.limit + 1),
            max_items=wanted.limit + 1,
        )
    # pystac-client raises nothing narrower for a datetime that it cannot read.
    except Exception as unreadable:
        raise BadRequest(f"The search cannot be asked. {one_line(str(unreadable))}.") from unreadable


def _told(api: str, refused: Exception) -> BadRequest | UpstreamUnreachable:
    """In the server's words, where it has any."""
    status = getattr(refused, "status_code", None)
    try:
        detail = one_line(json.loads(str(refused))["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"It answered HTTP {status}." if status else f"Nothing answers as a STAC API at {api}."
    is_theirs = status is None or status >= 500
    return UpstreamUnreachable(f"The search failed. {detail}") if is_theirs else BadRequest(detail)


def read_items(path: Path) -> list[dict[str, Any]]:
    """The Items of an ItemCollection (a search's answer) or a single Item; ``-`` is stdin. Raises BadRequest."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        said = json.loads(text)
    except OSError as fault:
        raise BadRequest(f"{path} cannot be read ({fault.strerror}).") from fault
    except ValueError as fault:
        raise BadRequest(f"{path} is not JSON; save a search's answer, or an Item, and name that file.") from fault
    kind = said.get("type") if isinstance(said, dict) else None
    if kind not in ("FeatureCollection", "Feature"):
        error = f"a server's error: {said['detail']}" if isinstance(said, dict) and said.get("detail") else ""
        raise BadRequest(f"{path} is {one_line(error) or 'neither an ItemCollection nor an Item.'}")
    features = said.get("features") if kind == "FeatureCollection" else [said]
    return [_checked(item, str(path)) for item in features or ()]


def _checked(item: Any, where: str) -> dict[str, Any]:
    """An Item with all that is used of it here. Raises BadRequest."""
    try:
        whole = (
            isinstance(item["id"], str)
            and bool(item["id"])
            and isinstance(item["properties"], dict)
            and all(isinstance(asset["href"], str) for asset in item["assets"].values())
        )
    except (KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise BadRequest(
            f"{where} has a feature that is no STAC Item, which has an id, properties, and assets with hrefs."
        )
    found: dict[str, Any] = item
    return found
