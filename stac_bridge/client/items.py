"""Items: found by a search, or read from a file."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stac_bridge.client.api import opened
from stac_bridge.client.download.names import one_line
from stac_bridge.client.errors import refusal_of
from stac_bridge.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pystac_client import ItemSearch

__all__ = ["Hits", "Wanted", "find_items", "read_items", "search_for", "searched", "with_cloud"]

PAGE = 500
"""Items asked for at a time: a page of a bridge costs one M2M call, and one of 500 is some 15 MB."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to search for; ``limit`` is the most Items in all, ``bbox`` in degrees (west, south, east, north).

    ``intersects`` is a GeoJSON geometry, ``filter`` CQL2 text; ``sortby`` names properties, with ``-`` downwards.
    """

    collections: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    bbox: tuple[float, ...] | None = None
    intersects: dict[str, Any] | None = None
    datetime: str | None = None
    filter: str | None = None
    sortby: tuple[str, ...] = ()
    limit: int = 100

    @property
    def is_nothing(self) -> bool:
        """Whether it says nothing about which Items."""
        return not (
            self.collections or self.ids or self.bbox or self.intersects or self.datetime or self.filter or self.sortby
        )


def with_cloud(filter_text: str | None, cloud: float | None) -> str | None:
    """A filter (CQL2 text) and a most of cloud, in percent, as one.

    >>> with_cloud("platform = 'landsat-8' OR platform = 'landsat-9'", 10)
    "(platform = 'landsat-8' OR platform = 'landsat-9') AND eo:cloud_cover <= 10"
    """
    if cloud is None:
        return filter_text
    clear = f"eo:cloud_cover <= {cloud:g}"
    return f"({filter_text}) AND {clear}" if filter_text else clear


@dataclass
class Hits:
    """The Items of a search, a page at a time; what is told of them all is known once they come.

    ``matched`` is how many there are in all, None where the API does not say; ``more`` whether the limit cut them.
    """

    api: str
    search: ItemSearch
    limit: int
    matched: int | None = None
    more: bool = field(default=False, init=False)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Up to the limit. Raises BridgeError."""
        from pystac_client.exceptions import APIError

        count = 0
        try:
            for page in self.search.pages_as_dicts():
                self.matched = page.get("numberMatched", self.matched)
                features = page["features"]
                features.reverse()
                while features:  # none is kept, for the page is held on to until there is another
                    if count == self.limit:
                        self.more = True
                        return
                    count += 1
                    yield _checked(features.pop(), "the answer")
        except APIError as refused:
            raise refusal_of(self.api, refused) from refused


def searched(api: str, wanted: Wanted) -> Hits:
    """The Items that match, which are asked for as they are taken. Raises BridgeError."""
    return Hits(api, search_for(api, wanted), wanted.limit)


def find_items(api: str, wanted: Wanted) -> tuple[list[dict[str, Any]], bool]:
    """The Items, and whether there are more than the limit. Raises BridgeError."""
    hits = searched(api, wanted)
    return list(hits), hits.more


def search_for(api: str, wanted: Wanted) -> ItemSearch:
    """A search that has not been sent yet. It is for one Item more than wanted, which tells that there are more.

    Raises BridgeError.
    """
    client = opened(api)
    try:
        return client.search(
            collections=list(wanted.collections) or None,
            ids=list(wanted.ids) or None,
            bbox=wanted.bbox,
            intersects=wanted.intersects,
            datetime=wanted.datetime,
            filter=wanted.filter,
            filter_lang="cql2-text" if wanted.filter else None,
            sortby=list(wanted.sortby) or None,
            # a geometry may be longer than an address may be, and is a JSON object anyway
            method="POST" if wanted.intersects else "GET",
            limit=min(PAGE, wanted.limit + 1),
            max_items=wanted.limit + 1,
        )
    # pystac-client raises nothing narrower for a datetime that it cannot read.
    except Exception as unreadable:
        raise BadRequest(f"The search cannot be asked. {one_line(str(unreadable))}.") from unreadable


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
