"""Digests of a spooled file's blocks: damage on the disk is noticed when the bytes are read.

They follow the data in the same file, then a footer with the size of the data. A file that was cut off or never written
has no valid footer; a block that the disk changed does not match its digest.
"""

from __future__ import annotations

import hashlib
import os
import struct
from typing import BinaryIO

BLOCK_BYTES = 2**18
"""Bytes that are verified, and so read, at once."""

_DIGEST_BYTES = 16
_FOOTER = struct.Struct(">16sQ")
_MAGIC = b"stac-bridge/sp1\n"


class DamagedFile(Exception):
    """The file is not what was written; ``inode`` identifies it, because another file may have its name by now."""

    def __init__(self, inode: int) -> None:
        super().__init__("damaged")
        self.inode = inode


class BlockDigests:
    """The digests of a file that is being written."""

    def __init__(self) -> None:
        self._size = 0
        self._digests = bytearray()
        self._block = _new_digest()

    def update(self, data: bytes) -> None:
        """Add the next bytes of the file."""
        rest = memoryview(data)
        while rest:
            part = rest[: BLOCK_BYTES - self._size % BLOCK_BYTES]
            self._block.update(part)
            self._size += len(part)
            rest = rest[len(part) :]
            if self._size % BLOCK_BYTES == 0:
                self._digests += self._block.digest()
                self._block = _new_digest()

    def trailer(self) -> bytes:
        """Return what follows the data."""
        last = self._block.digest() if self._size % BLOCK_BYTES else b""
        return bytes(self._digests) + last + _FOOTER.pack(_MAGIC, self._size)


def size_on_disk(size: int) -> int:
    """Return the bytes that data of ``size`` bytes takes with its digests.

    >>> size_on_disk(0), size_on_disk(1) - 1, size_on_disk(2**18 + 1) - (2**18 + 1)
    (24, 40, 56)
    """
    return size + -(-size // BLOCK_BYTES) * _DIGEST_BYTES + _FOOTER.size


def data_size(file: BinaryIO) -> int | None:
    """Return the bytes of data in a file; None if it is incomplete. Raises OSError."""
    total = os.fstat(file.fileno()).st_size
    if total < _FOOTER.size:
        return None
    magic, size = _FOOTER.unpack(os.pread(file.fileno(), _FOOTER.size, total - _FOOTER.size))
    return size if magic == _MAGIC and size_on_disk(size) == total else None


def read_verified(file: BinaryIO, size: int, wanted: range) -> bytes:
    """Return the bytes of a range, at most to the end of the block in which it starts.

    ``size`` is that of the data. Raises DamagedFile, also if the disk cannot be read.
    """
    number = wanted.start // BLOCK_BYTES
    start = number * BLOCK_BYTES
    try:
        block = os.pread(file.fileno(), min(BLOCK_BYTES, size - start), start)
        expected = os.pread(file.fileno(), _DIGEST_BYTES, size + number * _DIGEST_BYTES)
    except OSError:
        raise _damaged(file) from None
    if _new_digest(block).digest() != expected:
        raise _damaged(file)
    return block[wanted.start - start : wanted.stop - start]


def _damaged(file: BinaryIO) -> DamagedFile:
    return DamagedFile(os.fstat(file.fileno()).st_ino)


def _new_digest(data: bytes = b"") -> hashlib.blake2b:
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES)
