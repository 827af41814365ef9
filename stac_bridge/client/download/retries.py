"""What to do about a response that is not the file. Pure."""

from __future__ import annotations

import errno
import json
import time
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

from stac_bridge.client.errors import one_line
from stac_bridge.file_sniffer import find_impostor, is_coded
from stac_bridge.http_headers import read_retry_after

if TYPE_CHECKING:
    import httpx

    from stac_bridge.client.download.plan import File

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Recovery(StrEnum):
    """What may help after a failed attempt."""

    wait = "wait"  # wait as long as the server says: the file is being prepared, or the server is busy
    retry = "retry"  # send the request again, from the byte where it stopped
    renew = "renew"  # get another href for the same file
    stream = "stream"  # read through the bridge, instead of from the host that it redirects to
    none = "none"


class DownloadFailed(Exception):
    """An attempt failed; the text is one sentence. ``seconds`` is how long the server says to wait."""

    def __init__(self, reason: str, recovery: Recovery = Recovery.none, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.recovery = recovery
        self.seconds = seconds


def find_fault(response: httpx.Response, file: File, start: bytes = b"") -> str | None:
    """Return why a successful response is not the file's bytes, as a sentence, by its headers and its first bytes."""
    if is_coded(response.headers.get("content-encoding"), file.path.name):
        return "The server compressed the file, although it was requested as it is."
    impostor = find_impostor(start, response.headers.get("content-type"), [file.path.name], file.media_type)
    return f"The server answered with {impostor} in place of the file." if impostor else None


def impostor_failure(response: httpx.Response, fault: str) -> DownloadFailed:
    """Return the failure for a successful response that is not the file."""
    return DownloadFailed(fault, Recovery.stream if response.history else Recovery.none)


def response_failure(response: httpx.Response) -> DownloadFailed:
    """Return the failure for a response that is not the file; its body has been read."""
    reason, status = _reason(response), response.status_code
    is_redirected = bool(response.history)
    if status == 416:
        return DownloadFailed(reason, Recovery.retry)
    if status in (202, 429, 503, 504):
        seconds = read_retry_after(response.headers.get("retry-after"), time.time())
        return DownloadFailed(reason, Recovery.wait, seconds)
    if status in (500, 502):
        return DownloadFailed(reason, Recovery.retry)
    if is_redirected:
        # The USGS host that the bridge redirected to does not deliver; the bridge itself renews the URL behind it.
        return DownloadFailed(reason, Recovery.stream)
    if status in (401, 403):
        return DownloadFailed(reason, Recovery.renew)
    return DownloadFailed(reason)


def _reason(response: httpx.Response) -> str:
    """Return a problem document's own message (RFC 9457), otherwise a sentence about the status."""
    try:
        body = json.loads(response.content)
    except ValueError:
        body = None
    if isinstance(body, dict) and isinstance(body.get("detail"), str):
        return one_line(body["detail"])
    if response.status_code == 202:
        return "The server is preparing the file."
    if response.is_success:
        return "The server answered with a page in place of the file."
    phrase = HTTPStatus(response.status_code).phrase if response.status_code in set(HTTPStatus) else ""
    return f"The server answered HTTP {response.status_code} {phrase}".rstrip() + "."


def connection_failure(error: httpx.HTTPError) -> DownloadFailed:
    """Return the failure for a missing or incomplete response."""
    return DownloadFailed(f"The connection failed ({type(error).__name__}).", Recovery.retry)


def disk_failure(error: OSError) -> DownloadFailed:
    """Return the failure for a file or folder that cannot be written."""
    if error.errno in _DISK_FULL:
        return DownloadFailed(
            f"There is no room for it ({error.strerror}); free some and run again: what has arrived stays."
        )
    return DownloadFailed(f"It cannot be written ({error.strerror or type(error).__name__}).")
