"""The names of a scene's files and pictures, with which their hrefs end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from urllib.parse import unquote

from stac_bridge.m2m.models.scenes import Scene
from stac_bridge.mapping.assets import FileStem
from stac_bridge.mapping.id_parts import parts_reader
from stac_bridge.translate.assets.templates import AssetTemplate, Kind

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


@dataclass(frozen=True, slots=True)
class SceneFile:
    """A file that a scene has, under a name that none of its other files has; ``url`` is where a picture is."""

    template: AssetTemplate
    name: str
    url: str | None = None


def scene_files(templates: Sequence[AssetTemplate], scene: Scene, stem: str) -> Iterator[SceneFile]:
    """Yield the files of a scene that M2M has, for templates with different keys. ``stem`` begins names of products.

    Programs save all files of an Item in one folder, where a second file of the same name replaces the first. So a
    picture or product whose name is taken gets its key as part of it. Names are compared without case, because some
    file systems do so. A file below a folder keeps its name in any case, because it is resolved by it.
    """
    names = [f"{scene.display_id}{template.suffix}" for template in templates if template.kind is Kind.FILE]
    taken = {name.casefold() for name in names}
    for template in templates:
        if template.kind is Kind.PICTURE:
            url = _browse_url(scene, template.browse)
            if url is not None:
                yield SceneFile(template, _free_name(_picture_names(template, scene, url), taken), url)
        elif scene.downloadable:
            if template.kind is Kind.FILE:
                yield SceneFile(template, f"{scene.display_id}{template.suffix}")
            else:
                yield SceneFile(template, _free_name(_product_names(template, stem), taken))


def _free_name(names: Iterator[str], taken: set[str]) -> str:
    """Return the first of the names that is not taken, and take it."""
    name = next(name for name in names if name.casefold() not in taken)
    taken.add(name.casefold())
    return name


def _picture_names(template: AssetTemplate, scene: Scene, url: str) -> Iterator[str]:
    """Yield the possible names of a picture, best first.

    M2M's own addresses end in the same name (``gen-browse``) or in a name that a scene's two pictures share, and their
    hosts allow no other site's page to read them [REFERENCE §15].
    """
    made = f"{scene.display_id}{template.suffix or f'_{template.browse}.jpg'}"
    others = (f"{scene.display_id}_{template.key}{number}.jpg" for number in chain([""], count(2)))
    return chain([picture_name(url, made), made], others)


def _product_names(template: AssetTemplate, stem: str) -> Iterator[str]:
    """Yield the possible names of a product, best first."""
    others = (f"{stem}_{template.key}{number}{template.suffix}" for number in chain([""], count(2)))
    return chain([f"{stem}{template.suffix}"], others)


def _browse_url(scene: Scene, which: str) -> str | None:
    """Return the first thumbnail or browse image of a scene, which can have several or none."""
    for picture in scene.browse:
        path = picture.thumbnail_path if which == "thumbnail" else picture.browse_path
        if path:
            return path
    return None
