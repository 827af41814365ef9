"""The partial file of a download, and the request that resumes it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from stac_bridge.http_headers import read_content_range, read_count, read_filename

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import FileIO
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileState:
    """One version of a remote file: its size in bytes, the validators that tell it from other versions, its name."""

    size: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    filename: str | None = None

    @classmethod
    def from_response(cls, status: int, headers: Mapping[str, str]) -> FileState:
        """Return the version that a response describes; the names of ``headers`` are in lower case."""
        size = None
        if status == 206 and (content_range := read_content_range(headers.get("content-range"))):
            size = content_range[1]
        elif status == 200:
            size = read_count(headers.get("content-length"))
        filename = read_filename(headers.get("content-disposition"))
        return cls(size, headers.get("etag"), headers.get("last-modified"), filename)

    @property
    def validator(self) -> str | None:
        """The value for If-Range: a strong entity tag, otherwise the date (RFC 9110 §13.1.5)."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


def resume_headers(offset: int, state: FileState) -> dict[str, str]:
    """Return the headers that request the bytes from ``offset`` on.

    Empty without a validator: the server could not tell us that the file has changed meanwhile.

    >>> resume_headers(100, FileState(etag='"a"'))
    {'Range': 'bytes=100-', 'If-Range': '"a"'}
    >>> resume_headers(100, FileState()), resume_headers(0, FileState(etag='"a"'))
    ({}, {})
    """
    if not offset or state.validator is None:
        return {}
    return {"Range": f"bytes={offset}-", "If-Range": state.validator}


def resume_offset(status: int, headers: Mapping[str, str], offset: int, state: FileState) -> int | None:
    """Return the position of a response's first byte: ``offset`` or 0; None if it is a part of something else.

    A server that ignores Range, or whose file has changed, sends the whole file with 200. A server that ignores
    If-Range is detected by the size and the validators in its response, which are compared with ``state``.
    """
    if status == 200:
        return 0
    content_range = read_content_range(headers.get("content-range"))
    current = FileState.from_response(status, headers)
    is_same_file = current.size == state.size and all(
        new is None or old is None or new == old
        for new, old in ((current.etag, state.etag), (current.last_modified, state.last_modified))
    )
    part = content_range[0] if content_range else None
    return offset if part and part.start == offset and is_same_file else None


class PartFile:
    """``<name>.part`` and, beside it, ``<name>.part.json`` with the version that it is a part of.

    Writes are unbuffered, so that an interrupted run keeps every byte it received.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}.part")
        self._state_path = path.with_name(f"{path.name}.part.json")

    @property
    def path(self) -> Path:
        """Where the bytes are."""
        return self._path

    @property
    def size(self) -> int:
        """How many bytes there are."""
        with suppress(OSError):
            return self._path.stat().st_size
        return 0

    @property
    def is_complete(self) -> bool:
        """Whether all bytes are there and only the file's final name is missing."""
        return self.size == self.state.size

    @property
    def state(self) -> FileState:
        """The version that the bytes belong to; unknown if its file is missing or damaged."""
        try:
            return FileState(**json.loads(self._state_path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return FileState()

    def open(self, start: int, state: FileState) -> FileIO:
        """Open the file for writing from ``start`` on; later bytes are cut off. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch()
        os.truncate(self._path, start)
        self._state_path.write_text(json.dumps(asdict(state)), encoding="utf-8")
        return self._path.open("ab", buffering=0)

    def finish(self, target: Path) -> None:
        """Give the complete file its final path, in the same folder. Raises OSError."""
        self._path.replace(target)
        self._state_path.unlink(missing_ok=True)

    def delete(self) -> None:
        """Delete the partial file. Raises OSError."""
        self._path.unlink(missing_ok=True)
        self._state_path.unlink(missing_ok=True)
