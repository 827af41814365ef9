"""An answer that is not the file → what to do about it. Pure."""

from __future__ import annotations

import errno
import json
import time
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

from stac_bridge.client.download.names import one_line
from stac_bridge.http_headers import read_retry_after

if TYPE_CHECKING:
    import httpx

    from stac_bridge.client.download.plan import File

__all__ = ["Course", "Trouble", "is_file", "of_answer", "of_fault", "of_system"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Course(StrEnum):
    """What helps."""

    wait = "wait"  # to come back when the server says
    again = "again"  # to ask once more, from where we are
    renew = "renew"  # another href for the same file
    through = "through"  # the bytes through the bridge, not from where it sent us
    none = "none"


class Trouble(Exception):
    """Why a file did not come, in a sentence; ``seconds`` is what the server asks to wait."""

    def __init__(self, why: str, course: Course = Course.none, seconds: float | None = None) -> None:
        super().__init__(why)
        self.course = course
        self.seconds = seconds


def is_file(answer: httpx.Response, file: File) -> bool:
    """Whether a good answer's body is the file: not a page to sign in, and the very bytes."""
    if answer.status_code not in (200, 206):
        return False
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    return not (is_page and "html" not in file.media_type)


def of_answer(answer: httpx.Response) -> Trouble:
    """An answer that has been read."""
    told, status = _told(answer), answer.status_code
    redirected = bool(answer.history)
    if status == 416:
        return Trouble(told, Course.again)
    if status in (202, 429, 503, 504):
        return Trouble(told, Course.wait, read_retry_after(answer.headers.get("retry-after"), time.time()))
    if status in (500, 502):
        return Trouble(told, Course.again)
    if redirected:
        return Trouble(told, Course.through)
    if status in (401, 403):
        return Trouble(told, Course.renew)
    return Trouble(told)


def _told(answer: httpx.Response) -> str:
    """A problem document's own words (RFC 9457), else the status."""
    try:
        said = json.loads(answer.content)
    except ValueError:
        said = None
    if isinstance(said, dict) and isinstance(said.get("detail"), str):
        return one_line(said["detail"])
    if answer.status_code == 202:
        return "The server is preparing the file."
    if answer.is_success:
        return "The server answered with a page in place of the file."
    phrase = HTTPStatus(answer.status_code).phrase if answer.status_code in set(HTTPStatus) else ""
    return f"The server answered HTTP {answer.status_code} {phrase}".rstrip() + "."


def of_fault(fault: httpx.HTTPError) -> Trouble:
    """No answer, or half of one."""
    return Trouble(f"The connection failed ({type(fault).__name__}).", Course.again)


def of_system(fault: OSError) -> Trouble:
    """A folder that does not take the bytes."""
    if fault.errno in _FULL:
        return Trouble(f"There is no room for it ({fault.strerror}); free some and run again: what came is kept.")
    return Trouble(f"It cannot be written ({fault.strerror or type(fault).__name__}).")
