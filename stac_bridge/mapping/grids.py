"""The grid rows of a mapping file: where an Item's CRS and pixels are known from."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from stac_bridge.mapping.id_parts import part_names, parts_reader
from stac_bridge.mapping.rows import MappingTable


class Grid(MappingTable):
    """The labels of the fields with the product's CRS and the centers of its corner pixels (degrees, WGS 84).

    Without ``resolution`` and ``corners``, Items have the CRS only.
    """

    projection: str
    zone: str
    datum: str | None = None
    resolution: float | None = None
    corners: Annotated[tuple[tuple[str, str], ...], Field(max_length=4)] = ()
    """(latitude, longitude) labels of the upper left, upper right, lower right and lower left corner."""

    @model_validator(mode="after")
    def _require_four_corners_or_none(self) -> Self:
        if len(self.corners) != (0 if self.resolution is None else 4):
            raise ValueError("a grid has a resolution and four corners, or neither")
        return self


class Albers(MappingTable):
    """An Albers equal area projection of WGS 84, in meters. EPSG has none of these."""

    name: str
    parallels: tuple[float, float]
    latitude: float
    longitude: float
    """Of the false origin, in degrees."""


class TileRegion(MappingTable):
    """A grid of tiles: the outer corner of the first one (meters), and the number of columns and rows."""

    west: float
    north: float
    across: int
    down: int
    albers: Albers


class TileGrid(MappingTable):
    """Square tiles in numbered columns and rows, both from 0, whose numbers are parts of the display id.

    ``id_parts`` has the parts ``region``, ``column`` and ``row``; ``code`` is the template of ``grid:code``.
    """

    id_parts: str
    code: str
    pixels: int
    resolution: float
    regions: dict[str, TileRegion]

    @model_validator(mode="after")
    def _require_parts(self) -> Self:
        _check_parts(self.id_parts, "region", "column", "row")
        return self


class Spacing(MappingTable):
    """The distance of pixel centers in arc seconds, in tiles that reach at most to the latitude ``to``."""

    to: int
    columns: float
    rows: float


class DegreeTiles(MappingTable):
    """Tiles of one degree, named by their southwestern corner (N33, W099), whose outer pixels lie on the degree lines.

    ``id_parts`` has the parts ``arc``, ``latitude`` and ``longitude``; ``spacings`` are those of each ``arc``, from
    the equator to the poles. Beyond the last one the grid is not known.
    """

    id_parts: str
    spacings: dict[str, tuple[Spacing, ...]]

    @model_validator(mode="after")
    def _require_parts(self) -> Self:
        _check_parts(self.id_parts, "arc", "latitude", "longitude")
        return self


def _check_parts(template: str, *names: str) -> None:
    """Raises ValueError if this is no template, or one without these parts."""
    parts_reader(template)
    for name in names:
        if name not in part_names(template):
            raise ValueError(f"id_parts has no part {name!r}")
