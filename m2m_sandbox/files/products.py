"""The files of products, by dataset and scene."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image

from m2m_sandbox.archive.small.frame import Frame, frame_of
from m2m_sandbox.files.ard_tiles import TEXTS, THUMBNAILS, bundle_files, tile_files
from m2m_sandbox.files.content import BytesContent, LazyContent
from m2m_sandbox.files.landsat_metadata import angle_file, angle_header, mtl_text, mtl_xml
from m2m_sandbox.files.packing import gzipped, tarred
from m2m_sandbox.files.pdf import text_page
from m2m_sandbox.pixels.bands import raster, rasters_of
from m2m_sandbox.pixels.elevation import bil_zip, dted, dted_name, elevation, elevation_name, relief
from m2m_sandbox.pixels.film import camera_report, film, film_pieces, scanned
from m2m_sandbox.pixels.global_elevation import global_elevation, global_relief
from m2m_sandbox.pixels.hyperspectral import hyperspectral, strip_picture
from m2m_sandbox.pixels.orthophoto import natural_color, orthophoto, orthophoto_jp2
from m2m_sandbox.pixels.pictures import Kind, picture
from m2m_sandbox.pixels.small_rasters import zipped

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts
    from m2m_sandbox.archive.search import Archive
    from m2m_sandbox.files.content import Content

_TEXTS = {"MTL.txt": mtl_text, "MTL.xml": mtl_xml, "ANG.txt": angle_header}


def text_files(sensor: str) -> tuple[str, ...]:
    """Return the endings of the text files of a scene of a sensor."""
    return ("MTL.txt", "MTL.xml", *angle_file(sensor))


def landsat_files(facts: SceneFacts) -> dict[str, str]:
    """Return the ending of each file of a product → the prefix of the file's entity id.

    The files of level 2 are split into two folder products, surface reflectance (L2SR) and temperature (L2ST).
    """
    if facts.level == "ARD":
        return dict.fromkeys(tile_files(facts), "ARD")
    rasters = rasters_of(facts.sensor, facts.level, facts.satellite)
    if facts.level.startswith("L1"):
        return dict.fromkeys([*text_files(facts.sensor), *(f"{name}.TIF" for name in rasters)], "L1")
    files = {f"{name}.TIF": "L2ST" if name.startswith("ST_") else "L2SR" for name in rasters}
    return {**dict.fromkeys(_TEXTS, "L2ST" if facts.level == "L2SP" else "L2SR"), **files}


def landsat_file(facts: SceneFacts, ending: str) -> Content:
    """Return one file of a product. Raises KeyError for an ending that the product does not have."""
    if ending not in landsat_files(facts):
        raise KeyError(ending)
    texts = TEXTS if facts.level == "ARD" else _TEXTS
    if ending in texts:
        return BytesContent(texts[ending](facts).encode())
    if ending in THUMBNAILS:
        return _thumbnail(facts, *THUMBNAILS[ending])
    return raster(facts, ending.removesuffix(".TIF"))


def bundle(facts: SceneFacts, part: str = "") -> Content:
    """Return all files of a product as a tar archive, or the files of one bundle (``part``) of a tile."""
    endings = bundle_files(facts, part) if part else landsat_files(facts)
    return tarred({f"{facts.display_id}_{ending}": landsat_file(facts, ending) for ending in endings})


@dataclass(frozen=True, slots=True)
class _Form:
    """A kind of product that is one file: its name, its content, and the picture that represents its dataset."""

    name: Callable[[Frame], str]
    make: Callable[[Frame], Content]
    picture: Callable[[Frame], NDArray[np.uint8]] = scanned


_FORMS = {
    "film-tif": _Form(lambda frame: f"{frame.name}.tif", film),
    "film-gzip": _Form(lambda frame: f"{frame.name}.tif.gz", lambda frame: gzipped(f"{frame.name}.tif", film(frame))),
    "film-tgz": _Form(
        lambda frame: f"{frame.name}.tgz", lambda frame: gzipped(f"{frame.name}.tar", tarred(film_pieces(frame)))
    ),
    # File names are in lower case [recorded/http-headers__dds_download_naip__1].
    "photo-jp2": _Form(lambda frame: f"{frame.name.lower()}.jp2", orthophoto_jp2, natural_color),
    "photo-tif": _Form(lambda frame: f"{frame.name}.tif", orthophoto, natural_color),
    "photo-zip": _Form(
        lambda frame: f"{frame.name.lower()}.ZIP",
        lambda frame: zipped({f"{frame.name.lower()}.tif": orthophoto(frame)}),
        natural_color,
    ),
    "elevation-tif": _Form(lambda frame: f"{elevation_name(frame)}.tif", elevation, relief),
    "elevation-dted": _Form(dted_name, dted, relief),
    "elevation-bil-zip": _Form(lambda frame: f"{elevation_name(frame)}_bil.zip", bil_zip, relief),
    "elevation-global-zip": _Form(lambda frame: f"{frame.name}_300.zip", global_elevation, global_relief),
    "hyperspectral-zip": _Form(lambda frame: f"{frame.name}.ZIP", hyperspectral, strip_picture),
    "report-pdf": _Form(
        lambda frame: f"{frame.name}_calibration_report.pdf",
        lambda frame: BytesContent(text_page(camera_report(frame).splitlines())),
    ),
}
"""Kind of file → how it is made [REFERENCE §8, §15]."""

_BUNDLE = "bundle"
"""The form of a Landsat bundle; that of a tile's bundle continues with its contents, as in ``bundle-SR``."""


def whole_product(archive: Archive, number: int, form: str) -> tuple[str, Content]:
    """Return the file name and content of a product that is one file. Raises KeyError for an unknown form."""
    if form.startswith(_BUNDLE):
        facts, part = _facts_of(archive, number), form.removeprefix(_BUNDLE)
        return f"{facts.display_id}{part.replace('-', '_')}.tar", bundle(facts, part.removeprefix("-"))
    frame = frame_of(archive.scene(number, full=True))
    return _FORMS[form].name(frame), _FORMS[form].make(frame)


def _facts_of(archive: Archive, number: int) -> SceneFacts:
    """Return the facts of a Landsat scene. Archives of other datasets have none, and their products need none."""
    facts: SceneFacts = archive.facts(number)  # type: ignore[attr-defined]
    return facts


@lru_cache(maxsize=64)
def browse_picture(archive: Archive, number: int, max_pixels: int, kind: Kind = "refl") -> bytes:
    """Return a JPEG of a Landsat scene in natural color, thermal or quality, at most ``max_pixels`` wide and high."""
    return _jpeg(picture(_facts_of(archive, number), 2 * max_pixels, kind), max_pixels)


def _thumbnail(facts: SceneFacts, max_pixels: int, size: int) -> Content:
    """Return a JPEG of a tile, padded to a size that is known before it is drawn."""
    return LazyContent(size, lambda: _jpeg(picture(facts, 2 * max_pixels), max_pixels).ljust(size, b"\0"))


@lru_cache(maxsize=64)
def frame_picture(archive: Archive, number: int, max_pixels: int, form: str = "film-tif") -> bytes:
    """Return a JPEG of a scene of a small dataset, drawn as its product of this form is, at most ``max_pixels`` wide
    and high."""
    frame = frame_of(archive.scene(number, full=True))
    return _jpeg(_FORMS[form].picture(frame), max_pixels)


def _jpeg(pixels: NDArray[np.uint8], max_pixels: int) -> bytes:
    image, buffer = Image.fromarray(pixels), io.BytesIO()
    image.thumbnail((max_pixels, max_pixels), Image.Resampling.BOX)
    image.save(buffer, "JPEG", quality=87)
    return buffer.getvalue()
