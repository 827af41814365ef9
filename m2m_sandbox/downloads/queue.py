"""The queue of downloads: who asked for what, what is ready, what is refused and why [REFERENCE §8]."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from m2m_sandbox.api.errors import Refusal
from m2m_sandbox.downloads.download import Queued, on_premises
from m2m_sandbox.downloads.options import located
from m2m_sandbox.downloads.quotas import Quotas, check, left, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.api.accounts import Account
    from m2m_sandbox.downloads.quotas import Used
    from m2m_sandbox.faults.active import Faults
    from m2m_sandbox.files.signing import Signer

__all__ = ["Downloads"]

Asked = dict[str, Any]

_AT_ONCE = ("naip",)
"""Datasets of the dds host that need no staging: of 84 NAIP files asked for, 64 were available at once."""

_DISABLED = "This download has been temporarily disabled. Please try again later."


class Downloads:
    """Everybody's downloads. What the dds host has to fetch from its store is staged for ``staging`` seconds first."""

    def __init__(
        self, staging: float, quotas: Quotas, signer: Signer, faults: Faults, clock: Callable[[], float]
    ) -> None:
        self._staging, self._clock, self.faults = staging, clock, faults
        self.quotas = quotas
        self.signer = signer
        self._queue: dict[int, Queued] = {}
        self._latest: dict[tuple[str, str, str], int] = {}
        self._lock = Lock()

    # -- asking ----------------------------------------------------------------------------------------------

    def request(self, account: Account, asked: list[Asked], label: object, request_id: int) -> dict[str, Any]:
        """download-request. A label for all wins over those of single items. Raises Refusal."""
        made = f"m2m_{request_id}_{datetime.fromtimestamp(self._clock(), UTC):%Y%m%d%H%M%S}"
        labels = [str(label or one.get("label") or made) for one in asked]
        if any(len(one) > 50 for one in [*labels, str(label or "")]):
            raise Refusal("INPUT_INVALID", "The label may have at most 50 characters")
        answer: dict[str, Any] = {
            "availableDownloads": [],
            "duplicateProducts": {},
            "preparingDownloads": [],
            "failed": [],
            "newRecords": {},
            "numInvalidScenes": 0,
        }
        with self._lock:
            before = self._used(account)
            for counted in before:
                check(self.quotas, counted, len(asked))
            for one, named in zip(asked, labels, strict=True):
                self._grant(account, one, named, answer)
            answer["remainingLimits"] = self._limits(account, before)
        return {key: [] if value == {} else value for key, value in answer.items()}  # PHP's empty maps

    def _grant(self, account: Account, asked: Asked, label: str, answer: dict[str, Any]) -> None:
        entity_id, product_id = str(asked.get("entityId")), str(asked.get("productId"))
        found = located(entity_id, product_id)
        if found is None:
            answer["numInvalidScenes"] += 1
            return
        if why := self._refused(found[2]):
            answer["failed"].append({"entityId": entity_id, "productId": product_id, "errorMessage": why})
            return
        queued = self._same(account, found[2])
        if queued:
            answer["duplicateProducts"][str(queued.download_id)] = queued.label
        else:
            queued = self._enqueue(account, found, label)
            answer["newRecords"][str(queued.download_id)] = label
        row = {
            "downloadId": queued.download_id,
            "eulaCode": None,
            "entityId": entity_id,
            "url": self.signer.url(queued),
        }
        answer["preparingDownloads" if queued.is_pending(self._clock()) else "availableDownloads"].append(row)

    def _refused(self, product: dict[str, Any]) -> str | None:
        """Why a product cannot be had."""
        if product["downloadSystem"] == "folder":
            return "This product cannot be downloaded: request its files."
        if not product["available"] or self.faults.hides(product["downloadSystem"]):
            return "Download is not available."
        return _DISABLED if self.faults.disables(product["downloadSystem"]) else None

    def _same(self, account: Account, product: dict[str, Any]) -> Queued | None:
        """What this account has asked for before and the dds host still has in its queue."""
        ident = self._latest.get((account.username, product["entityId"], product["id"]))
        queued = self._queue[ident] if ident and on_premises(product) else None
        return queued if queued and not (queued.complete or queued.removed) else None

    def _enqueue(self, account: Account, found: tuple[str, int, dict[str, Any]], label: str) -> Queued:
        name, number, product = found
        now, ident = self._clock(), 660_000_000 + len(self._queue)
        ready = now + self._seconds(name, product)
        queued = Queued(ident, account, account.address, name, number, product, label, now, ready)
        self._queue[ident] = queued
        self._latest[account.username, product["entityId"], product["id"]] = ident
        return queued

    def _seconds(self, name: str, product: dict[str, Any]) -> float:
        """For how long it will be staged."""
        if struck := self.faults.staging(product["downloadSystem"]):
            return float("inf") if struck.seconds is None else struck.seconds
        return self._staging if on_premises(product) and name not in _AT_ONCE else 0

    # -- what counts -----------------------------------------------------------------------------------------

    def _used(self, account: Account) -> tuple[Used, Used]:
        """What the account, and its address, have used of the quotas."""
        now, window = self._clock(), self.quotas.window
        every = list(self._queue.values())
        by_user = used((one for one in every if one.account is account), now, window)
        return by_user, used((one for one in every if one.address == account.address), now, window)

    def _limits(self, account: Account, before: tuple[Used, Used]) -> list[dict[str, Any]]:
        """What is left. A link counts as never fetched from the next request on, as in the recordings."""
        rows = []
        for who, now, then in zip(_whose(account), self._used(account), before, strict=True):
            counts = left(self.quotas, now)
            counts["unattemptedDownloadCount"] = left(self.quotas, then)["unattemptedDownloadCount"]
            rows.append({**who, **counts})
        return rows

    def remaining(self, account: Account) -> list[dict[str, Any]]:
        """What is left to the account and to its address."""
        with self._lock:
            return self._limits(account, self._used(account))

    # -- looking and taking away -----------------------------------------------------------------------------

    def every(self) -> list[Queued]:
        """Everybody's."""
        with self._lock:
            return [one for one in self._queue.values() if not one.removed]

    def of(self, account: Account, label: object = None) -> list[Queued]:
        """What an account has in its queue, under a label or under any."""
        return [one for one in self.every() if one.account is account and label in (None, "", one.label)]

    def one_of(self, account: Account, download_id: object) -> Queued:
        """One of an account's downloads. Raises Refusal."""
        queued = self._queue.get(int(str(download_id))) if str(download_id).isdecimal() else None
        if queued is None or queued.account is not account or queued.removed:
            raise Refusal("DOWNLOAD_ERROR", "The download does not belong to this account")
        return queued

    def read(self, download_id: int | None) -> Queued | None:
        """The download that a URL names; it counts as attempted from now on, removed or not."""
        queued = None if download_id is None else self._queue.get(download_id)
        if queued:
            queued.attempted = True
        return queued

    def is_ready(self, queued: Queued) -> bool:
        """Whether it has left staging and is still wanted."""
        return not queued.removed and not queued.is_pending(self._clock())


def _whose(account: Account) -> list[dict[str, str]]:
    return [
        {"limitType": "user", "username": account.username},
        {"limitType": "ip", "ipAddress": account.address},
    ]
