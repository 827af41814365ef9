"""The names of a scene's product files and pictures, with which their hrefs end."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from stac_bridge.mapping.id_parts import parts_reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.mapping.assets import FileStem

_PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".tif")


def stem_reader(row: FileStem | None) -> Callable[[str], str]:
    """Return the function from a display id to what the names of its product files begin with.

    >>> from stac_bridge.mapping.assets import FileStem
    >>> row = FileStem(stem="{latitude}_{longitude}_{arc}arc", id_parts="SRTM{arc:1}{latitude:3}{longitude:4}V*")
    >>> read = stem_reader(row)
    >>> read("SRTM1N33W099V3"), read("SRTM-unknown")
    ('n33_w099_1arc', 'SRTM-unknown')
    """
    if row is None:
        return str
    read_parts, stem = parts_reader(row.id_parts), row.stem

    def read(display_id: str) -> str:
        parts = read_parts(display_id)
        return display_id if parts is None else stem.format(**parts, id=display_id).lower()

    return read


def picture_name(url: str, made: str) -> str:
    """Return the name at the end of a picture's URL; ``made`` if no picture's name is there.

    >>> picture_name("https://ims.cr.usgs.gov/browse/declass1/DS1117-2086DA017.jpg", "x.jpg")
    'DS1117-2086DA017.jpg'
    >>> picture_name("https://landsatlook.usgs.gov/gen-browse?size=thumb&type=refl&product_id=LC08_", "x.jpg")
    'x.jpg'
    """
    name = url.partition("?")[0].rpartition("/")[2]
    return unquote(name) if name.lower().endswith(_PICTURE_SUFFIXES) else made
