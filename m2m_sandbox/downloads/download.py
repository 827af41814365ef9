"""One download in the queue, and its states [REFERENCE §8]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.datasets import dataset

if TYPE_CHECKING:
    from m2m_sandbox.api.accounts import Account

_CLOUD_SYSTEMS = ("ls_s3", "ls_zip", "ls_frb")


def on_premises(product: dict[str, Any]) -> bool:
    """Return whether a product comes from the dds host, which stages files, and not from the cloud."""
    return product["downloadSystem"] not in _CLOUD_SYSTEMS


@dataclass
class QueuedDownload:
    """A download in the queue. ``requested_at`` and ``ready_at`` are in seconds of the clock.

    download-retrieve omits a staged download for the first tenth of its staging, and lists it as both requested and
    available for half the staging time after the end of it. Both were observed at USGS; for how long is not known.

    M2M does not see whether the file of a signed URL is read, so such a download is Proxied, and stays among those
    requested until download-complete-proxied reports it as fetched.
    """

    download_id: int
    account: Account
    address: str
    """The account's IP address when it requested the download."""
    dataset: str
    number: int
    """The scene's number in the dataset's archive."""
    product: dict[str, Any]
    label: str
    requested_at: float
    ready_at: float
    reading: int = 0
    """How many clients are reading the file now."""
    attempted: bool = False
    complete: bool = False
    removed: bool = False

    def is_pending(self, now: float) -> bool:
        """Return whether the file is still being staged."""
        return now < self.ready_at

    @property
    def is_proxied(self) -> bool:
        """Whether M2M issued a signed URL at once, and does not see the file being read."""
        return not on_premises(self.product) and self.ready_at <= self.requested_at

    def is_listed(self, now: float) -> bool:
        """Return whether download-retrieve lists the download, which it does until it is complete."""
        staging = self.ready_at - self.requested_at
        begin = min(self.ready_at, self.requested_at + staging / 10, self.requested_at + 10)
        return now >= begin and not self.complete

    def is_requested(self, now: float) -> bool:
        """Return whether download-retrieve lists the download as requested, maybe although it is available, too."""
        return self.is_proxied or now < self.ready_at + (self.ready_at - self.requested_at) / 2

    def is_available(self, now: float) -> bool:
        """Return whether download-retrieve lists the download as available."""
        return not (self.is_proxied or self.is_pending(now))

    def status(self, now: float) -> tuple[str, str]:
        """Return the status code and its text. The code of a download that is being prepared was not recorded."""
        if self.is_pending(now):
            return "Q", "Preparing"
        if self.complete:
            return "C", "Complete"
        if self.is_proxied:
            return "P", "Proxied"
        return ("D", "Downloading") if self.reading else ("A", "Available")


def download_row(download: QueuedDownload, now: float) -> dict[str, Any]:
    """Return a download as every endpoint lists it, without its URL."""
    product, (code, text) = download.product, download.status(now)
    return {
        "downloadId": download.download_id,
        "collectionName": dataset(download.dataset)["collectionName"],
        "datasetId": product["datasetId"],
        "displayId": product["displayId"],
        "entityId": product["entityId"],
        "eulaCode": None,
        "filesize": product["filesize"],
        "label": download.label,
        "productCode": product["productCode"],
        "productName": product["productName"],
        "statusCode": code,
        "statusText": text,
    }
