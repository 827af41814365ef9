"""What to do about a response that is not the file. Pure."""

from __future__ import annotations

import errno
import json
import time
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

from stac_bridge.client.errors import one_line
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


def is_file(response: httpx.Response, file: File) -> bool:
    """Return whether the body is the file's bytes, and not, say, a login page with status 200."""
    if response.status_code not in (200, 206):
        return False
    is_page = response.headers.get("content-type", "").startswith("text/html")
    return not (is_page and "html" not in file.media_type)


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
