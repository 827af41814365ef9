"""A download that somebody asked for, on its way from the queue to the reader [REFERENCE §8]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.datasets import dataset

if TYPE_CHECKING:
    from m2m_sandbox.api.accounts import Account

__all__ = ["Queued", "on_premises", "row"]

_SIGNED = ("ls_s3", "ls_zip", "ls_frb")


def on_premises(product: dict[str, Any]) -> bool:
    """Whether its bytes come from the dds host, which stages them, and not from the cloud."""
    return product["downloadSystem"] not in _SIGNED


@dataclass
class Queued:
    """One download. Times are seconds: ``asked`` for, to be fetched from ``ready`` on, ``staged`` for so long.

    An item stands in no list for the first tenth of its staging, and in both for half as long again after it: both
    were seen at USGS, how long they last is not known.
    """

    download_id: int
    account: Account
    address: str
    dataset: str
    number: int
    product: dict[str, Any]
    label: str
    asked: float
    ready: float
    reading: int = 0
    attempted: bool = False
    complete: bool = False
    removed: bool = False

    def is_pending(self, now: float) -> bool:
        """Whether it is still being prepared."""
        return now < self.ready

    def is_listed(self, now: float) -> bool:
        """Whether download-retrieve has heard of it."""
        return now >= min(self.ready, self.asked + (self.ready - self.asked) / 10, self.asked + 10)

    def in_both(self, now: float) -> bool:
        """Whether it stands among the requested ones although it is available."""
        return self.ready <= now < self.ready + (self.ready - self.asked) / 2

    def status(self, now: float) -> tuple[str, str]:
        """Code and text."""
        if self.is_pending(now):
            return "P", "Preparing"
        if self.complete:
            return "C", "Complete"
        return ("D", "Downloading") if self.reading else ("A", "Available")


def row(queued: Queued, now: float) -> dict[str, Any]:
    """A download as every list has it, without its URL."""
    product, (code, text) = queued.product, queued.status(now)
    return {
        "downloadId": queued.download_id,
        "collectionName": dataset(queued.dataset)["collectionName"],
        "datasetId": product["datasetId"],
        "displayId": product["displayId"],
        "entityId": product["entityId"],
        "eulaCode": None,
        "filesize": product["filesize"],
        "label": queued.label,
        "productCode": product["productCode"],
        "productName": product["productName"],
        "statusCode": code,
        "statusText": text,
    }
