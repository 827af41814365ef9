"""Compares a file with a multihash, the form of STAC's ``file:checksum``."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ALGORITHMS = {
    0x11: "sha1",
    0x12: "sha256",
    0x13: "sha512",
    0x14: "sha3_512",
    0x16: "sha3_256",
    0x20: "sha384",
    0xD5: "md5",
}
"""Codes of the multihash table whose algorithms the standard library has."""


def matches_checksum(path: Path, checksum: str | None) -> bool:
    """Return False if the file's bytes differ from the checksum.

    A checksum that is absent, malformed or of an unknown algorithm proves nothing, so the file counts as right.
    """
    multihash = read_multihash(checksum or "")
    if multihash is None:
        return True
    algorithm, digest = multihash
    with path.open("rb") as file:
        return hmac.compare_digest(hashlib.file_digest(file, algorithm).digest(), digest)


def read_multihash(text: str) -> tuple[str, bytes] | None:
    """Return the algorithm and the digest of a multihash in hex; None if it is malformed or of an unknown algorithm.

    >>> algorithm, digest = read_multihash("1220" + "ab" * 32)
    >>> algorithm, len(digest)
    ('sha256', 32)
    >>> read_multihash("1220abcd"), read_multihash("sha256:ab"), read_multihash("")
    (None, None, None)
    """
    try:
        code, rest = _read_varint(bytes.fromhex(text))
        length, digest = _read_varint(rest)
    except (ValueError, IndexError):
        return None
    algorithm = _ALGORITHMS.get(code)
    return (algorithm, digest) if algorithm and length == len(digest) else None


def _read_varint(data: bytes) -> tuple[int, bytes]:
    """Return an unsigned varint (seven bits per byte, lowest first), and the bytes after it."""
    value = position = 0
    while data[position] & 0x80:
        value |= (data[position] & 0x7F) << 7 * position
        position += 1
    return value | data[position] << 7 * position, data[position + 1 :]
