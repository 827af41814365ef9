"""Items from a search, or from a file."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stac_bridge.client.api import open_api
from stac_bridge.client.errors import one_line, pystac_client_error
from stac_bridge.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pystac_client import ItemSearch

PAGE_SIZE = 500
"""Items per page: a page costs the bridge one M2M call, and 500 Items take about 15 MB."""

MAX_URL_LENGTH = 2000
"""Bytes of a URL that any server and proxy accepts; a longer search, such as one for many ids, is sent by POST."""


@dataclass(frozen=True, slots=True)
class SearchParams:
    """The parameters of a search.

    ``limit`` is the maximum number of Items in all, not per page; ``bbox`` is in degrees (west, south, east, north);
    ``intersects`` a GeoJSON geometry; ``filter`` CQL2 text; ``sortby`` names of properties, with ``-`` for descending.
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
    def is_empty(self) -> bool:
        """Whether nothing restricts which Items match."""
        return not (
            self.collections or self.ids or self.bbox or self.intersects or self.datetime or self.filter or self.sortby
        )


def add_cloud_filter(filter_text: str | None, max_cloud: float | None) -> str | None:
    """Combine a CQL2 text filter with a maximum cloud cover in percent.

    >>> add_cloud_filter("platform = 'landsat-8' OR platform = 'landsat-9'", 10)
    "(platform = 'landsat-8' OR platform = 'landsat-9') AND eo:cloud_cover <= 10"
    """
    if max_cloud is None:
        return filter_text
    condition = f"eo:cloud_cover <= {max_cloud:g}"
    return f"({filter_text}) AND {condition}" if filter_text else condition


@dataclass
class SearchResults:
    """The Items of a search, fetched page by page during iteration.

    ``matched`` is the total number of matches, None if the API does not report it. ``has_more`` says whether the
    limit cut the results; it is valid after iteration.
    """

    api: str
    search: ItemSearch
    limit: int
    matched: int | None = None
    has_more: bool = field(default=False, init=False)
    warnings: list[str] = field(default_factory=list)
    """A bridge's warnings about conditions that no Item can meet. Such a search is refused: it is a typing error."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield Items up to the limit. Raises BridgeError."""
        from pystac_client.exceptions import APIError

        count = 0
        try:
            for page in self.search.pages_as_dicts():
                self._refuse_if_warned()
                self.matched = page.get("numberMatched", self.matched)
                features = page["features"]
                features.reverse()
                # Popped, not iterated: pystac-client holds the page until it has the next one, and a page is 15 MB.
                while features:
                    if count == self.limit:
                        self.has_more = True
                        return
                    count += 1
                    yield _check_item(features.pop(), "the answer")
        except APIError as error:
            raise pystac_client_error(self.api, error) from error
        self._refuse_if_warned()  # there may have been no page

    def _refuse_if_warned(self) -> None:
        if self.warnings:
            raise BadRequest(one_line(" ".join(dict.fromkeys(self.warnings))))


def search_items(api: str, params: SearchParams) -> SearchResults:
    """Return the matching Items, which are requested while they are iterated. Raises BridgeError."""
    warnings: list[str] = []
    return SearchResults(api, build_search(api, params, warnings), params.limit, warnings=warnings)


def find_items(api: str, params: SearchParams) -> tuple[list[dict[str, Any]], bool]:
    """Return the matching Items, and whether more match than the limit allows. Raises BridgeError."""
    results = search_items(api, params)
    return list(results), results.has_more


def build_search(api: str, params: SearchParams, warnings: list[str] | None = None) -> ItemSearch:
    """Return a search that has not been sent yet. Raises BridgeError.

    It requests one Item more than the limit: the extra one says that there are more. A bridge's warnings about it are
    added to ``warnings``.
    """
    client = open_api(api, warnings)

    def by(method: str) -> ItemSearch:
        return client.search(
            method=method,
            collections=list(params.collections) or None,
            ids=list(params.ids) or None,
            bbox=params.bbox,
            intersects=params.intersects,
            datetime=params.datetime,
            filter=params.filter,
            filter_lang="cql2-text" if params.filter else None,
            sortby=list(params.sortby) or None,
            limit=min(PAGE_SIZE, params.limit + 1),
            max_items=params.limit + 1,
        )

    try:
        if params.intersects:
            return by("POST")  # a geometry is a JSON object anyway
        search = by("GET")
        return search if len(search.url_with_parameters()) <= MAX_URL_LENGTH else by("POST")
    # pystac-client raises nothing narrower for a datetime that it cannot parse.
    except Exception as error:
        raise BadRequest(f"The search is not valid. {one_line(str(error))}.") from error


def read_items(path: Path) -> list[dict[str, Any]]:
    """Read the Items of a file with an ItemCollection or a single Item; ``-`` is stdin. Raises BadRequest."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        document = json.loads(text)
    except OSError as error:
        raise BadRequest(f"{path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise BadRequest(f"{path} is not JSON; save a search's answer, or an Item, and name that file.") from error
    kind = document.get("type") if isinstance(document, dict) else None
    if kind not in ("FeatureCollection", "Feature"):
        has_detail = isinstance(document, dict) and document.get("detail")
        problem = f"a server's error: {document['detail']}" if has_detail else ""
        raise BadRequest(f"{path} is {one_line(problem) or 'neither an ItemCollection nor an Item.'}")
    features = document.get("features") if kind == "FeatureCollection" else [document]
    return [_check_item(item, str(path)) for item in features or ()]


def _check_item(item: Any, origin: str) -> dict[str, Any]:
    """Return the Item if it has every member that is read in this package. Raises BadRequest."""
    try:
        is_valid = (
            isinstance(item["id"], str)
            and bool(item["id"])
            and isinstance(item["properties"], dict)
            and all(isinstance(asset["href"], str) for asset in item["assets"].values())
        )
    except (KeyError, TypeError, AttributeError):
        is_valid = False
    if not is_valid:
        raise BadRequest(
            f"{origin} has a feature that is no STAC Item, which has an id, properties, and assets with hrefs."
        )
    checked: dict[str, Any] = item
    return checked
