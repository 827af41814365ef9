"""Names that others chose → names that are safe in a folder. Pure."""

from __future__ import annotations

import hashlib
import re

__all__ = ["one_line", "safe_name"]

LONGEST = 180
"""Characters of a name: file systems take 255 bytes, and a part adds to it."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u202a-\u202e\u2066-\u2069]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_OURS = (".part", ".part.json")


def safe_name(text: str) -> str:
    """A name within its folder on any system; what had to be changed carries a mark, so that two stay two.

    >>> safe_name("LC08_L2SP_196028_20240728_20240807_02_T1_SR_B4.TIF")
    'LC08_L2SP_196028_20240728_20240807_02_T1_SR_B4.TIF'
    >>> safe_name("../../etc/passwd"), safe_name("nul.tif"), safe_name("..")
    ('_.._.._etc_passwd-3754d6', '_nul-ebeb1d.tif', '_-5ec1f7')
    """
    name = _UNSAFE.sub("_", text).rstrip(". ")
    if name.endswith(_OURS):
        name = f"{name}_"
    if not name or name.startswith(".") or _RESERVED.match(name):
        name = f"_{name}"
    stem, suffix = _split(name)
    if name == text and len(name.encode()) <= LONGEST:
        return name
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    kept = stem.encode("utf-8", "ignore")[: LONGEST - len(suffix.encode()) - 7].decode("utf-8", "ignore")
    return f"{kept}-{mark}{suffix}"


def _split(name: str) -> tuple[str, str]:
    """The name and its ending, where that looks like one."""
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem.strip("_.") and ending.isalnum() and len(ending) <= 8 else (name, "")


def one_line(text: str, most: int = 500) -> str:
    """Somebody else's words as one line that no terminal takes for a command."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:most]
