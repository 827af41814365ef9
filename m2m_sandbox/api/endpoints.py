"""M2M's endpoints by name, with the role that each needs and the function that responds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m2m_sandbox.api.datasets import DATASET_ENDPOINTS, service_facts
from m2m_sandbox.api.errors import EndpointError
from m2m_sandbox.api.payload import Payload, dataset_alias, entity_ids, required_text
from m2m_sandbox.api.scenes import SCENE_ENDPOINTS
from m2m_sandbox.archive.datasets import archive_of
from m2m_sandbox.downloads.file_groups import expand_data_group
from m2m_sandbox.downloads.lists import label_rows, label_summary, retrieve_data, search_rows, status_counts
from m2m_sandbox.downloads.options import download_options
from m2m_sandbox.downloads.quotas import initial_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.api.accounts import Account
    from m2m_sandbox.downloads.download import QueuedDownload
    from m2m_sandbox.downloads.queue import DownloadQueue


class Service:
    """The endpoints other than login and logout. Each raises EndpointError."""

    def __init__(self, downloads: DownloadQueue, clock: Callable[[], float]) -> None:
        self._downloads = downloads
        self._clock = clock
        self._requests = 0

    def respond(self, endpoint: str, account: Account, payload: Payload) -> Any:
        """Return the ``data`` of a response."""
        self._requests += 1
        if endpoint == "permissions":
            return account.roles
        if endpoint in DATASET_ENDPOINTS:
            return DATASET_ENDPOINTS[endpoint](payload)
        if endpoint in SCENE_ENDPOINTS:
            return SCENE_ENDPOINTS[endpoint](account, payload)
        if "download" not in account.roles:  # the misspelled code is the server's own [REFERENCE §9]
            raise EndpointError("AUTH_UNAUTHROIZED", "User does not have access to the requested endpoint")
        return _DOWNLOAD_ENDPOINTS[endpoint](self, account, payload)

    def queue(self) -> list[QueuedDownload]:
        """Return the downloads of all accounts."""
        return self._downloads.all()

    def _options(self, account: Account, payload: Payload) -> Any:
        alias = dataset_alias(payload)
        archive = archive_of(alias)
        if archive is None:
            return None
        parts = account.lists.parts(str(payload["listId"]), alias).values() if payload.get("listId") else ()
        ids = [*entity_ids(payload), *(entity_id for part in parts for entity_id in part.entity_ids)]
        numbers = (archive.find(entity_id, "entityId") for entity_id in ids)
        options = [
            option for number in numbers if number is not None for option in download_options(alias, archive, number)
        ]
        return [self._downloads.faults.with_availability(option) for option in options] or None

    def _request(self, account: Account, payload: Payload) -> Any:
        if str(payload.get("downloadApplication")).lower() == "m2m":  # refused, though it is what callers are
            raise EndpointError("INPUT_PARAMETER_INVALID", "downloadApplication is not valid")
        from_groups = [item for group in payload.get("dataGroups") or () for item in expand_data_group(account, group)]
        items = [*(payload.get("downloads") or ()), *from_groups]
        return self._downloads.request(account, items, payload.get("label"), self._requests)

    def _retrieve(self, account: Account, payload: Payload) -> Any:
        downloads = self._downloads.of_account(account, payload.get("label"))
        return retrieve_data(downloads, self._clock(), self._downloads.signer.url)

    def _labels(self, account: Account, _payload: Payload) -> Any:
        return label_rows(self._downloads.of_account(account), self._clock())

    def _search(self, account: Account, payload: Payload) -> Any:
        """List downloads by ``label``, which may be one label or a list of them."""
        label = payload.get("label")
        labels = label if isinstance(label, list) else [label]
        downloads = [download for name in labels for download in self._downloads.of_account(account, name)]
        return search_rows(downloads, self._clock(), active=bool(payload.get("activeOnly")))

    def _summary(self, account: Account, payload: Payload) -> Any:
        required_text(payload, "downloadApplication")
        downloads = self._downloads.of_account(account, required_text(payload, "label"))
        return label_summary(downloads, payload["label"])

    def _remove(self, account: Account, payload: Payload) -> bool:
        """Remove one download. The answer is the same for a download that is not there [REFERENCE §8]."""
        if download := self._downloads.find(account, payload.get("downloadId")):
            download.removed = True
        return True

    def _remove_label(self, account: Account, payload: Payload) -> int:
        """Remove a label's downloads, and return how many there were."""
        downloads = self._downloads.of_account(account, required_text(payload, "label"))
        for download in downloads:
            download.removed = True
        return len(downloads)

    def _complete(self, account: Account, payload: Payload) -> Payload:
        """Mark downloads as complete that a proxy has delivered to its own users."""
        ids = [row.get("downloadId") for row in payload.get("proxiedDownloads") or ()]
        downloads = {download_id: self._downloads.find(account, download_id) for download_id in ids}
        for download in downloads.values():
            if download:
                download.attempted = download.complete = True
        failed = [download_id for download_id, download in downloads.items() if download is None]
        return {"failed": failed, "updatedDownloadsCount": len(downloads) - len(failed)}

    def _limits(self, account: Account, _payload: Payload) -> Payload:
        now, downloads = self._clock(), self._downloads.of_account(account)
        recent = [download for download in downloads if now - download.requested_at < self._downloads.quotas.window]
        owners = [
            {"countType": "username", "username": account.username},
            {"countType": "ip", "ipAddress": account.address},
        ]
        return {
            "initialLimits": [initial_limits(self._downloads.quotas)],
            "remainingLimits": self._downloads.remaining(account),
            "recentDownloadCounts": [{**owner, "downloadCounts": status_counts(recent, now)} for owner in owners],
        }


_DOWNLOAD_ENDPOINTS: dict[str, Callable[[Service, Account, Payload], Any]] = {
    "download-complete-proxied": Service._complete,
    "download-labels": Service._labels,
    "download-options": Service._options,
    "download-order-load": Service._search,
    "download-order-remove": Service._remove_label,
    "download-remove": Service._remove,
    "download-request": Service._request,
    "download-retrieve": Service._retrieve,
    "download-search": Service._search,
    "download-summary": Service._summary,
    "rate-limit-summary": Service._limits,
}
"""The endpoints that need the role ``download``."""

ENDPOINTS = frozenset(
    {"login-token", "logout", "permissions", *_DOWNLOAD_ENDPOINTS, *DATASET_ENDPOINTS, *SCENE_ENDPOINTS}
)
"""The names of the endpoints that the sandbox has."""


def check_endpoint(name: str) -> None:
    """Raise EndpointError for an endpoint that the sandbox or M2M does not have."""
    if name in service_facts()["unavailable"]:
        raise EndpointError("ENDPOINT_UNAVAILABLE", f"The endpoint {name} is not part of the sandbox")
    if name not in ENDPOINTS:
        raise EndpointError("NOT_FOUND", f"The endpoint {name} does not exist")
