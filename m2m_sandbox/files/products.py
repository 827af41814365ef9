"""The files of products, by dataset and scene."""

from __future__ import annotations

import io
import tarfile
from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image

from m2m_sandbox.archive.small.frame import Frame, frame_of
from m2m_sandbox.files.content import BytesContent, Content, JoinedContent
from m2m_sandbox.files.landsat_metadata import angle_header, mtl_text, mtl_xml
from m2m_sandbox.pixels.bands import raster, rasters_of
from m2m_sandbox.pixels.elevation import elevation
from m2m_sandbox.pixels.film import camera_report, film, scanned
from m2m_sandbox.pixels.hyperspectral import hyperspectral
from m2m_sandbox.pixels.orthophoto import orthophoto, orthophoto_jp2
from m2m_sandbox.pixels.pictures import Kind, picture
from m2m_sandbox.pixels.small_rasters import zipped

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts
    from m2m_sandbox.archive.search import Archive

_TEXTS = {"MTL.txt": mtl_text, "MTL.xml": mtl_xml, "ANG.txt": angle_header}


def landsat_files(facts: SceneFacts) -> dict[str, str]:
    """Return the ending of each file of a product → the prefix of the file's entity id.

    The files of level 2 are split into two folder products, surface reflectance (L2SR) and temperature (L2ST).
    """
    rasters = rasters_of(facts.sensor, facts.level, facts.satellite)
    if not facts.level.startswith("L2"):
        prefix = facts.level[:2] if facts.level.startswith("L1") else facts.level
        return {**dict.fromkeys(_TEXTS, prefix), **{f"{name}.TIF": prefix for name in rasters}}
    files = {f"{name}.TIF": "L2ST" if name.startswith("ST_") else "L2SR" for name in rasters}
    return {**dict.fromkeys(_TEXTS, "L2ST" if facts.level == "L2SP" else "L2SR"), **files}


def landsat_file(facts: SceneFacts, ending: str) -> Content:
    """Return one file of a product. Raises KeyError for an ending that the product does not have."""
    if ending not in landsat_files(facts):
        raise KeyError(ending)
    if ending in _TEXTS:
        return BytesContent(_TEXTS[ending](facts).encode())
    return raster(facts, ending.removesuffix(".TIF"))


@lru_cache(maxsize=64)
def _padding(size: int) -> Content:
    return BytesContent(b"\0" * size)


def bundle(facts: SceneFacts) -> Content:
    """Return all files of a product as a tar archive.

    A tar archive is the files, each with a 512-byte header and padded to 512 bytes, so that any byte range of it can
    be computed without the rest.
    """
    parts: list[Content] = []
    for ending in landsat_files(facts):
        content = landsat_file(facts, ending)
        entry = tarfile.TarInfo(f"{facts.display_id}_{ending}")
        entry.size = content.size
        parts += [BytesContent(entry.tobuf(tarfile.USTAR_FORMAT)), content, _padding(-content.size % 512)]
    return JoinedContent([*parts, _padding(1024)])


# form → template of the file name, and the function that makes the file [REFERENCE §8]
_FORMS: dict[str, tuple[str, Callable[[Frame], Content]]] = {
    "film-tif": ("{}.tif", film),
    "photo-jp2": ("{}.jp2", orthophoto_jp2),
    "photo-tif": ("{}.tif", orthophoto),
    "photo-zip": ("{}.ZIP", lambda frame: zipped({f"{frame.name}.tif": orthophoto(frame)})),
    "elevation-tif": ("{}.tif", elevation),
    "hyperspectral-zip": ("{}.ZIP", hyperspectral),
    "report-txt": ("{}.txt", lambda frame: BytesContent(camera_report(frame).encode())),
}
_LOWER_CASE_FORM = "photo-jp2"
"""The form whose file names are in lower case [recorded/http-headers__dds_download_naip__1]."""


def whole_product(archive: Archive, number: int, form: str) -> tuple[str, Content]:
    """Return the file name and content of a product that is one file. Raises KeyError for an unknown form."""
    if form == "bundle":
        facts = _facts_of(archive, number)
        return f"{facts.display_id}.tar", bundle(facts)
    frame = frame_of(archive.scene(number, full=False))
    template, make = _FORMS[form]
    name = template.format(frame.name)
    return name.lower() if form == _LOWER_CASE_FORM else name, make(frame)


def _facts_of(archive: Archive, number: int) -> SceneFacts:
    """Return the facts of a Landsat scene. Archives of other datasets have none, and their products need none."""
    facts: SceneFacts = archive.facts(number)  # type: ignore[attr-defined]
    return facts


@lru_cache(maxsize=64)
def browse_picture(archive: Archive, number: int, max_pixels: int, kind: Kind = "refl") -> bytes:
    """Return a JPEG of a Landsat scene in natural color, thermal or quality, at most ``max_pixels`` wide and high."""
    return _jpeg(picture(_facts_of(archive, number), 2 * max_pixels, kind), max_pixels)


@lru_cache(maxsize=64)
def frame_picture(archive: Archive, number: int, max_pixels: int) -> bytes:
    """Return a JPEG of a scanned frame, at most ``max_pixels`` wide and high."""
    return _jpeg(scanned(frame_of(archive.scene(number, full=False))), max_pixels)


def _jpeg(pixels: NDArray[np.uint8], max_pixels: int) -> bytes:
    image, buffer = Image.fromarray(pixels), io.BytesIO()
    image.thumbnail((max_pixels, max_pixels), Image.Resampling.BOX)
    image.save(buffer, "JPEG", quality=87)
    return buffer.getvalue()
