"""The download side of M2M: requests, the queue, and URLs that can be believed [REFERENCE §8]."""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import orjson

from stac_bridge.sandbox.holdings import dataset
from stac_bridge.sandbox.options import located
from stac_bridge.sandbox.refusal import Refusal
from stac_bridge.sandbox.scenes import BASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.sandbox.accounts import Account

__all__ = ["Downloads", "Queued"]

_LIMITS = {"recentDownloadCount": 15_000, "pendingDownloadCount": 20_000, "unattemptedDownloadCount": 20_000}


@dataclass
class Queued:
    """A download that somebody asked for; it can be fetched from ``ready`` (seconds) on."""

    download_id: int
    account: Account
    dataset: str
    number: int
    product: dict[str, Any]
    label: str
    ready: float


class Downloads:
    """Everybody's queues. Files from tape (``corona2``) are staged for ``staging`` seconds first."""

    def __init__(self, staging: float, lifetime: float, clock: Callable[[], float]) -> None:
        self._staging, self._lifetime, self._clock = staging, lifetime, clock
        self._secret = secrets.token_bytes(16)
        self._queue: dict[int, Queued] = {}

    def request(self, account: Account, payload: dict[str, Any], request_id: int) -> dict[str, Any]:
        """download-request."""
        label = str(payload.get("label") or f"m2m_{request_id}_{datetime.now(UTC):%Y%m%d%H%M%S}")
        if len(label) > 50:
            raise Refusal("INPUT_INVALID", "The label may have at most 50 characters")
        answer: dict[str, Any] = {
            "availableDownloads": [],
            "duplicateProducts": {},
            "preparingDownloads": [],
            "failed": [],
            "newRecords": {},
            "numInvalidScenes": 0,
        }
        for asked in payload.get("downloads") or ():
            self._grant(account, asked, label, answer)
        answer["remainingLimits"] = self._limits(account)
        return {key: [] if value == {} else value for key, value in answer.items()}  # PHP's empty maps

    def _grant(self, account: Account, asked: dict[str, Any], label: str, answer: dict[str, Any]) -> None:
        entity_id, product_id = str(asked.get("entityId")), str(asked.get("productId"))
        found = located(entity_id, product_id)
        if found is None:
            answer["numInvalidScenes"] += 1
            return
        name, number, product = found
        if product["downloadSystem"] == "folder" or not product["available"]:
            why = "This product cannot be downloaded: request its files." if product["available"] else "Not available."
            answer["failed"].append({"entityId": entity_id, "productId": product_id, "errorMessage": why})
            return
        queued = self._same(account, product)
        if queued:
            answer["duplicateProducts"][str(queued.download_id)] = queued.label
        else:
            ready = self._clock() + (self._staging if name == "corona2" else 0)
            queued = Queued(660_000_000 + len(self._queue), account, name, number, product, label, ready)
            self._queue[queued.download_id] = queued
            answer["newRecords"][str(queued.download_id)] = label
        row = {"downloadId": queued.download_id, "eulaCode": None, "entityId": entity_id, "url": self.url(queued)}
        answer["availableDownloads" if queued.ready <= self._clock() else "preparingDownloads"].append(row)

    def _same(self, account: Account, product: dict[str, Any]) -> Queued | None:
        """What this account has asked for before, and M2M still has in its queue: files from tape."""
        for queued in self._queue.values():
            wanted = queued.product["entityId"], queued.product["id"]
            if (
                queued.account is account
                and queued.dataset == "corona2"
                and wanted == (product["entityId"], product["id"])
            ):
                return queued
        return None

    def _limits(self, account: Account) -> list[dict[str, Any]]:
        used = sum(queued.account is account for queued in self._queue.values())
        left = {**_LIMITS, "recentDownloadCount": _LIMITS["recentDownloadCount"] - used}
        return [
            {"limitType": "user", "username": account.username, **left},
            {"limitType": "ip", "ipAddress": "127.0.0.1", **left},
        ]

    def retrieve(self, account: Account, label: str | None) -> dict[str, Any]:
        """download-retrieve."""
        mine = [one for one in self._queue.values() if one.account is account and label in (None, one.label)]
        ready = [self._row(queued) for queued in mine if queued.ready <= self._clock()]
        waiting = [self._row(queued) for queued in mine if queued.ready > self._clock()]
        return {"available": ready, "requested": waiting, "queueSize": len(waiting), "eulas": []}

    def _row(self, queued: Queued) -> dict[str, Any]:
        product, there = queued.product, queued.ready <= self._clock()
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
            "statusCode": "A" if there else "P",
            "statusText": "Available" if there else "Preparing",
            "errorCode": None,
            "url": self.url(queued),
        }

    def remove(self, account: Account, download_id: object) -> bool:
        """download-remove."""
        queued = self._queue.get(int(str(download_id))) if str(download_id).isdigit() else None
        if queued is None or queued.account is not account:
            raise Refusal("DOWNLOAD_ERROR", "The download does not belong to this account")
        del self._queue[queued.download_id]
        return True

    # -- URLs ------------------------------------------------------------------------------------------------

    def url(self, queued: Queued) -> str:
        """Where its bytes are, or will be."""
        product = queued.product
        if product["downloadSystem"] not in ("ls_s3", "ls_zip"):
            token = {"id": queued.download_id, "contactId": queued.account.contact_id}
            place = "download" if queued.ready <= self._clock() else "download-staging"
            return f"{BASE}/{place}/{base64.b64encode(orjson.dumps(token)).decode()}"
        signed = base64.b64encode(orjson.dumps(self._token(queued))).decode()
        if product["downloadSystem"] == "ls_zip":
            return f"{BASE}/gen-bundle?landsat_product_id={product['displayId']}&requestSignature={signed}"
        return f"{BASE}{_path(product['displayId'])}?requestSignature={signed}"

    def _token(self, queued: Queued) -> dict[str, Any]:
        said = {
            "downloadApp": "M2M",
            "contactId": queued.account.contact_id,
            "downloadId": queued.download_id,
            "dateGenerated": datetime.fromtimestamp(self._clock(), UTC).isoformat(),
            "id": queued.product["displayId"],
        }
        return {**said, "signature": f"$5$${self._mark(said)}"}

    def _mark(self, said: dict[str, Any]) -> str:
        return hmac.new(self._secret, orjson.dumps(said, option=orjson.OPT_SORT_KEYS), "sha256").hexdigest()

    def believes(self, signature: str, filename: str) -> bool:
        """Whether a requestSignature is ours, is for this file, and is young enough."""
        try:
            said: dict[str, Any] = orjson.loads(base64.b64decode(signature))
            mark = str(said.pop("signature"))
            age = self._clock() - datetime.fromisoformat(said["dateGenerated"]).timestamp()
        except (ValueError, KeyError, AttributeError, TypeError):
            return False
        ours = hmac.compare_digest(mark.encode(), f"$5$${self._mark(said)}".encode())
        return ours and said["id"] == filename and age <= self._lifetime

    def of_token(self, token: str) -> Queued | None:
        """What a dds token stands for. It is not signed, as at USGS."""
        try:
            said = orjson.loads(base64.b64decode(token))
            return self._queue.get(said["id"])
        except (ValueError, KeyError, TypeError):
            return None

    def is_ready(self, queued: Queued) -> bool:
        """Whether it has left staging."""
        return queued.ready <= self._clock()


def _path(filename: str) -> str:
    display_id = "_".join(filename.split("_")[:7])
    _sensor, _level, place, day = display_id.split("_")[:4]
    return (
        f"/data/collection02/level-2/standard/oli-tirs/{date.fromisoformat(day).year}/{place[:3]}/{place[3:]}/"
        f"{display_id}/{filename}"
    )
