"""The asset rows of a mapping file: a scene's files, browse images and products."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from stac_bridge.mapping.id_parts import part_names, parts_reader
from stac_bridge.mapping.rows import MappingTable

MEDIA_TYPES = {
    "cog": "image/tiff; application=geotiff; profile=cloud-optimized",
    "geotiff": "image/tiff; application=geotiff",
    "tiff": "image/tiff",
    "jpeg": "image/jpeg",
    "jp2": "image/jp2",
    "dted": "application/x-dted",
    "json": "application/json",
    "text": "text/plain",
    "xml": "application/xml",
    "pdf": "application/pdf",
    "tar": "application/x-tar",
    "zip": "application/zip",
    "gzip": "application/gzip",
}
"""The short names that an asset's ``type`` can have. A ``tiff`` has no coordinates: a scan of film."""

MediaType = Literal["cog", "geotiff", "tiff", "jpeg", "jp2", "dted", "json", "text", "xml", "pdf", "tar", "zip", "gzip"]
"""The keys of MEDIA_TYPES, as a type that pydantic can check."""


class Band(MappingTable):
    """What the single band of an asset measures; wavelengths in micrometers."""

    name: str
    common_name: str | None = None
    description: str | None = None
    center_wavelength: float | None = None
    full_width_half_max: float | None = None


class Raster(MappingTable):
    """How to read a band's pixel values."""

    data_type: str
    nodata: float | int | None = None
    spatial_resolution: float | None = None
    scale: float | None = None
    offset: float | None = None
    unit: str | None = None


class Bit(MappingTable):
    """A bit field of a quality band: (name, description) of each of its values, from 0 up."""

    name: str
    description: str
    offset: int
    length: int = 1
    classes: tuple[tuple[str, str], ...]

    @model_validator(mode="after")
    def _require_all_values(self) -> Self:
        if len(self.classes) != 2**self.length:
            raise ValueError(
                f"{self.length} bit(s) have {2**self.length} values, but classes describes {len(self.classes)}"
            )
        return self


class AssetRow(MappingTable):
    """One asset: a file of the scene, or a browse image that M2M links to.

    ``only`` limits the asset to scenes whose properties have these values (one, or any of a list). Several rows can
    share one ``key`` (default: the row's name), if ``only`` assigns each scene to one of them.
    """

    key: str | None = None
    file: str | None = None
    """The end of the file name, after the scene's display id and an underscore."""
    browse: Literal["thumbnail", "browse"] | None = None
    suffix: str = ""
    """The end of a browse image's name, after the display id, if the image's address does not end in one."""
    title: str
    description: str | None = None
    type: MediaType
    roles: tuple[str, ...]
    gsd: float | None = None
    pixel: float | None = None
    """The pixel size of this file in the grid's unit, if it differs from the grid's.

    The centers of the corner pixels are those of the grid."""
    band: Band | None = None
    raster: Raster | None = None
    bits: tuple[Bit, ...] = ()
    only: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _require_one_source(self) -> Self:
        if (self.file is None) == (self.browse is None):
            raise ValueError("an asset has exactly one of file, browse")
        return self


class ProductRow(MappingTable):
    """A file that a product consists of or contains: its name, media type and bands.

    A row applies to the products with its ``code`` (default: the row's name) or, with ``named``, to those whose name
    has this pattern (``*`` and ``?``, in any case), because M2M's codes are not all known. Several rows can apply to a
    product: the assets are those of the rows with its code, else of the rows with the longest pattern; of rows with
    the same ``key`` (default: made from code and name) the first whose ``only``, ``unless`` and ``ids`` it meets.
    """

    code: str | None = None
    named: str | None = None
    key: str | None = None
    title: str | None = None
    description: str | None = None
    suffix: str = ""
    """The end of the file name, after the stem (see FileStem). With ``.tif``, the asset of a product that is a gzip is
    the file inside."""
    type: MediaType | None = None
    roles: tuple[str, ...] = ("data",)
    bands: tuple[Band, ...] = ()
    raster: Raster | None = None
    only: dict[str, Any] = Field(default_factory=dict)
    unless: dict[str, Any] = Field(default_factory=dict)
    """As ``only``, of scenes that lack the asset."""
    ids: str = "*"
    """The pattern of the display ids of scenes that have this asset."""

    @model_validator(mode="after")
    def _require_one_condition(self) -> Self:
        if self.code and self.named:
            raise ValueError("a product has at most one of code, named")
        return self


class Render(MappingTable):
    """How to show assets as a picture, as the render extension defines it."""

    title: str
    assets: tuple[str, ...]
    rescale: tuple[tuple[float, float], ...] = ()
    bidx: tuple[int, ...] = ()
    """The bands to show of an asset that has several, from 1 up."""
    colormap_name: str | None = None
    nodata: float | None = None


class FileStem(MappingTable):
    """How the names of product files begin, if not with the display id: ``stem`` in lower case.

    ``{…}`` in it is the ``id``, or a part of it by the template ``id_parts`` (see ``id_parts.parts_reader``). A scene
    whose id has another form keeps its display id.
    """

    stem: str = "{id}"
    id_parts: str = "*"

    @model_validator(mode="after")
    def _require_known_parts(self) -> Self:
        parts_reader(self.id_parts)
        unknown = part_names(self.stem) - part_names(self.id_parts) - {"id"}
        if unknown:
            raise ValueError(f"stem has {min(unknown)!r}, which is no part of id_parts")
        return self
