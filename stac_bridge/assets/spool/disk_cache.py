"""A folder of files with a maximum size: the least recently read files are removed first, files in use never.

A file is in use while some process has a shared lock on it. The operating system releases the locks of a process that
dies, and locks work between processes, so that several processes can share a folder.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from stac_bridge.assets.spool.digests import data_size
from stac_bridge.errors import NoRoom

RETRY_AFTER = 60
"""Seconds for readers for whose files there is no room."""

MIN_FREE = 100 * 2**20
"""Bytes of the disk that stay free, for the catalog, the log and other programs; 5 % of a disk below 2 GB."""

_PART_SUFFIX = ".part"


class DiskUsage(Protocol):
    """The bytes of a disk."""

    @property
    def total(self) -> int:
        """The size of the disk."""
        ...

    @property
    def free(self) -> int:
        """The bytes that this process may still write."""
        ...


class DiskCache:
    """The folder, of at most ``max_bytes``. Its methods block on the disk: call them from a thread."""

    def __init__(
        self, folder: Path, max_bytes: int, disk_usage: Callable[[Path], DiskUsage] = shutil.disk_usage
    ) -> None:
        self._folder = folder
        self.max_bytes = max_bytes
        self._disk_usage = disk_usage

    def remove_abandoned_parts(self) -> None:
        """Remove partial files of processes that have died."""
        for path in self._folder.glob(f"*{_PART_SUFFIX}"):
            remove_unused(path)

    def find(self, name: str) -> tuple[Path, int] | None:
        """Return the path and the size of a file, and make it the most recently read one; None if there is none.

        A file that is incomplete, or cannot be read, counts as none.
        """
        path = self._folder / name
        try:
            with path.open("rb") as file:
                size = data_size(file)
        except OSError:
            return None
        if size is None:
            return None
        with suppress(OSError):  # a disk that is read-only by now
            os.utime(path)
        return path, size

    def remove_damaged(self, path: Path, inode: int) -> None:
        """Remove a file, also if others read it, unless another file has its name by now."""
        with suppress(OSError):
            if path.stat().st_ino == inode:
                path.unlink()

    def create_part(self, name: str) -> tuple[Path, BinaryIO]:
        """Create an empty file with a unique name, which is in use until it is closed. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.{secrets.token_hex(4)}{_PART_SUFFIX}"
        return path, mark_in_use(path.open("xb"))

    def commit(self, part: Path, name: str) -> Path:
        """Give a complete file its name; whoever has it open reads on. Returns the new path. Raises OSError."""
        return part.rename(self._folder / name)

    def make_room(self, needed: int) -> None:
        """Remove old files until ``needed`` more bytes fit into the folder and onto the disk.

        Raises OSError, and NoRoom if too many files are in use.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        oldest_first = sorted(self._files(), key=lambda file: file[0])
        disk = self._disk_usage(self._folder)
        missing = needed + min(MIN_FREE, disk.total // 20) - disk.free
        excess = sum(size for _read_at, size, _path in oldest_first) + needed - self.max_bytes
        for _read_at, size, path in oldest_first:
            if excess <= 0 and missing <= 0:
                return
            if remove_unused(path):
                excess, missing = excess - size, missing - size
        if missing > 0:
            raise NoRoom(
                f"The server's disk has no room for this file; retry in {RETRY_AFTER} seconds, or when its operator "
                "has made room, or has set STAC_BRIDGE_SPOOL_BYTES lower.",
                retry_after=RETRY_AFTER,
            )
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
                info = path.stat()
            except OSError:
                continue  # another process has removed it
            if stat.S_ISREG(info.st_mode):
                yield info.st_mtime, info.st_size, path


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
    except OSError:  # in use, another user's, or on a disk that fails
        return False
    return True
