"""A folder of files with a maximum size: the least recently read files are removed first, files in use never.

A file is in use while some process has a shared lock on it. The operating system releases the locks of a process that
dies, and locks work between processes, so that several processes can share a folder.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from stac_bridge.errors import NoRoom

RETRY_AFTER = 60
"""Seconds for readers for whose files there is no room."""

_PART_SUFFIX = ".part"


class DiskCache:
    """The folder, of at most ``max_bytes``. Its methods block on the disk: call them from a thread."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self.max_bytes = max_bytes

    def remove_abandoned_parts(self) -> None:
        """Remove partial files of processes that have died."""
        for path in self._folder.glob(f"*{_PART_SUFFIX}"):
            remove_unused(path)

    def find(self, name: str) -> tuple[Path, int] | None:
        """Return the path and the size of a file, and make it the most recently read one; None if there is none."""
        path = self._folder / name
        try:
            os.utime(path)
            return path, path.stat().st_size
        except OSError:  # it does not exist, or belongs to another user
            return None

    def create_part(self, name: str) -> tuple[Path, BinaryIO]:
        """Create an empty file with a unique name, which is in use until it is closed. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.{secrets.token_hex(4)}{_PART_SUFFIX}"
        return path, mark_in_use(path.open("xb"))

    def commit(self, part: Path, name: str) -> Path:
        """Give a complete file its name; whoever has it open reads on. Returns the new path. Raises OSError."""
        return part.rename(self._folder / name)

    def make_room(self, needed: int) -> None:
        """Remove old files until ``needed`` more bytes fit. Raises OSError, and NoRoom if too many are in use."""
        self._folder.mkdir(parents=True, exist_ok=True)
        oldest_first = sorted(self._files(), key=lambda file: file[0])
        excess = sum(size for _read_at, size, _path in oldest_first) + needed - self.max_bytes
        for _read_at, size, path in oldest_first:
            if excess <= 0:
                return
            if remove_unused(path):
                excess -= size
        if excess > 0:
            raise NoRoom(
                "The server has no room for this file beside those being read; retry in "
                f"{RETRY_AFTER} seconds, or have STAC_BRIDGE_SPOOL_BYTES raised.",
                retry_after=RETRY_AFTER,
            )

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Yield each file's time of the last read, its size and its path."""
        for path in self._folder.iterdir():
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue  # another process has removed it
            yield stat.st_mtime, stat.st_size, path


def mark_in_use(file: BinaryIO) -> BinaryIO:
    """Return the file, locked against removal until it is closed."""
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def remove_unused(path: Path) -> bool:
    """Remove a file unless it is in use; return whether it is gone."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True
