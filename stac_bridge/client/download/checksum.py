"""Whether a file is what its multihash says."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["agrees", "read_multihash"]

_ALGORITHMS = {
    0x11: "sha1",
    0x12: "sha256",
    0x13: "sha512",
    0x14: "sha3_512",
    0x16: "sha3_256",
    0x20: "sha384",
    0xD5: "md5",
}
"""The codes of multihash's table that the standard library computes."""


def agrees(path: Path, checksum: str | None) -> bool:
    """False where the bytes are others. What nobody said, or in a way unknown here, is not held against them."""
    told = read_multihash(checksum or "")
    if told is None:
        return True
    algorithm, digest = told
    with path.open("rb") as file:
        return hmac.compare_digest(hashlib.file_digest(file, algorithm).digest(), digest)


def read_multihash(text: str) -> tuple[str, bytes] | None:
    """The algorithm and the digest in a ``file:checksum``; None where it is not a multihash in hex, or of another kind.

    >>> algorithm, digest = read_multihash("1220" + "ab" * 32)
    >>> algorithm, len(digest)
    ('sha256', 32)
    >>> read_multihash("1220abcd"), read_multihash("sha256:ab"), read_multihash("")
    (None, None, None)
    """
    try:
        code, rest = _varint(bytes.fromhex(text))
        length, digest = _varint(rest)
    except (ValueError, IndexError):
        return None
    algorithm = _ALGORITHMS.get(code)
    return (algorithm, digest) if algorithm and length == len(digest) else None


def _varint(data: bytes) -> tuple[int, bytes]:
    """An unsigned number, seven bits in a byte from the lowest on, and what follows it."""
    value = place = 0
    while data[place] & 0x80:
        value |= (data[place] & 0x7F) << 7 * place
        place += 1
    return value | data[place] << 7 * place, data[place + 1 :]
