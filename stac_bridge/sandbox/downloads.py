"""The download side of M2M: options, requests, the queue, and URLs that can be believed [REFERENCE §8]."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import orjson

from stac_bridge.sandbox.holdings import archive_of, dataset, products_of
from stac_bridge.sandbox.landsat import END, Landsat, SceneFacts
from stac_bridge.sandbox.product_files import landsat_file, landsat_files, whole_product
from stac_bridge.sandbox.refusal import Refusal
from stac_bridge.sandbox.scenes import BASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.sandbox.accounts import Account
    from stac_bridge.sandbox.archive import Archive

__all__ = ["Downloads", "Queued", "options_of"]

FRESH = 20
"""Days for which a Landsat scene's bundle comes from dds_ms, and not yet from ls_zip."""

_FILES = "landsat_band_files_c2_l2"
_LIMITS = {"recentDownloadCount": 15_000, "pendingDownloadCount": 20_000, "unattemptedDownloadCount": 20_000}


def _product(name: str, scene: dict[str, Any], row: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": row["productId"],
        "downloadName": row["downloadName"],
        "displayId": scene["displayId"],
        "entityId": scene["entityId"],
        "datasetId": dataset(name)["datasetId"],
        "available": True,
        "filesize": 0,
        "productName": row["productName"],
        "productCode": row["productCode"],
        "bulkAvailable": True,
        "downloadSystem": row["downloadSystem"],
        "secondaryDownloads": [],
        "fileGroups": None,
        **more,
    }


def options_of(name: str, archive: Archive, number: int) -> list[dict[str, Any]]:
    """The products of one scene."""
    if isinstance(archive, Landsat):
        return _landsat_options(name, archive.facts(number))
    scene = archive.scene(number, full=False)
    available = bool(scene["options"]["download"])
    return [
        _product(
            name,
            scene,
            row,
            available=available,
            bulkAvailable=available,
            filesize=whole_product(archive, number, row["productCode"])[1].size if available else 0,
        )
        for row in products_of(name)
    ]


def _landsat_options(name: str, facts: SceneFacts) -> list[dict[str, Any]]:
    fresh = (END.date() - facts.day).days <= FRESH
    scene = {"displayId": facts.display_id, "entityId": facts.entity_id}
    files = [_file(facts, ending, half) for ending, half in landsat_files(facts).items()]
    options = []
    for row in products_of(name):
        folder, on_premises = row["downloadSystem"] == "folder", row["downloadSystem"] == "dds_ms"
        available = folder or on_premises == fresh
        size = 0 if folder else sum(file["filesize"] for file in files)
        options.append(
            _product(
                name, scene, row, available=available, bulkAvailable=available, filesize=size, secondaryDownloads=files
            )
        )
    return options


def _file(facts: SceneFacts, ending: str, half: str) -> dict[str, Any]:
    filename = f"{facts.display_id}_{ending}"
    return {
        "id": hashlib.sha256(ending.encode()).hexdigest()[:16],
        "downloadName": ending,
        "displayId": filename,
        "entityId": f"{half}_{facts.display_id}_{ending.replace('.', '_')}",
        "datasetId": dataset(_FILES)["datasetId"],
        "available": True,
        "filesize": landsat_file(facts, ending).size,
        "productName": "Landsat Collection 2 Level-2 Band File",
        "productCode": "D693" if half == "L2ST" else "D691",
        "bulkAvailable": True,
        "downloadSystem": "ls_s3",
        "secondaryDownloads": [],
        "fileGroups": ["ls_c2l2_all"],
        "displayOrder": 6,
    }


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
        found = _located(entity_id, product_id)
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


def _located(entity_id: str, product_id: str) -> tuple[str, int, dict[str, Any]] | None:
    """Dataset, scene and product that a pair of ids names."""
    if entity_id.startswith(("L2SR_L", "L2ST_L")):
        display_id = "_".join(entity_id.split("_")[1:8])
        return _product_of("landsat_ot_c2_l2", "displayId", display_id, entity_id, product_id)
    for name in ("landsat_ot_c2_l2", "corona2", "naip"):
        if found := _product_of(name, "entityId", entity_id, entity_id, product_id):
            return found
    return None


def _product_of(
    name: str, field: str, identifier: str, entity_id: str, product_id: str
) -> tuple[str, int, dict[str, Any]] | None:
    archive = archive_of(name)
    number = archive.find(identifier, field) if archive else None
    if archive is None or number is None:
        return None
    for product in options_of(name, archive, number):
        for one in (product, *product["secondaryDownloads"]):
            if one["entityId"] == entity_id and one["id"] == product_id:
                return name, number, one
    return None
