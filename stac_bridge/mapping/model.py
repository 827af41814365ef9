"""The closed model of a mapping file: names only, never code.

A *row* says where a value comes from (an attribute of the scene, a labelled field of its metadata, or a
constant), which converter cleans it, and which M2M filter can be asked for it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "MEDIA_TYPES",
    "AssetRow",
    "Band",
    "Bit",
    "CollectionText",
    "FilterRow",
    "Grid",
    "ItemRows",
    "Mapping",
    "ProductRow",
    "Provider",
    "Raster",
    "Row",
]

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
SceneValue = Literal[
    "displayId",
    "entityId",
    "cloudCover",
    "spatialCoverage",
    "spatialBounds",
    "startDate",
    "endDate",
    "publishDate",
]
Slot = Literal["time", "place", "cloud", "months"]
Converter = Literal[
    "text",
    "number",
    "integer",
    "magnitude",
    "percent",
    "instant",
    "day-start",
    "day-end",
    "month",
    "digits-2",
    "digits-3",
    "part-2",
]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class FilterRow(_Closed):
    """The M2M filter that can be asked for a property: a slot of the scene filter, or a filter's label.

    ``bounds`` are the least and the greatest value that there can be, which a range open on one side is asked with.
    """

    cloud_cover: bool | None = None
    months: bool | None = None
    like: str | None = None
    equals: str | None = None
    between: str | None = None
    bounds: tuple[float, float] | None = None

    @model_validator(mode="before")
    @classmethod
    def _slot(cls, value: object) -> object:
        return {value: True} if value in ("cloud_cover", "months") else value

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set - {"bounds"}) != 1:
            raise ValueError("a filter is cloud_cover, months, or one of like, equals, between with the filter's label")
        return self

    @property
    def label(self) -> str | None:
        """The label under which dataset-filters lists it; None for the cloud slot."""
        return self.like or self.equals or self.between


class Row(_Closed):
    """Where one value comes from."""

    scene: SceneValue | None = None
    field: str | None = None
    value: Any = None
    convert: Converter = Field("text", alias="as")
    values: dict[str, Any] | None = None
    otherwise: Row | None = Field(None, alias="else")
    filter: FilterRow | None = None

    @model_validator(mode="before")
    @classmethod
    def _constant(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"value": value}

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if len({"scene", "field", "value"} & self.model_fields_set) != 1:
            raise ValueError("a row takes its value from exactly one of scene, field, value")
        return self

    @property
    def is_constant(self) -> bool:
        """Whether every scene has the same value."""
        return "value" in self.model_fields_set


class Band(_Closed):
    """What an asset's one band measures; wavelengths in micrometres."""

    name: str
    common_name: str | None = None
    description: str | None = None
    center_wavelength: float | None = None
    full_width_half_max: float | None = None


class Raster(_Closed):
    """How a band's numbers are to be read."""

    data_type: str
    nodata: float | int | None = None
    spatial_resolution: float | None = None
    scale: float | None = None
    offset: float | None = None
    unit: str | None = None


class Bit(_Closed):
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


class AssetRow(_Closed):
    """One asset: a file of the scene, or a picture that M2M lists under browse."""

    file: str | None = None
    browse: Literal["thumbnail", "browse"] | None = None
    title: str
    description: str | None = None
    type: MediaType
    roles: tuple[str, ...]
    gsd: float | None = None
    band: Band | None = None
    raster: Raster | None = None
    bits: tuple[Bit, ...] = ()
    only: dict[str, Any] = {}

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.browse is None):
            raise ValueError("an asset is exactly one of file, browse")
        return self


class ProductRow(_Closed):
    """What is known of a product by its code: the ending and type of its file."""

    suffix: str = ""
    type: MediaType = "binary"
    roles: tuple[str, ...] = ("data",)


class Provider(_Closed):
    """A provider as STAC has it."""

    name: str
    roles: tuple[Literal["licensor", "producer", "processor", "host"], ...]
    url: str | None = None
    description: str | None = None


class CollectionText(_Closed):
    """What a Collection says beyond what M2M tells of its dataset."""

    title: str | None = None
    description: str | None = None
    license: str = "other"
    license_url: str | None = None
    keywords: tuple[str, ...] = ()
    providers: tuple[Provider, ...] = ()
    doi: str | None = None
    summaries: dict[str, Any] = {}


class ItemRows(_Closed):
    """The rows every Item needs. ``datetime: middle`` takes the middle of start and end."""

    id: Row
    geometry: Row
    start_datetime: Row
    end_datetime: Row
    datetime: Literal["middle"] | None = None
    patterns: tuple[str, ...] = ()
    """Forms that ids have, with ``*`` and ``?``; none: any."""


class Grid(_Closed):
    """Which fields hold the product's CRS and the centres of its corner pixels (decimal degrees, WGS 84)."""

    projection: str
    zone: str
    resolution: float
    corners: Annotated[tuple[tuple[str, str], ...], Field(min_length=4, max_length=4)]
    """(latitude, longitude) labels of the upper left, upper right, lower right and lower left corner."""


class Mapping(_Closed):
    """A mapping file: what one dataset (or, for the generic one, any) means in STAC."""

    dataset: str | None
    collection: CollectionText = CollectionText()
    item: ItemRows
    slots: tuple[Slot, ...] = ("time", "place", "cloud", "months")
    """Which parts of a scene filter the dataset can be asked by; by any other it would lose its scenes."""
    properties: dict[str, Row] = {}
    grid: Grid | None = None
    assets: dict[str, AssetRow] = {}
    products: dict[str, ProductRow] | None = None
    """Product codes whose files' endings are known; None: the dataset's products make no assets."""

    @property
    def is_generic(self) -> bool:
        """Whether this mapping serves every dataset that has none of its own."""
        return self.dataset is None

    @model_validator(mode="after")
    def _known_conditions(self) -> Self:
        for key, asset in self.assets.items():
            for name in asset.only:
                if name not in self.properties:
                    raise ValueError(f"assets.{key}.only names {name}, which is no row of properties")
        return self
