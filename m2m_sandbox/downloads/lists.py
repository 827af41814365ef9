"""The responses that list, group or sum up the downloads of an account [REFERENCE §8]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.datasets import dataset
from m2m_sandbox.downloads.download import download_row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from m2m_sandbox.downloads.download import QueuedDownload


def retrieve_data(
    downloads: Sequence[QueuedDownload], now: float, url: Callable[[QueuedDownload], str]
) -> dict[str, Any]:
    """Return the data of download-retrieve: a download may be in neither list, in one, or in both."""

    def listed_row(download: QueuedDownload) -> dict[str, Any]:
        return {**download_row(download, now), "errorCode": None, "url": url(download)}

    listed = [download for download in downloads if download.is_listed(now)]
    return {
        "available": [listed_row(item) for item in listed if item.is_available(now)],
        "requested": [listed_row(item) for item in listed if item.is_requested(now)],
        "queueSize": sum(item.is_pending(now) for item in listed),
        "eulas": [],
    }


def search_rows(downloads: Sequence[QueuedDownload], now: float, *, active: bool) -> list[dict[str, Any]]:
    """Return the rows of download-search and download-order-load: any status, or only the incomplete if ``active``."""
    return [download_row(download, now) for download in downloads if not (active and download.complete)]


def label_rows(downloads: Sequence[QueuedDownload], now: float) -> list[dict[str, Any]]:
    """Return the rows of download-labels.

    Times are in milliseconds; sizes are the bytes of the incomplete downloads, null without any.
    """
    groups: dict[str, list[QueuedDownload]] = {}
    for download in downloads:
        groups.setdefault(download.label, []).append(download)
    return [
        {
            "label": label,
            "dateEntered": round(min(download.requested_at for download in group) * 1000),
            "downloadSize": sum(download.product["filesize"] for download in group if not download.complete) or None,
            "downloadCount": sum(not download.complete for download in group),
            "totalComplete": sum(download.complete for download in group),
        }
        for label, group in groups.items()
    ]


def label_summary(downloads: Sequence[QueuedDownload], label: object) -> dict[str, Any]:
    """Return the data of download-summary: counts and bytes in total and for each dataset."""
    groups: dict[str, list[QueuedDownload]] = {}
    for download in downloads:
        groups.setdefault(download.dataset, []).append(download)
    collections = [
        {
            "sceneCount": _scene_count(group),
            "datasetName": name,
            "downloadCount": len(group),
            "collectionName": dataset(name)["collectionName"],
            "totalEstimatedSize": str(_total_bytes(group)),  # M2M sends text here, and a number in the total
        }
        for name, group in groups.items()
    ]
    return {
        "label": label,
        "sceneCount": _scene_count(downloads),
        "collections": collections,
        "downloadCount": len(downloads),
        "totalEstimatedSize": _total_bytes(downloads),
    }


def status_counts(downloads: Sequence[QueuedDownload], now: float) -> list[dict[str, Any]]:
    """Return the number of downloads in each status."""
    texts = [download.status(now)[1] for download in downloads]
    return [{"status": text, "downloadCount": texts.count(text)} for text in dict.fromkeys(texts)]


def _scene_count(downloads: Sequence[QueuedDownload]) -> int:
    return len({(download.dataset, download.number) for download in downloads})


def _total_bytes(downloads: Sequence[QueuedDownload]) -> int:
    return sum(download.product["filesize"] for download in downloads)
