"""Download URLs: signed and short-lived for files in the cloud, unsigned tokens for the dds host [REFERENCE §8]."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import orjson

from m2m_sandbox.archive.datasets import form_of
from m2m_sandbox.archive.landsat.scenes import BASE
from m2m_sandbox.downloads.download import on_premises

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.downloads.download import QueuedDownload

_ARD_REGIONS = ("CU", "AK", "HI")
_INSTRUMENTS = {"C": "oli-tirs", "O": "oli-tirs", "E": "etm", "M": "mss"}
"""The second letter of a product name → the instrument's folder. TM is told from TIRS by its satellite."""


class Signer:
    """Creates and verifies download URLs. A signature is valid for ``lifetime`` seconds."""

    def __init__(self, lifetime: float, clock: Callable[[], float]) -> None:
        self._lifetime, self._clock = lifetime, clock
        self._secret = secrets.token_bytes(16)

    def url(self, download: QueuedDownload) -> str:
        """Return the URL where a file is, or will be after staging."""
        product = download.product
        if on_premises(product):
            token = {"id": download.download_id, "contactId": download.account.contact_id}
            folder = "download-staging" if download.is_pending(self._clock()) else "download"
            return f"{BASE}/{folder}/{base64.b64encode(orjson.dumps(token)).decode()}"
        path = _PATHS[product["downloadSystem"]](download)
        signature = base64.b64encode(orjson.dumps(self._signed_claims(download))).decode()
        return f"{BASE}{path}{'&' if '?' in path else '?'}requestSignature={signature}"

    def _signed_claims(self, download: QueuedDownload) -> dict[str, Any]:
        claims = {
            "downloadApp": "M2M",
            "contactId": download.account.contact_id,
            "downloadId": download.download_id,
            "dateGenerated": datetime.fromtimestamp(self._clock(), UTC).isoformat(),
            "id": download.product["displayId"],
        }
        return {**claims, "signature": f"$5$${self._digest(claims)}"}

    def _digest(self, claims: dict[str, Any]) -> str:
        return hmac.new(self._secret, orjson.dumps(claims, option=orjson.OPT_SORT_KEYS), "sha256").hexdigest()

    def verify(self, signature: str, filename: str) -> int | None:
        """Return the id of the download that a requestSignature belongs to.

        None if the signature was not made by this sandbox, not for this file, or has expired.
        """
        try:
            claims: dict[str, Any] = orjson.loads(base64.b64decode(signature))
            digest = str(claims.pop("signature"))
            age = self._clock() - datetime.fromisoformat(claims["dateGenerated"]).timestamp()
        except (ValueError, KeyError, AttributeError, TypeError):
            return None
        genuine = hmac.compare_digest(digest.encode(), f"$5$${self._digest(claims)}".encode())
        return int(claims["downloadId"]) if genuine and claims["id"] == filename and age <= self._lifetime else None


def token_download_id(token: str) -> int | None:
    """Return the id of the download in a dds token, None if it cannot be read. Tokens are not signed, as at USGS."""
    try:
        return int(orjson.loads(base64.b64decode(token))["id"])
    except (ValueError, KeyError, TypeError):
        return None


def _file_path(download: QueuedDownload) -> str:
    """Return the path of a band file: ARD tiles are in folders by region and tile, scenes by WRS path and row."""
    filename = download.product["displayId"]
    sensor, level, cell, *dates = filename.split("_")
    tiled = level in _ARD_REGIONS
    display_id = "_".join(filename.split("_")[: 6 if tiled else 7])
    folder = f"{_instrument(sensor)}/{date.fromisoformat(dates[0]).year}"
    folder += f"/{level}/{cell[:3]}/{cell[3:]}" if tiled else f"/{cell[:3]}/{cell[3:]}"
    root = "/tile/collection02" if tiled else f"/data/collection02/level-{level[1]}/standard"
    return f"{root}/{folder}/{display_id}/{filename}"


def _instrument(sensor: str) -> str:
    """Return the instrument's folder name for the start of a product name, such as LC08."""
    is_tm = sensor[1] == "T" and int(sensor[2:]) < 8  # LT04 and LT05 are TM, LT08 and LT09 TIRS
    return "tm" if is_tm else _INSTRUMENTS.get(sensor[1], "oli-tirs")


def _bundle_path(download: QueuedDownload) -> str:
    """Return the path of a bundle. A tile has several, whose ids are the tile's and what the bundle contains."""
    part = form_of(download.dataset, download.product["id"]).partition("-")[2]
    suffix = f"_{part}" if part else ""
    return f"/gen-bundle?landsat_product_id={download.product['displayId']}{suffix}"


def _browse_path(download: QueuedDownload) -> str:
    product = download.product
    name = product["productName"]
    size = "frbj" if "JPEG" in name else "frb"
    kind = "tir" if "Thermal" in name else "qb" if "Quality" in name else "refl"
    return f"/gen-browse?size={size}&type={kind}&product_id={product['displayId']}"


_PATHS: dict[str, Callable[[QueuedDownload], str]] = {
    "ls_s3": _file_path,
    "ls_zip": _bundle_path,
    "ls_frb": _browse_path,
}
