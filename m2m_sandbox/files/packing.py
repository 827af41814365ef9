"""Tar archives and gzip files of other files, whose byte ranges are computed from those of their members."""

from __future__ import annotations

import struct
import tarfile
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from m2m_sandbox.files.content import BytesContent, JoinedContent, LazyContent, SlicedContent

if TYPE_CHECKING:
    from m2m_sandbox.files.content import Content

_BLOCK = 2**15
"""Bytes of a stored block of deflate, of which 65,535 is the maximum."""

_CHUNK = 2**20


def tarred(members: dict[str, Content]) -> Content:
    """Return a tar archive of files by name: each file has a 512-byte header and is padded to 512 bytes."""
    parts: list[Content] = []
    for name, content in members.items():
        entry = tarfile.TarInfo(name)
        entry.size = content.size
        parts += [BytesContent(entry.tobuf(tarfile.USTAR_FORMAT)), content, _padding(-content.size % 512)]
    return JoinedContent([*parts, _padding(1024)])


@lru_cache(maxsize=64)
def _padding(size: int) -> Content:
    return BytesContent(b"\0" * size)


def gzipped(name: str, content: Content) -> Content:
    """Return a gzip file of a file with this name.

    It consists of stored blocks, so that any byte range of it can be computed without the rest. Only the checksum at
    the end needs the whole file.
    """
    parts: list[Content] = [BytesContent(b"\x1f\x8b\x08\x08" + bytes(5) + b"\xff" + name.encode() + b"\0")]
    for start in range(0, max(content.size, 1), _BLOCK):
        stop = min(content.size, start + _BLOCK)
        last, length = stop == content.size, stop - start
        parts += [BytesContent(struct.pack("<BHH", last, length, length ^ 0xFFFF)), SlicedContent(content, start, stop)]
    return JoinedContent([*parts, LazyContent(8, lambda: struct.pack("<II", _checksum(content), content.size))])


def _checksum(content: Content) -> int:
    checksum = 0
    for start in range(0, content.size, _CHUNK):
        checksum = zlib.crc32(content.read(start, start + _CHUNK), checksum)
    return checksum
