"""The files that products consist of, by dataset and scene."""

from __future__ import annotations

import io
import tarfile
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from stac_bridge.sandbox.ard import Tiles
from stac_bridge.sandbox.bands import natural_colour, raster, rasters_of
from stac_bridge.sandbox.content import Content, Held, Joined
from stac_bridge.sandbox.few import Few
from stac_bridge.sandbox.hashing import mixed, share
from stac_bridge.sandbox.landsat import Landsat
from stac_bridge.sandbox.metadata_files import angles, mtl_text, mtl_xml

if TYPE_CHECKING:
    from stac_bridge.sandbox.archive import Archive
    from stac_bridge.sandbox.landsat import SceneFacts

__all__ = ["browse_picture", "bundle", "landsat_file", "landsat_files", "whole_product"]

_TEXTS = {"MTL.txt": mtl_text, "MTL.xml": mtl_xml, "ANG.txt": angles}


def landsat_files(facts: SceneFacts) -> dict[str, str]:
    """The endings of a product's files → the prefix of their entity ids: which of its two halves they hang on."""
    temperature = facts.level == "L2SP"
    rasters = rasters_of(facts.sensor, facts.level)
    found = {f"{name}.TIF": "L2ST" if name.startswith("ST") else "L2SR" for name in rasters}
    texts = dict.fromkeys(_TEXTS, "L2ST" if temperature else "L2SR")
    return {**texts, **found}


def landsat_file(facts: SceneFacts, ending: str) -> Content:
    """One of them. Raises KeyError for an ending that the product does not have."""
    if ending not in landsat_files(facts):
        raise KeyError(ending)
    if ending in _TEXTS:
        return Held(_TEXTS[ending](facts).encode())
    return raster(facts, ending.removesuffix(".TIF"))


@lru_cache(maxsize=64)
def _padding(size: int) -> Content:
    return Held(b"\0" * size)


def bundle(facts: SceneFacts) -> Content:
    """All of them as a tar archive, which is the files with a block before each."""
    parts: list[Content] = []
    for ending in landsat_files(facts):
        content = landsat_file(facts, ending)
        entry = tarfile.TarInfo(f"{facts.display_id}_{ending}")
        entry.size = content.size
        parts += [Held(entry.tobuf(tarfile.USTAR_FORMAT)), content, _padding(-content.size % 512)]
    return Joined([*parts, _padding(1024)])


def whole_product(archive: Archive, number: int, form: str) -> tuple[str, Content]:
    """Name and content of a product that is one file."""
    if isinstance(archive, Landsat | Tiles):
        facts = archive.facts(number)
        return f"{facts.display_id}.tar", bundle(facts)
    assert isinstance(archive, Few)  # noqa: S101 -- there are two kinds
    name = str(archive.scene(number, full=False)["displayId"])
    if form == "photo-jp2":
        return f"{name.lower()}.jp2", _photograph(name, "JPEG2000")
    if form == "photo-zip":
        return f"{name}.ZIP", _photograph(name, "ZIP")
    return f"{name}.tif", _photograph(name, "TIFF")


@lru_cache(maxsize=4)
def _photograph(name: str, form: str) -> Content:
    """A grey picture of its own for every name."""
    seed = int.from_bytes(name.encode()[-7:], "big")
    coarse = share(mixed(*np.meshgrid(np.arange(65), np.arange(65)), np.int64(seed)))
    picture = Image.fromarray((255 * coarse).astype(np.uint8)).resize((1024, 1024), Image.Resampling.BICUBIC)
    written = io.BytesIO()
    picture.save(written, "TIFF" if form == "ZIP" else form)
    if form != "ZIP":
        return Held(written.getvalue())
    return _zipped(f"{name}.TIF", written.getvalue())


def _zipped(name: str, data: bytes) -> Content:
    import zipfile

    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), data)
    return Held(written.getvalue())


@lru_cache(maxsize=128)
def _jpeg(archive: Any, number: int, most: int) -> bytes:
    written = io.BytesIO()
    Image.fromarray(natural_colour(archive.facts(number), most)).save(written, "JPEG", quality=85)
    return written.getvalue()


def browse_picture(archive: Archive, number: int, most: int) -> bytes:
    """A JPEG of a Landsat scene, of at most ``most`` pixels across or down."""
    return _jpeg(archive, number, most)
