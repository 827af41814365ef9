"""The asset rows of a mapping file: a scene's files, browse images and products."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from stac_bridge.mapping.rows import MappingTable

MEDIA_TYPES = {
    "cog": "image/tiff; application=geotiff; profile=cloud-optimized",
    "geotiff": "image/tiff; application=geotiff",
    "jpeg": "image/jpeg",
    "jp2": "image/jp2",
    "json": "application/json",
    "text": "text/plain",
    "xml": "application/xml",
    "tar": "application/x-tar",
    "zip": "application/zip",
    "binary": "application/octet-stream",
}
"""The short names that an asset's ``type`` can have."""

MediaType = Literal["cog", "geotiff", "jpeg", "jp2", "json", "text", "xml", "tar", "zip", "binary"]
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
    """What a product code implies: the suffix and media type of the product's file."""

    suffix: str = ""
    type: MediaType = "binary"
    roles: tuple[str, ...] = ("data",)
