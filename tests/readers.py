"""Readers that people use, what each ends with, and where the bytes they should get come from."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import odc.stac
import pystac
import rasterio
from rasterio.windows import Window

__all__ = ["READERS", "Outcome", "Problem", "Upstream", "asked", "digest"]

PROBLEM = "application/problem+json"
TRIES = 4
"""Times that a reader comes back: more than any fault strikes that ends at all."""

GDAL = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_HTTP_MAX_RETRY": "3",
    "GDAL_HTTP_RETRY_DELAY": "0.05",
    "GDAL_HTTP_TIMEOUT": "10",
    "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/http://127.0.0.1",
}


@dataclass(frozen=True)
class Problem:
    """An answer that is no file: its status, its headers (names in small letters) and its document."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_clear(self) -> bool:
        """Whether it says in a sentence what is wrong."""
        if self.headers.get("content-type") != PROBLEM:
            return False
        said = json.loads(self.body)
        return said["status"] == self.status and said["detail"].endswith(".") and "<" not in said["detail"]


Outcome = str | Problem
"""The digest of what was read, or why nothing was."""


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def asked(href: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one GET that follows redirects. Raises OSError, HTTPException."""
    try:
        answer = urllib.request.urlopen(urllib.request.Request(href, headers=headers), timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()


def why(href: str) -> Problem:
    """What the answer to who could not read it is; of status 0 where there is none."""
    try:
        return Problem(*asked(href, Range="bytes=0-99"))
    except (OSError, HTTPException):
        return Problem(0, {}, b"")


# -- the readers: each takes an asset of an Item ------------------------------------------------------------------


def plain(item: pystac.Item, key: str, _folder: Path) -> Outcome:
    """Python's own, which comes back as it is told to, but knows nothing of going on in the middle."""
    status, headers, body = 0, {}, b""
    for _ in range(TRIES):
        with contextlib.suppress(OSError, HTTPException):
            status, headers, body = asked(item.assets[key].href)
            if status == 200:
                return digest(body)
            if "retry-after" not in headers:
                break
        time.sleep(0.1)
    return Problem(status, headers, body)


def curl(item: pystac.Item, key: str, folder: Path) -> Outcome:
    """``curl -L -C -``, again and again until it is content."""
    out, href = folder / "curl.out", item.assets[key].href
    command = ["curl", "-sS", "-L", "--fail", "-C", "-", "-o", str(out), "--max-time", "10", href]
    for _ in range(TRIES):
        ended = subprocess.run(command, capture_output=True, check=False).returncode
        if ended == 0:
            return digest(out.read_bytes())
        time.sleep(0.1)
    return why(href)


def gdal(item: pystac.Item, key: str, _folder: Path) -> Outcome:
    """rasterio over /vsicurl: a window in the middle."""
    href = item.assets[key].href
    return again(lambda: window(href), href)


def odc_stac(item: pystac.Item, key: str, _folder: Path) -> Outcome:
    """odc-stac, of a whole scene at a coarse grid."""
    return again(lambda: loaded(item, key, str), item.assets[key].href)


def again(read: Callable[[], str], href: str) -> Outcome:
    """What GDAL reads, which tells no reason: it is run again where there is none any more."""
    problem = Problem(0, {}, b"")
    for _ in range(TRIES):
        with contextlib.suppress(rasterio.errors.RasterioError, AssertionError):  # odc-stac's, of half a header
            return read()
        problem = why(href)
        if problem.status not in (200, 206):
            break
    return problem


READERS: dict[str, Callable[[pystac.Item, str, Path], Outcome]] = {
    "plain": plain,
    "curl": curl,
    "rasterio": gdal,
    "odc-stac": odc_stac,
}


def window(place: str) -> str:
    """The digest of a window's pixels, of an address or of a file. Raises RasterioError."""
    with rasterio.Env(**GDAL), rasterio.open(place) as band:
        pixels = band.read(1, window=Window(band.width // 2, band.height // 2, 64, 64))
    return digest(pixels.tobytes())


def whole(url: str) -> bytes:
    """A file of the sandbox, as soon as it has left staging."""
    for _ in range(100):
        status, _headers, body = asked(url)
        if status == 200:
            return body
        time.sleep(0.05)
    raise AssertionError(status)


def loaded(item: pystac.Item, key: str, patch_url: Callable[[str], str]) -> str:
    """The digest of a scene at a hundredth of its pixels. Raises RasterioError."""
    odc.stac.configure_rio(cloud_defaults=True, **GDAL)
    found = odc.stac.load([item], bands=[key], resolution=6000, patch_url=patch_url, fail_on_error=True)
    return digest(found[key].values.tobytes())


# -- what they read -----------------------------------------------------------------------------------------------


class Upstream:
    """The sandbox as one asks it without the bridge, under an account of one's own."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._key = self._ask("login-token", {"username": "reference", "token": "any"})

    def _ask(self, endpoint: str, said: Any) -> Any:
        headers = {"X-Auth-Token": self._key} if hasattr(self, "_key") else {}
        place = f"{self.address}/api/api/json/stable/{endpoint}"
        with urllib.request.urlopen(urllib.request.Request(place, json.dumps(said).encode(), headers)) as answer:
            return json.load(answer)["data"]

    def url(self, dataset: str, entity_id: str, filename: str) -> str:
        """Where the sandbox itself has a file of a scene, or a product that is one file."""
        options = self._ask("download-options", {"datasetName": dataset, "entityIds": [entity_id]})
        files = [file for one in options for file in one["secondaryDownloads"] if file["displayId"] == filename]
        wanted = (files or [one for one in options if one["available"] and one["productCode"] == filename])[0]
        asked_for = {"entityId": wanted["entityId"], "productId": wanted["id"]}
        answer = self._ask("download-request", {"downloads": [asked_for], "label": "reference"})
        for row in answer["availableDownloads"]:
            return str(row["url"])
        return str(answer["preparingDownloads"][0]["url"]).replace("/download-staging/", "/download/")

    def calls(self, endpoint: str) -> int:
        """Requests to an endpoint that a fault without effect has met so far; stands since ``count``."""
        (counted,) = [one for one in self._faults() if one["fault"]["on"] == [endpoint]]
        return int(counted["met"])

    @contextlib.contextmanager
    def failing(self, *faults: dict[str, Any]) -> Iterator[None]:
        """The sandbox with these faults, and without any afterwards."""
        place = f"{self.address}/__sandbox/faults"
        try:
            for one in faults:
                urllib.request.urlopen(place, json.dumps(one).encode()).close()
            yield
        finally:
            urllib.request.urlopen(urllib.request.Request(place, method="DELETE")).close()

    def _faults(self) -> Any:
        with urllib.request.urlopen(f"{self.address}/__sandbox/faults") as answer:
            return json.load(answer)
