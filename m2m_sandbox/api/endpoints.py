"""M2M's endpoints by name: who may ask them, and which function answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m2m_sandbox.api.datasets import DATASET_ENDPOINTS, said_of_service
from m2m_sandbox.api.errors import Refusal
from m2m_sandbox.api.payload import Payload, dataset_of, ids_of, required
from m2m_sandbox.api.scenes import SCENE_ENDPOINTS
from m2m_sandbox.archive.datasets import archive_of
from m2m_sandbox.downloads.file_groups import in_groups
from m2m_sandbox.downloads.lists import counts_of, labels_of, retrieved, rows_of, summary_of
from m2m_sandbox.downloads.options import options_of
from m2m_sandbox.downloads.quotas import initial

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.api.accounts import Account
    from m2m_sandbox.downloads.download import Queued
    from m2m_sandbox.downloads.queue import Downloads

__all__ = ["ENDPOINTS", "Service", "existing"]


class Service:
    """The endpoints by name. Every one raises Refusal."""

    def __init__(self, downloads: Downloads, clock: Callable[[], float]) -> None:
        self._downloads = downloads
        self._clock = clock
        self._requests = 0

    def answer(self, endpoint: str, account: Account, said: Payload) -> Any:
        """The ``data`` of an answer."""
        self._requests += 1
        if endpoint == "permissions":
            return account.roles
        if endpoint in DATASET_ENDPOINTS:
            return DATASET_ENDPOINTS[endpoint](said)
        if endpoint in SCENE_ENDPOINTS:
            return SCENE_ENDPOINTS[endpoint](account, said)
        if "download" not in account.roles:  # the code is spelt as the server spells it [REFERENCE §9]
            raise Refusal("AUTH_UNAUTHROIZED", "User does not have access to the requested endpoint")
        return _DOWNLOADING[endpoint](self, account, said)

    def queue(self) -> list[Queued]:
        """Everybody's downloads."""
        return self._downloads.every()

    def _options(self, account: Account, said: Payload) -> Any:
        name = dataset_of(said)
        archive = archive_of(name)
        if archive is None:
            return None
        listed = account.lists.parts(str(said["listId"]), name).values() if said.get("listId") else ()
        ids = [*ids_of(said), *(one for part in listed for one in part.entity_ids)]
        numbers = (archive.find(entity_id, "entityId") for entity_id in ids)
        found = [one for number in numbers if number is not None for one in options_of(name, archive, number)]
        return [self._downloads.faults.as_listed(one) for one in found] or None

    def _request(self, account: Account, said: Payload) -> Any:
        groups = [one for group in said.get("dataGroups") or () for one in in_groups(account, group)]
        asked = [*(said.get("downloads") or ()), *groups]
        return self._downloads.request(account, asked, said.get("label"), self._requests)

    def _retrieve(self, account: Account, said: Payload) -> Any:
        mine = self._downloads.of(account, said.get("label"))
        return retrieved(mine, self._clock(), self._downloads.signer.url)

    def _labels(self, account: Account, _said: Payload) -> Any:
        return labels_of(self._downloads.of(account), self._clock())

    def _search(self, account: Account, said: Payload) -> Any:
        """``label`` may be one or a list."""
        labels = said.get("label")
        every = labels if isinstance(labels, list) else [labels]
        mine = [one for label in every for one in self._downloads.of(account, label)]
        return rows_of(mine, self._clock(), active=bool(said.get("activeOnly")))

    def _summary(self, account: Account, said: Payload) -> Any:
        return summary_of(self._downloads.of(account, required(said, "label")), said["label"])

    def _remove(self, account: Account, said: Payload) -> bool:
        self._downloads.one_of(account, said.get("downloadId")).removed = True
        return True

    def _remove_label(self, account: Account, said: Payload) -> int:
        """How many downloads went with the label."""
        mine = self._downloads.of(account, required(said, "label"))
        for one in mine:
            one.removed = True
        return len(mine)

    def _complete(self, account: Account, said: Payload) -> Payload:
        """Whoever passed the files on tells that they arrived."""
        done = [self._downloads.one_of(account, one.get("downloadId")) for one in said.get("proxiedDownloads") or ()]
        for one in done:
            one.attempted = one.complete = True
        return {"failed": [], "updatedDownloadsCount": len(done)}

    def _limits(self, account: Account, _said: Payload) -> Payload:
        now, mine = self._clock(), self._downloads.of(account)
        recent = [one for one in mine if now - one.asked < self._downloads.quotas.window]
        whose = [
            {"countType": "username", "username": account.username},
            {"countType": "ip", "ipAddress": account.address},
        ]
        return {
            "initialLimits": [initial(self._downloads.quotas)],
            "remainingLimits": self._downloads.remaining(account),
            "recentDownloadCounts": [{**who, "downloadCounts": counts_of(recent, now)} for who in whose],
        }


_DOWNLOADING: dict[str, Callable[[Service, Account, Payload], Any]] = {
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
"""Those that need the role."""

ENDPOINTS = frozenset({"login-token", "logout", "permissions", *_DOWNLOADING, *DATASET_ENDPOINTS, *SCENE_ENDPOINTS})
"""The endpoints that the sandbox has."""


def existing(endpoint: str) -> str:
    """The endpoint's name. Raises Refusal for one that is not there."""
    if endpoint in said_of_service()["unavailable"]:
        raise Refusal("ENDPOINT_UNAVAILABLE", f"The endpoint {endpoint} is not part of the sandbox")
    if endpoint not in ENDPOINTS:
        raise Refusal("NOT_FOUND", f"The endpoint {endpoint} does not exist")
    return endpoint
