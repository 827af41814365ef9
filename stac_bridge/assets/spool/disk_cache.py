"""A folder of files that is kept within a bound: those read longest ago go first, those in use stay.

A file is in use while anybody holds a shared lock on it. The system frees the locks of a process that dies, and
they count between processes: several may keep one folder.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from typing import TYPE_CHECKING, BinaryIO

from stac_bridge.errors import NoRoom

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Shelf", "hold"]

COME_BACK = 60
"""Seconds after which those ask again for whom there is no room."""

_PART = ".part"


class Shelf:
    """The folder, of at most ``max_bytes``. Its methods touch the disk: call them from a thread."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self.max_bytes = max_bytes

    def clean(self) -> None:
        """Remove what a process that died had begun."""
        for path in self._folder.glob(f"*{_PART}"):
            remove_unused(path)

    def find(self, name: str) -> tuple[Path, int] | None:
        """The file of this name and its size; from now on it is the one read last."""
        path = self._folder / name
        try:
            os.utime(path)
            return path, path.stat().st_size
        except OSError:  # it is not here, or not ours
            return None

    def begin(self, name: str) -> tuple[Path, BinaryIO]:
        """An empty file under a name of its own, in use until it is closed. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.{secrets.token_hex(4)}{_PART}"
        return path, hold(path.open("xb"))

    def keep(self, part: Path, name: str) -> Path:
        """A file that is whole now, under its name. Who reads it has it open and reads on. Raises OSError."""
        return part.rename(self._folder / name)

    def make_room(self, needed: int) -> None:
        """Remove old files until ``needed`` more bytes fit. Raises OSError, and NoRoom where too much is in use."""
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = sorted(self._sizes(), key=lambda found: found[0])
        excess = sum(size for _read, size, _path in kept) + needed - self.max_bytes
        for _read, size, path in kept:
            if excess <= 0:
                return
            if remove_unused(path):
                excess -= size
        if excess > 0:
            raise NoRoom(
                "The server has no room for this file beside those being read; ask again in "
                f"{COME_BACK} seconds, or have STAC_BRIDGE_SPOOL_BYTES raised.",
                retry_after=COME_BACK,
            )

    def _sizes(self) -> Iterator[tuple[float, int, Path]]:
        """When each file was read last, its size, its path."""
        for path in self._folder.iterdir():
            try:
                said = path.stat()
            except FileNotFoundError:
                continue  # another process made room
            yield said.st_mtime, said.st_size, path


def hold(file: BinaryIO) -> BinaryIO:
    """The file, in use until it is closed."""
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def remove_unused(path: Path) -> bool:
    """Remove a file that nobody uses; whether it is gone."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True
