"""The URLs of downloads: signed and short-lived for the cloud's files, bare tokens for the dds host [REFERENCE §8]."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import orjson

from m2m_sandbox.archive.landsat.scenes import BASE
from m2m_sandbox.downloads.download import on_premises

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.downloads.download import Queued

__all__ = ["Signer", "token_id"]

_REGIONS = ("CU", "AK", "HI")
_INSTRUMENTS = {"C": "oli-tirs", "O": "oli-tirs", "E": "etm", "M": "mss"}


class Signer:
    """Makes URLs, and knows its own again. A signature is believed for ``lifetime`` seconds."""

    def __init__(self, lifetime: float, clock: Callable[[], float]) -> None:
        self._lifetime, self._clock = lifetime, clock
        self._secret = secrets.token_bytes(16)

    def url(self, queued: Queued) -> str:
        """Where its bytes are, or will be."""
        product = queued.product
        if on_premises(product):
            token = {"id": queued.download_id, "contactId": queued.account.contact_id}
            place = "download-staging" if queued.is_pending(self._clock()) else "download"
            return f"{BASE}/{place}/{base64.b64encode(orjson.dumps(token)).decode()}"
        address = _ADDRESSES[product["downloadSystem"]](product)
        signed = base64.b64encode(orjson.dumps(self._signed(queued))).decode()
        return f"{BASE}{address}{'&' if '?' in address else '?'}requestSignature={signed}"

    def _signed(self, queued: Queued) -> dict[str, Any]:
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

    def believed(self, signature: str, filename: str) -> int | None:
        """The download whose requestSignature it is; None if it is not ours, not for this file, or too old."""
        try:
            said: dict[str, Any] = orjson.loads(base64.b64decode(signature))
            mark = str(said.pop("signature"))
            age = self._clock() - datetime.fromisoformat(said["dateGenerated"]).timestamp()
        except (ValueError, KeyError, AttributeError, TypeError):
            return None
        ours = hmac.compare_digest(mark.encode(), f"$5$${self._mark(said)}".encode())
        return int(said["downloadId"]) if ours and said["id"] == filename and age <= self._lifetime else None


def token_id(token: str) -> int | None:
    """The download that a dds token names. It is not signed, as at USGS."""
    try:
        return int(orjson.loads(base64.b64decode(token))["id"])
    except (ValueError, KeyError, TypeError):
        return None


def _file(product: dict[str, Any]) -> str:
    """A tile's folder goes by the grid of tiles, a scene's by path and row."""
    filename = product["displayId"]
    sensor, level, place, *rest = filename.split("_")
    tiled = level in _REGIONS
    display_id = "_".join(filename.split("_")[: 6 if tiled else 7])
    folder = f"{_instrument(sensor)}/{date.fromisoformat(rest[0]).year}"
    folder += f"/{level}/{place[:3]}/{place[3:]}" if tiled else f"/{place[:3]}/{place[3:]}"
    start = "/tile/collection02" if tiled else f"/data/collection02/level-{level[1]}/standard"
    return f"{start}/{folder}/{display_id}/{filename}"


def _instrument(sensor: str) -> str:
    """Of the start of a product's name, such as LC08."""
    early = sensor[1] == "T" and int(sensor[2:]) < 8
    return "tm" if early else _INSTRUMENTS.get(sensor[1], "oli-tirs")


def _browse(product: dict[str, Any]) -> str:
    name = product["productName"]
    size = "frbj" if "JPEG" in name else "frb"
    kind = "tir" if "Thermal" in name else "qb" if "Quality" in name else "refl"
    return f"/gen-browse?size={size}&type={kind}&product_id={product['displayId']}"


_ADDRESSES: dict[str, Callable[[dict[str, Any]], str]] = {
    "ls_s3": _file,
    "ls_zip": lambda product: f"/gen-bundle?landsat_product_id={product['displayId']}",
    "ls_frb": _browse,
}
