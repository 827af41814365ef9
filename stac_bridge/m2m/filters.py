"""The payloads of scene-search and dataset-search, as models that reject unknown keys.

M2M silently ignores a key that is unknown or in the wrong place, and then searches the whole archive
[REFERENCE §2]. So payloads are only made from these models.
``a & b`` is the filter that narrows by both, ``a | b`` the narrowest filter that loses no scene of either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from functools import reduce
from typing import Annotated, Any, Literal, Self, TypeVar

import orjson
import shapely
import shapely.geometry
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from shapely.geometry.base import BaseGeometry


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def payload(self) -> dict[str, Any]:
        """Return the JSON object to send."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class DayRange(_Payload):
    """Whole UTC days, both ends included. A range that ends before it starts is empty."""

    start: date
    end: date

    @property
    def is_empty(self) -> bool:
        """Whether no day is in it."""
        return self.end < self.start

    def __and__(self, other: Self) -> DayRange:
        return DayRange(start=max(self.start, other.start), end=min(self.end, other.end))

    def __or__(self, other: Self) -> DayRange:
        return DayRange(start=min(self.start, other.start), end=max(self.end, other.end))


class CloudRange(_Payload):
    """Cloud cover in whole percent, both ends included."""

    min: Annotated[int, Field(ge=0, le=100)] = 0
    max: Annotated[int, Field(ge=0, le=100)] = 100
    include_unknown: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether no scene can match it."""
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


class _Corner(_Payload):
    latitude: float
    longitude: float


class Mbr(_Payload):
    """A box in degrees."""

    filter_type: Literal["mbr"] = "mbr"
    lower_left: _Corner
    upper_right: _Corner

    @classmethod
    def of(cls, west: float, south: float, east: float, north: float) -> Self:
        """Return the box between these bounds, in degrees."""
        return cls(
            lower_left=_Corner(latitude=south, longitude=west),
            upper_right=_Corner(latitude=north, longitude=east),
        )


class GeoJson(_Payload):
    """A GeoJSON geometry with arrays of longitude, latitude; the inner key is spelled exactly ``geoJson``."""

    filter_type: Literal["geojson"] = "geojson"
    geometry: dict[str, Any] = Field(alias="geoJson")


SpatialFilter = Mbr | GeoJson


class Value(_Payload):
    """A value for a dataset filter: for a Select the key of its valueList, never the label."""

    filter_type: Literal["value"] = "value"
    filter_id: str
    value: str
    operand: Literal["=", "like"] = "="


class Between(_Payload):
    """Bounds for a dataset filter of kind Range, both included."""

    filter_type: Literal["between"] = "between"
    filter_id: str
    first_value: str | int | float
    second_value: str | int | float


class And(_Payload):
    """A conjunction of metadata filters."""

    filter_type: Literal["and"] = "and"
    children: tuple[MetadataFilter, ...] = Field(alias="childFilters")


class Or(_Payload):
    """A disjunction of metadata filters."""

    filter_type: Literal["or"] = "or"
    children: tuple[MetadataFilter, ...] = Field(alias="childFilters")


MetadataFilter = Annotated[Value | Between | And | Or, Field(discriminator="filter_type")]

Months = tuple[int, ...]
Range = TypeVar("Range", DayRange, CloudRange)

_NO_DAY = DayRange(start=date.max, end=date.min)


class SceneFilter(_Payload):
    """The conditions of a scene-search, one each for time, cloud cover, place and so on. None: no condition."""

    acquisition: DayRange | None = Field(None, alias="acquisitionFilter")
    ingest: DayRange | None = Field(None, alias="ingestFilter")
    cloud: CloudRange | None = Field(None, alias="cloudCoverFilter")
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] | None = Field(None, alias="seasonalFilter")
    spatial: Annotated[Mbr | GeoJson, Field(discriminator="filter_type")] | None = Field(None, alias="spatialFilter")
    metadata: MetadataFilter | None = Field(None, alias="metadataFilter")

    @classmethod
    def nothing(cls) -> Self:
        """Return the filter that no scene passes; it is never sent."""
        return cls(acquisition=_NO_DAY)

    @property
    def is_empty(self) -> bool:
        """Whether no scene can pass, so that no request is needed."""
        ranges = (self.acquisition, self.ingest, self.cloud)
        return any(value is not None and value.is_empty for value in ranges) or self.months == ()

    @property
    def is_open(self) -> bool:
        """Whether every scene passes. M2M then gets no filter, and its totalHits is a cached count."""
        return self == SceneFilter()

    def __and__(self, other: Self) -> SceneFilter:
        """Combine the conditions. M2M takes a single place, so the smaller of two is used and the other dropped."""
        return SceneFilter(
            acquisition=_intersection(self.acquisition, other.acquisition),
            ingest=_intersection(self.ingest, other.ingest),
            cloud=_intersection(self.cloud, other.cloud),
            months=_common_months(self.months, other.months),
            spatial=_smaller_place(self.spatial, other.spatial),
            metadata=conjunction([self.metadata, other.metadata]),
        )

    def __or__(self, other: Self) -> SceneFilter:
        """Widen each condition to hold both; the result may also match scenes of neither."""
        return SceneFilter.any_of((self, other))

    @classmethod
    def any_of(cls, filters: Sequence[SceneFilter]) -> Self:
        """Widen each condition to hold all of the filters at once: joined one by one, thousands take seconds."""
        return cls(
            acquisition=_hull([part.acquisition for part in filters]),
            ingest=_hull([part.ingest for part in filters]),
            cloud=_hull([part.cloud for part in filters]),
            months=_all_months([part.months for part in filters]),
            spatial=_union_place([part.spatial for part in filters]),
            metadata=_disjunction([part.metadata for part in filters]),
        )


class DatasetSearch(_Payload):
    """One dataset-search: the datasets of a catalog group with data in a box, on some days."""

    catalog: str
    spatial: Mbr | None = Field(None, alias="spatialFilter")
    temporal: DayRange | None = Field(None, alias="temporalFilter")


class SceneSearch(_Payload):
    """One scene-search: the filter, the page (``starting_number`` counts from 1), and how much metadata."""

    dataset: str = Field(alias="datasetName")
    max_results: Annotated[int, Field(ge=1, le=50_000)] = 100
    starting_number: Annotated[int, Field(ge=1)] = 1
    metadata_type: Literal["full", "summary"] | None = "full"
    filter: SceneFilter | None = Field(None, alias="sceneFilter")

    def payload(self) -> dict[str, Any]:
        """Return the JSON object to send, without a sceneFilter if every scene passes."""
        payload = super().payload()
        if not payload.get("sceneFilter"):
            payload.pop("sceneFilter", None)
        return payload

    def digest(self) -> str:
        """Return a hash that is equal for equal searches."""
        return hashlib.sha256(orjson.dumps(self.payload(), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _intersection(first: Range | None, second: Range | None) -> Range | None:
    if first is None or second is None:
        return second if first is None else first
    return first & second


def _hull(ranges: Sequence[Range | None]) -> Range | None:
    known = [value for value in ranges if value is not None]
    return reduce(lambda first, second: first | second, known) if len(known) == len(ranges) else None


def _common_months(first: Months | None, second: Months | None) -> Months | None:
    if first is None or second is None:
        return second if first is None else first
    return tuple(month for month in first if month in second)


def _all_months(months: Sequence[Months | None]) -> Months | None:
    known = [part for part in months if part is not None]
    return tuple(sorted(set().union(*known))) if len(known) == len(months) else None


def _smaller_place(first: SpatialFilter | None, second: SpatialFilter | None) -> SpatialFilter | None:
    if first is None or second is None:
        return second if first is None else first
    return second if shape_of(second).envelope.area < shape_of(first).envelope.area else first


def _union_place(places: Sequence[SpatialFilter | None]) -> SpatialFilter | None:
    """A scene meets the union of places exactly if it meets one of them."""
    known = [place for place in places if place is not None]
    if len(known) < len(places):
        return None
    if all(place == known[0] for place in known):
        return known[0]
    union = shapely.union_all([shape_of(place) for place in known])
    if union.geom_type not in ("Polygon", "MultiPolygon"):
        union = union.envelope
    return GeoJson(geometry=orjson.loads(shapely.to_geojson(union)))


def shape_of(place: SpatialFilter) -> BaseGeometry:
    """Return a place as a geometry."""
    if isinstance(place, GeoJson):
        return shapely.geometry.shape(place.geometry)
    lower, upper = place.lower_left, place.upper_right
    return shapely.box(lower.longitude, lower.latitude, upper.longitude, upper.latitude)


def conjunction(trees: Iterable[MetadataFilter | None]) -> MetadataFilter | None:
    """Return the metadata filter that passes what all of these pass; None passes everything."""
    known = [tree for tree in trees if tree is not None]
    return _joined(known, And) if known else None


def _disjunction(trees: Sequence[MetadataFilter | None]) -> MetadataFilter | None:
    return None if None in trees else _joined([tree for tree in trees if tree is not None], Or)


def _joined(trees: Sequence[MetadataFilter], kind: type[And | Or]) -> MetadataFilter:
    """Join trees; those of the same kind merge into the result, and equal parts become one."""
    parts = tuple(dict.fromkeys(part for tree in trees for part in _children(tree, kind)))
    return parts[0] if len(parts) == 1 else kind(children=parts)


def _children(tree: MetadataFilter, kind: type[And | Or]) -> tuple[MetadataFilter, ...]:
    """Return the children of a tree of the kind, so that it merges into its parent; else the tree alone."""
    return tree.children if isinstance(tree, kind) else (tree,)
