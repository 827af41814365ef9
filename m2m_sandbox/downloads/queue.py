"""The download queue: who requested what, what is ready, what fails and why [REFERENCE §8]."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from m2m_sandbox.api.errors import EndpointError
from m2m_sandbox.downloads.download import QueuedDownload, on_premises
from m2m_sandbox.downloads.options import locate_product
from m2m_sandbox.downloads.quotas import Quotas, check_quotas, measure_usage, remaining_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.api.accounts import Account
    from m2m_sandbox.downloads.file_groups import DownloadInput
    from m2m_sandbox.downloads.options import Product
    from m2m_sandbox.downloads.quotas import Usage
    from m2m_sandbox.faults.active import Faults
    from m2m_sandbox.files.signing import Signer

_UNSTAGED_DATASETS = ("naip",)
"""Datasets of the dds host that need no staging: of 84 NAIP files requested, 64 were available immediately."""

_DISABLED = "This download has been temporarily disabled. Please try again later."


class DownloadQueue:
    """The downloads of all accounts. The dds host stages its files for ``staging`` seconds before they are ready."""

    def __init__(
        self, staging: float, quotas: Quotas, signer: Signer, faults: Faults, clock: Callable[[], float]
    ) -> None:
        self._staging, self._clock, self.faults = staging, clock, faults
        self.quotas = quotas
        self.signer = signer
        self._queue: dict[int, QueuedDownload] = {}
        self._latest: dict[tuple[str, str, str], int] = {}
        """(username, entity id, product id) → the id of the latest download."""
        self._lock = Lock()

    # -- requests --------------------------------------------------------------------------------------------

    def request(self, account: Account, items: list[DownloadInput], label: object, request_id: int) -> dict[str, Any]:
        """Return the data of download-request. ``label`` takes precedence over the labels of single items.

        Raises:
            EndpointError: if a label is too long, or a quota is exceeded.
        """
        default = f"m2m_{request_id}_{datetime.fromtimestamp(self._clock(), UTC):%Y%m%d%H%M%S}"
        labels = [str(label or item.get("label") or default) for item in items]
        if any(len(text) > 50 for text in [*labels, str(label or "")]):
            raise EndpointError("INPUT_INVALID", "The label may have at most 50 characters")
        data: dict[str, Any] = {
            "availableDownloads": [],
            "duplicateProducts": {},
            "preparingDownloads": [],
            "failed": [],
            "newRecords": {},
            "numInvalidScenes": 0,
        }
        with self._lock:
            before = self._usages(account)
            for usage in before:
                check_quotas(self.quotas, usage, len(items))
            for item, item_label in zip(items, labels, strict=True):
                self._request_item(account, item, item_label, data)
            data["remainingLimits"] = self._limits(account, before)
        return {key: [] if value == {} else value for key, value in data.items()}  # PHP's empty maps

    def _request_item(self, account: Account, item: DownloadInput, label: str, data: dict[str, Any]) -> None:
        """Queue one item, and add it to the lists in ``data``."""
        entity_id, product_id = str(item.get("entityId")), str(item.get("productId"))
        location = locate_product(entity_id, product_id)
        if location is None:
            data["numInvalidScenes"] += 1
            return
        product = location[2]
        if reason := self._failure(product):
            data["failed"].append({"entityId": entity_id, "productId": product_id, "errorMessage": reason})
            return
        download = self._duplicate(account, product)
        if download:
            data["duplicateProducts"][str(download.download_id)] = download.label
        else:
            download = self._enqueue(account, location, label)
            data["newRecords"][str(download.download_id)] = label
        row = {
            "downloadId": download.download_id,
            "eulaCode": None,
            "entityId": entity_id,
            "url": self.signer.url(download),
        }
        data["preparingDownloads" if download.is_pending(self._clock()) else "availableDownloads"].append(row)

    def _failure(self, product: Product) -> str | None:
        """Return why a product cannot be downloaded; None if it can."""
        if product["downloadSystem"] == "folder":
            return "This product cannot be downloaded: request its files."
        if not product["available"] or self.faults.hides(product["downloadSystem"]):
            return "Download is not available."
        return _DISABLED if self.faults.disables(product["downloadSystem"]) else None

    def _duplicate(self, account: Account, product: Product) -> QueuedDownload | None:
        """Return the account's earlier request for the same product, if it is still in the queue."""
        download_id = self._latest.get((account.username, product["entityId"], product["id"]))
        download = self._queue[download_id] if download_id else None
        return download if download and not (download.complete or download.removed) else None

    def _enqueue(self, account: Account, location: tuple[str, int, Product], label: str) -> QueuedDownload:
        name, number, product = location
        now, download_id = self._clock(), 660_000_000 + len(self._queue)
        ready_at = now + self._staging_seconds(name, product)
        download = QueuedDownload(download_id, account, account.address, name, number, product, label, now, ready_at)
        self._queue[download_id] = download
        self._latest[account.username, product["entityId"], product["id"]] = download_id
        return download

    def _staging_seconds(self, dataset: str, product: Product) -> float:
        """Return how long a product is staged; infinity for a fault without an end."""
        if fault := self.faults.staging(product["downloadSystem"]):
            return float("inf") if fault.seconds is None else fault.seconds
        return self._staging if on_premises(product) and dataset not in _UNSTAGED_DATASETS else 0

    # -- quotas ----------------------------------------------------------------------------------------------

    def _usages(self, account: Account) -> tuple[Usage, Usage]:
        """Return the quota usage of the account, and that of its IP address."""
        now, window = self._clock(), self.quotas.window
        by_user = (download for download in self._queue.values() if download.account is account)
        by_address = (download for download in self._queue.values() if download.address == account.address)
        return measure_usage(by_user, now, window), measure_usage(by_address, now, window)

    def _limits(self, account: Account, before: tuple[Usage, Usage]) -> list[dict[str, Any]]:
        """Return the remaining limits, with ``before``, the usage when the request came.

        New URLs count as unattempted only from the next request on, as in the recorded responses.
        """
        owners = [
            {"limitType": "user", "username": account.username},
            {"limitType": "ip", "ipAddress": account.address},
        ]
        rows = []
        for owner, current, previous in zip(owners, self._usages(account), before, strict=True):
            counts = remaining_limits(self.quotas, current)
            counts["unattemptedDownloadCount"] = remaining_limits(self.quotas, previous)["unattemptedDownloadCount"]
            rows.append({**owner, **counts})
        return rows

    def remaining(self, account: Account) -> list[dict[str, Any]]:
        """Return the remaining limits of the account, and those of its IP address."""
        with self._lock:
            return self._limits(account, self._usages(account))

    # -- the downloads ---------------------------------------------------------------------------------------

    def all(self) -> list[QueuedDownload]:
        """Return the downloads of all accounts that were not removed."""
        with self._lock:
            return [download for download in self._queue.values() if not download.removed]

    def of_account(self, account: Account, label: object = None) -> list[QueuedDownload]:
        """Return an account's downloads with a label, or with any label if it is None or empty."""
        return [
            download for download in self.all() if download.account is account and label in (None, "", download.label)
        ]

    def find(self, account: Account, download_id: object) -> QueuedDownload | None:
        """Return one of an account's downloads, None if it is unknown or removed.

        Raises:
            EndpointError: if the download is of another account, or ``download_id`` is not a single id.
        """
        if not str(download_id).isdecimal():
            raise EndpointError("INPUT_PARAMETER_INVALID", "downloadId must be a number")
        download = self._queue.get(int(str(download_id)))
        if download and download.account is not account:
            raise EndpointError("DOWNLOAD_ERROR", "The download does not belong to this account")
        return download if download and not download.removed else None

    def attempt(self, download_id: int | None) -> QueuedDownload | None:
        """Return the download of a URL and count it as attempted, even if it was removed."""
        download = None if download_id is None else self._queue.get(download_id)
        if download:
            download.attempted = True
        return download

    def is_ready(self, download: QueuedDownload) -> bool:
        """Return whether staging is finished and the download was not removed."""
        return not download.removed and not download.is_pending(self._clock())
