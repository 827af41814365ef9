"""Renders Items as a table. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stac_bridge.cli.output.printing import plain, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.table import Table

Item = dict[str, Any]


def format_time(properties: dict[str, Any]) -> str:
    """The instant to the minute, or the first and last day of an interval.

    >>> format_time({"datetime": "2024-07-28T10:17:39Z"})
    '2024-07-28 10:17'
    >>> days = {"start_datetime": "1972-05-31T00:00:00Z", "end_datetime": "1972-05-31T23:59:59Z"}
    >>> format_time({"datetime": None, **days})
    '1972-05-31'
    """
    instant = properties.get("datetime")
    if instant:
        return str(instant)[:16].replace("T", " ")
    days = [str(properties[name])[:10] for name in ("start_datetime", "end_datetime") if properties.get(name)]
    return " – ".join(dict.fromkeys(days))


def _cloud_cover(item: Item) -> str:
    cloud = item["properties"].get("eo:cloud_cover")
    return f"{cloud:.1f} %" if isinstance(cloud, int | float) else ""


def _file_count(item: Item) -> str:
    """The number of assets, and whether USGS has to prepare some of them first."""
    staged = item["properties"].get("order:status") == "orderable"
    return f"{len(item['assets'])}{', on request' if staged else ''}"


_COLUMNS: dict[str, Callable[[Item], str]] = {
    "id": lambda item: str(item["id"]),
    "date": lambda item: format_time(item["properties"]),
    "cloud": _cloud_cover,
    "platform": lambda item: str(item["properties"].get("platform") or ""),
    "files": _file_count,
}
"""By heading, the text of a cell."""


def _collection(item: Item) -> str:
    return str(item.get("collection") or "")


def items_table(items: Sequence[Item]) -> Table:
    """One row per Item; with a column for the collection if there are several."""
    several = len({_collection(item) for item in items}) > 1
    columns = {"collection": _collection, **_COLUMNS} if several else _COLUMNS
    return table(list(columns), ([plain(cell(item)) for cell in columns.values()] for item in items))


def count_sentence(count: int, matched: int | None, more: bool) -> str:
    """How many Items were returned, and how many match.

    >>> count_sentence(10, 1497, True), count_sentence(10, None, True)
    ('10 Items of 1,497; raise --limit for more.', '10 Items, and more match; raise --limit for them.')
    >>> count_sentence(1, 1, False), count_sentence(0, None, False)
    ('1 Item.', 'No Item matches.')
    """
    if not count:
        return "No Item matches."
    items = f"{count:,} Item{'s' if count > 1 else ''}"
    if not more:
        return f"{items}."
    return (
        f"{items} of {matched:,}; raise --limit for more."
        if matched
        else f"{items}, and more match; raise --limit for them."
    )
