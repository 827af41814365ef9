"""What is sent with a scene-search, as closed values.

M2M silently ignores a key it does not know, or that stands in the wrong place, and then searches the whole
archive [REFERENCE §2]. So a payload can only be made from these models, which refuse any other key.
``&`` narrows a filter, ``|`` takes the narrowest one that loses nothing of either.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

import orjson
import shapely
import shapely.geometry
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = [
    "And",
    "Between",
    "CloudRange",
    "DatasetSearch",
    "DayRange",
    "GeoJson",
    "Mbr",
    "MetadataFilter",
    "Or",
    "SceneFilter",
    "SceneSearch",
    "Value",
    "shape_of",
]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def payload(self) -> dict[str, Any]:
        """As JSON for M2M."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class DayRange(_Closed):
    """Whole UTC days, both ends included. A range that ends before it starts holds no day."""

    start: date
    end: date

    @property
    def is_empty(self) -> bool:
        """Whether it holds no day."""
        return self.end < self.start

    def __and__(self, other: Self) -> DayRange:
        return DayRange(start=max(self.start, other.start), end=min(self.end, other.end))

    def __or__(self, other: Self) -> DayRange:
        return DayRange(start=min(self.start, other.start), end=max(self.end, other.end))


class CloudRange(_Closed):
    """Whole percents of cloud cover, both ends included."""

    min: Annotated[int, Field(ge=0, le=100)] = 0
    max: Annotated[int, Field(ge=0, le=100)] = 100
    include_unknown: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether no scene can match."""
        return self.max < self.min and not self.include_unknown

    def __and__(self, other: Self) -> CloudRange:
        return CloudRange(
            min=max(self.min, other.min),
            max=min(self.max, other.max),
            include_unknown=self.include_unknown and other.include_unknown,
        )

    def __or__(self, other: Self) -> CloudRange:
        return CloudRange(
            min=min(self.min, other.min),
            max=max(self.max, other.max),
            include_unknown=self.include_unknown or other.include_unknown,
        )


class _Corner(_Closed):
    latitude: float
    longitude: float


class Mbr(_Closed):
    """A box in degrees."""

    filter_type: Literal["mbr"] = "mbr"
    lower_left: _Corner
    upper_right: _Corner

    @classmethod
    def of(cls, west: float, south: float, east: float, north: float) -> Self:
        """The box between these bounds."""
        return cls(
            lower_left=_Corner(latitude=south, longitude=west),
            upper_right=_Corner(latitude=north, longitude=east),
        )


class GeoJson(_Closed):
    """A GeoJSON geometry with plain longitude, latitude arrays; the inner key is exactly ``geoJson``."""

    filter_type: Literal["geojson"] = "geojson"
    geometry: dict[str, Any] = Field(alias="geoJson")


Place = Mbr | GeoJson


class Value(_Closed):
    """One filter's value: for a Select the key of its valueList, never the label."""

    filter_type: Literal["value"] = "value"
    filter_id: str
    value: str
    operand: Literal["=", "like"] = "="


class Between(_Closed):
    """A Range filter's bounds, both included."""

    filter_type: Literal["between"] = "between"
    filter_id: str
    first_value: str | int | float
    second_value: str | int | float


class And(_Closed):
    """All of several metadata filters."""

    filter_type: Literal["and"] = "and"
    children: tuple[MetadataFilter, ...] = Field(alias="childFilters")


class Or(_Closed):
    """Any of several metadata filters."""

    filter_type: Literal["or"] = "or"
    children: tuple[MetadataFilter, ...] = Field(alias="childFilters")


MetadataFilter = Annotated[Value | Between | And | Or, Field(discriminator="filter_type")]

Months = tuple[int, ...]
Range = TypeVar("Range", DayRange, CloudRange)

_NO_DAY = DayRange(start=date.max, end=date.min)


class SceneFilter(_Closed):
    """Everything scene-search can be told about scenes; one slot each for time, cloud and place. None: anything."""

    acquisition: DayRange | None = Field(None, alias="acquisitionFilter")
    ingest: DayRange | None = Field(None, alias="ingestFilter")
    cloud: CloudRange | None = Field(None, alias="cloudCoverFilter")
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] | None = Field(None, alias="seasonalFilter")
    spatial: Annotated[Mbr | GeoJson, Field(discriminator="filter_type")] | None = Field(None, alias="spatialFilter")
    metadata: MetadataFilter | None = Field(None, alias="metadataFilter")

    @classmethod
    def nothing(cls) -> Self:
        """The filter that no scene passes; it is never sent."""
        return cls(acquisition=_NO_DAY)

    @property
    def is_empty(self) -> bool:
        """Whether no scene can pass, so that nobody need be asked."""
        ranges = (self.acquisition, self.ingest, self.cloud)
        return any(found is not None and found.is_empty for found in ranges) or self.months == ()

    @property
    def is_open(self) -> bool:
        """Whether every scene passes, so that M2M is sent no filter and its totalHits is a cached count."""
        return self == SceneFilter()

    def __and__(self, other: Self) -> SceneFilter:
        """Both, as far as the slots go: of two places the smaller stays, and the other is not asked for."""
        return SceneFilter(
            acquisition=_both(self.acquisition, other.acquisition),
            ingest=_both(self.ingest, other.ingest),
            cloud=_both(self.cloud, other.cloud),
            months=_both_months(self.months, other.months),
            spatial=_smaller(self.spatial, other.spatial),
            metadata=_both_trees(self.metadata, other.metadata),
        )

    def __or__(self, other: Self) -> SceneFilter:
        """Either, and between them what no slot can leave out."""
        return SceneFilter(
            acquisition=_either(self.acquisition, other.acquisition),
            ingest=_either(self.ingest, other.ingest),
            cloud=_either(self.cloud, other.cloud),
            months=_either_months(self.months, other.months),
            spatial=_either_place(self.spatial, other.spatial),
            metadata=_either_tree(self.metadata, other.metadata),
        )


class DatasetSearch(_Closed):
    """One dataset-search: which datasets of a catalog group have something at a place, on some days."""

    catalog: str
    spatial: Mbr | None = Field(None, alias="spatialFilter")
    temporal: DayRange | None = Field(None, alias="temporalFilter")


class SceneSearch(_Closed):
    """One scene-search: which scenes, how many from which on (the first is 1), with how much metadata."""

    dataset: str = Field(alias="datasetName")
    max_results: Annotated[int, Field(ge=1, le=50_000)] = 100
    starting_number: Annotated[int, Field(ge=1)] = 1
    metadata_type: Literal["full", "summary"] | None = "full"
    filter: SceneFilter | None = Field(None, alias="sceneFilter")

    def payload(self) -> dict[str, Any]:
        """As JSON for M2M; without a sceneFilter where every scene passes."""
        said = super().payload()
        if not said.get("sceneFilter"):
            said.pop("sceneFilter", None)
        return said

    def digest(self) -> str:
        """Equal for equal searches."""
        return hashlib.sha256(orjson.dumps(self.payload(), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _both(one: Range | None, other: Range | None) -> Range | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _either(one: Range | None, other: Range | None) -> Range | None:
    return None if one is None or other is None else one | other


def _both_months(one: Months | None, other: Months | None) -> Months | None:
    if one is None or other is None:
        return other if one is None else one
    return tuple(month for month in one if month in other)


def _either_months(one: Months | None, other: Months | None) -> Months | None:
    return None if one is None or other is None else tuple(sorted({*one, *other}))


def _smaller(one: Place | None, other: Place | None) -> Place | None:
    if one is None or other is None:
        return other if one is None else one
    return other if shape_of(other).envelope.area < shape_of(one).envelope.area else one


def _either_place(one: Place | None, other: Place | None) -> Place | None:
    """What meets one of two places meets their union, and the other way round."""
    if one is None or other is None or one == other:
        return None if one is None or other is None else one
    union = shapely.union(shape_of(one), shape_of(other))
    if union.geom_type not in ("Polygon", "MultiPolygon"):
        union = union.envelope
    return GeoJson(geometry=orjson.loads(shapely.to_geojson(union)))


def shape_of(place: Place) -> BaseGeometry:
    """A place as a geometry."""
    if isinstance(place, GeoJson):
        return shapely.geometry.shape(place.geometry)
    low, high = place.lower_left, place.upper_right
    return shapely.box(low.longitude, low.latitude, high.longitude, high.latitude)


def _both_trees(one: MetadataFilter | None, other: MetadataFilter | None) -> MetadataFilter | None:
    if one is None or other is None:
        return other if one is None else one
    return one if one == other else And(children=(*_children(one, And), *_children(other, And)))


def _either_tree(one: MetadataFilter | None, other: MetadataFilter | None) -> MetadataFilter | None:
    if one is None or other is None:
        return None
    return one if one == other else Or(children=(*_children(one, Or), *_children(other, Or)))


def _children(tree: MetadataFilter, kind: type[And | Or]) -> tuple[MetadataFilter, ...]:
    """What stands under a tree of the kind; itself where it is of another."""
    return tree.children if isinstance(tree, kind) else (tree,)
