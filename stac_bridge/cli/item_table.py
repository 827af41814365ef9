"""Items as a table. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stac_bridge.cli.printing import plain, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.table import Table

__all__ = ["found", "items_table", "when"]

Item = dict[str, Any]


def when(properties: dict[str, Any]) -> str:
    """An instant to the minute, or the days of a span.

    >>> when({"datetime": "2024-07-28T10:17:39Z"})
    '2024-07-28 10:17'
    >>> when({"datetime": None, "start_datetime": "1972-05-31T00:00:00Z", "end_datetime": "1972-05-31T23:59:59Z"})
    '1972-05-31'
    """
    instant = properties.get("datetime")
    if instant:
        return str(instant)[:16].replace("T", " ")
    days = [str(properties[name])[:10] for name in ("start_datetime", "end_datetime") if properties.get(name)]
    return " – ".join(dict.fromkeys(days))


def _cloud(item: Item) -> str:
    cloud = item["properties"].get("eo:cloud_cover")
    return f"{cloud:.1f} %" if isinstance(cloud, int | float) else ""


def _files(item: Item) -> str:
    """How many there are, and whether USGS prepares some of them when they are asked for."""
    staged = item["properties"].get("order:status") == "orderable"
    return f"{len(item['assets'])}{', on request' if staged else ''}"


_COLUMNS: dict[str, Callable[[Item], str]] = {
    "id": lambda item: str(item["id"]),
    "date": lambda item: when(item["properties"]),
    "cloud": _cloud,
    "platform": lambda item: str(item["properties"].get("platform") or ""),
    "files": _files,
}
"""By heading, what is said of an Item."""


def _collection(item: Item) -> str:
    return str(item.get("collection") or "")


def items_table(items: Sequence[Item]) -> Table:
    """A row for each; their collection is told where there are several."""
    several = len({_collection(item) for item in items}) > 1
    columns = {"collection": _collection, **_COLUMNS} if several else _COLUMNS
    return rows(list(columns), ([plain(of(item)) for of in columns.values()] for item in items))


def found(count: int, matched: int | None, more: bool) -> str:
    """How many there are, in a sentence.

    >>> found(10, 1497, True), found(10, None, True)
    ('10 Items of 1,497; --limit takes more.', '10 Items, and more match; --limit takes them.')
    >>> found(1, 1, False), found(0, None, False)
    ('1 Item.', 'No Item matches.')
    """
    if not count:
        return "No Item matches."
    items = f"{count:,} Item{'s' if count > 1 else ''}"
    if not more:
        return f"{items}."
    return (
        f"{items} of {matched:,}; --limit takes more." if matched else f"{items}, and more match; --limit takes them."
    )
