"""The files that products consist of, by dataset and scene."""

from __future__ import annotations

import io
import tarfile
from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image

from m2m_sandbox.archive.small.frame import Frame, frame_of
from m2m_sandbox.files.content import Content, Held, Joined
from m2m_sandbox.files.landsat_metadata import angles, mtl_text, mtl_xml
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

__all__ = ["browse_picture", "bundle", "frame_picture", "landsat_file", "landsat_files", "whole_product"]

_TEXTS = {"MTL.txt": mtl_text, "MTL.xml": mtl_xml, "ANG.txt": angles}


def landsat_files(facts: SceneFacts) -> dict[str, str]:
    """The endings of a product's files → the prefix of their entity ids: which of its two halves they hang on."""
    rasters = rasters_of(facts.sensor, facts.level, facts.satellite)
    if not facts.level.startswith("L2"):
        half = facts.level[:2] if facts.level.startswith("L1") else facts.level
        return {**dict.fromkeys(_TEXTS, half), **{f"{name}.TIF": half for name in rasters}}
    found = {f"{name}.TIF": "L2ST" if name.startswith("ST_") else "L2SR" for name in rasters}
    return {**dict.fromkeys(_TEXTS, "L2ST" if facts.level == "L2SP" else "L2SR"), **found}


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


# form → how its file is named and made [REFERENCE §8]
_FORMS: dict[str, tuple[str, Callable[[Frame], Content]]] = {
    "film-tif": ("{}.tif", film),
    "photo-jp2": ("{}.jp2", orthophoto_jp2),
    "photo-tif": ("{}.tif", orthophoto),
    "photo-zip": ("{}.ZIP", lambda frame: zipped({f"{frame.name}.tif": orthophoto(frame)})),
    "elevation-tif": ("{}.tif", elevation),
    "hyperspectral-zip": ("{}.ZIP", hyperspectral),
    "report-txt": ("{}.txt", lambda frame: Held(camera_report(frame).encode())),
}
_LOWER = "photo-jp2"
"""Its files' names are in small letters [recorded/http-headers__dds_download_naip__1]."""


def whole_product(archive: Archive, number: int, form: str) -> tuple[str, Content]:
    """Name and content of a product that is one file. Raises KeyError for an unknown form."""
    if form == "bundle":
        facts = _facts_of(archive, number)
        return f"{facts.display_id}.tar", bundle(facts)
    frame = frame_of(archive.scene(number, full=False))
    named, make = _FORMS[form]
    name = named.format(frame.name)
    return name.lower() if form == _LOWER else name, make(frame)


def _facts_of(archive: Archive, number: int) -> SceneFacts:
    """Of an archive of Landsat scenes; the others have none."""
    facts: SceneFacts = archive.facts(number)  # type: ignore[attr-defined]
    return facts


@lru_cache(maxsize=64)
def browse_picture(archive: Archive, number: int, most: int, kind: Kind = "refl") -> bytes:
    """A JPEG of a Landsat scene, of at most ``most`` pixels across or down: natural colour, thermal, or quality."""
    return _jpeg(picture(_facts_of(archive, number), 2 * most, kind), most)


@lru_cache(maxsize=64)
def frame_picture(archive: Archive, number: int, most: int) -> bytes:
    """A JPEG of a scanned frame."""
    return _jpeg(scanned(frame_of(archive.scene(number, full=False))), most)


def _jpeg(pixels: NDArray[np.uint8], most: int) -> bytes:
    shown, written = Image.fromarray(pixels), io.BytesIO()
    shown.thumbnail((most, most), Image.Resampling.BOX)
    shown.save(written, "JPEG", quality=87)
    return written.getvalue()
