"""What a mapping file may say of assets: the files, pictures and products of a scene."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from stac_bridge.mapping.rows import Closed

__all__ = ["MEDIA_TYPES", "AssetRow", "Band", "Bit", "ProductRow", "Raster"]

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
"""The short names that an asset's ``type`` may take."""

MediaType = Literal["cog", "geotiff", "jpeg", "jp2", "json", "text", "xml", "tar", "zip", "binary"]


class Band(Closed):
    """What an asset's one band measures; wavelengths in micrometres."""

    name: str
    common_name: str | None = None
    description: str | None = None
    center_wavelength: float | None = None
    full_width_half_max: float | None = None


class Raster(Closed):
    """How a band's numbers are to be read."""

    data_type: str
    nodata: float | int | None = None
    spatial_resolution: float | None = None
    scale: float | None = None
    offset: float | None = None
    unit: str | None = None


class Bit(Closed):
    """A bit field of a quality band: the name and text of each value it takes, from 0 up."""

    name: str
    description: str
    offset: int
    length: int = 1
    classes: tuple[tuple[str, str], ...]

    @model_validator(mode="after")
    def _all_values(self) -> Self:
        if len(self.classes) != 2**self.length:
            raise ValueError(f"{self.length} bit(s) take {2**self.length} values, {len(self.classes)} are described")
        return self


class AssetRow(Closed):
    """One asset: a file of the scene, or a picture that M2M lists under browse.

    ``only`` names the values (one, or any of a list) of properties that scenes with this asset have; rows of
    one ``key``, which is the row's name unless said, divide the scenes among them.
    """

    key: str | None = None
    file: str | None = None
    browse: Literal["thumbnail", "browse"] | None = None
    title: str
    description: str | None = None
    type: MediaType
    roles: tuple[str, ...]
    gsd: float | None = None
    pixel: float | None = None
    """The size of this file's pixels where it is not the grid's, in the grid's unit; corner centres are the same."""
    band: Band | None = None
    raster: Raster | None = None
    bits: tuple[Bit, ...] = ()
    only: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.browse is None):
            raise ValueError("an asset takes its bytes from exactly one of file, browse")
        return self


class ProductRow(Closed):
    """What is known of a product by its code: the ending and type of its file."""

    suffix: str = ""
    type: MediaType = "binary"
    roles: tuple[str, ...] = ("data",)
