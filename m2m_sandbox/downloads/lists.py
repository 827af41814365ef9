"""What M2M tells of the queue: its lists, labels and sums [REFERENCE §8]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.datasets import dataset
from m2m_sandbox.downloads.download import row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from m2m_sandbox.downloads.download import Queued

__all__ = ["counts_of", "labels_of", "retrieved", "rows_of", "summary_of"]


def retrieved(mine: Sequence[Queued], now: float, url: Callable[[Queued], str]) -> dict[str, Any]:
    """download-retrieve: an item may stand in no list, in one, or in both."""
    listed = [one for one in mine if one.is_listed(now)]
    waiting = [one for one in listed if one.is_pending(now)]
    requested = [one for one in listed if one.is_pending(now) or one.in_both(now)]
    available = [one for one in listed if not one.is_pending(now)]
    return {
        "available": [{**row(one, now), "errorCode": None, "url": url(one)} for one in available],
        "requested": [{**row(one, now), "errorCode": None, "url": url(one)} for one in requested],
        "queueSize": len(waiting),
        "eulas": [],
    }


def rows_of(mine: Sequence[Queued], now: float, *, active: bool) -> list[dict[str, Any]]:
    """download-search and download-order-load: every status; ``active`` leaves out what is complete."""
    return [row(one, now) for one in mine if not (active and one.complete)]


def labels_of(mine: Sequence[Queued], now: float) -> list[dict[str, Any]]:
    """download-labels. Times are milliseconds; sizes are bytes, or null where nothing is active."""
    groups: dict[str, list[Queued]] = {}
    for one in mine:
        groups.setdefault(one.label, []).append(one)
    return [
        {
            "label": label,
            "dateEntered": round(min(one.asked for one in group) * 1000),
            "downloadSize": sum(one.product["filesize"] for one in group if not one.complete) or None,
            "downloadCount": sum(not one.complete for one in group),
            "totalComplete": sum(one.complete for one in group),
        }
        for label, group in groups.items()
    ]


def summary_of(mine: Sequence[Queued], label: object) -> dict[str, Any]:
    """download-summary: how much there is, in all and of each dataset."""
    groups: dict[str, list[Queued]] = {}
    for one in mine:
        groups.setdefault(one.dataset, []).append(one)
    parts = [
        {
            "sceneCount": _scenes(group),
            "datasetName": name,
            "downloadCount": len(group),
            "collectionName": dataset(name)["collectionName"],
            "totalEstimatedSize": str(_bytes(group)),  # text here, a number below
        }
        for name, group in groups.items()
    ]
    return {
        "label": label,
        "sceneCount": _scenes(mine),
        "collections": parts,
        "downloadCount": len(mine),
        "totalEstimatedSize": _bytes(mine),
    }


def counts_of(mine: Sequence[Queued], now: float) -> list[dict[str, Any]]:
    """How many downloads have which status."""
    texts = [one.status(now)[1] for one in mine]
    return [{"status": text, "downloadCount": texts.count(text)} for text in dict.fromkeys(texts)]


def _scenes(group: Sequence[Queued]) -> int:
    return len({(one.dataset, one.number) for one in group})


def _bytes(group: Sequence[Queued]) -> int:
    return sum(one.product["filesize"] for one in group)
