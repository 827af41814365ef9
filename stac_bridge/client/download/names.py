"""Turns names from an API into file names that are safe on any system. Pure."""

from __future__ import annotations

import hashlib
import re

MAX_NAME_LENGTH = 180
"""Bytes. File systems take 255, and the names of partial and temporary files are longer than the name itself."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u202a-\u202e\u2066-\u2069]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names of devices on Windows."""
_PART_SUFFIXES = (".part", ".part.json")


def safe_name(text: str) -> str:
    """Return a name that stays within its folder on any system.

    A name that had to be changed gets a hash of the original, so that two different names stay different.

    >>> safe_name("LC08_L2SP_196028_20240728_20240807_02_T1_SR_B4.TIF")
    'LC08_L2SP_196028_20240728_20240807_02_T1_SR_B4.TIF'
    >>> safe_name("../../etc/passwd"), safe_name("nul.tif"), safe_name("..")
    ('_.._.._etc_passwd-3754d6', '_nul-ebeb1d.tif', '_-5ec1f7')
    """
    name = _UNSAFE.sub("_", text).rstrip(". ")
    if name.endswith(_PART_SUFFIXES):
        name = f"{name}_"
    if not name or name.startswith(".") or _RESERVED.match(name):
        name = f"_{name}"
    stem, suffix = _split_suffix(name)
    if name == text and len(name.encode()) <= MAX_NAME_LENGTH:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    max_stem = MAX_NAME_LENGTH - len(suffix.encode()) - len(digest) - 1
    short_stem = stem.encode("utf-8", "ignore")[:max_stem].decode("utf-8", "ignore")
    return f"{short_stem}-{digest}{suffix}"


def _split_suffix(name: str) -> tuple[str, str]:
    """Return the stem and the suffix, which is empty if the part after the last dot does not look like one."""
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem.strip("_.") and ending.isalnum() and len(ending) <= 8 else (name, "")
