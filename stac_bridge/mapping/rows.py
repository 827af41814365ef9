"""Rows of a mapping file: the source of one value of an Item, and the M2M filter that can search by it.

A *row* takes its value from an attribute of the scene, a labeled field of the scene's metadata, or a constant, and
names the converter that cleans the value.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

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
"""M2M's names of the scene attributes that a row can read."""

Converter = Literal[
    "text",
    "number",
    "integer",
    "elevation",
    "azimuth",
    "off-nadir",
    "size",
    "sun-elevation",
    "meters",
    "percent",
    "instant",
    "central",
    "day-start",
    "day-end",
    "month",
    "digits-2",
    "digits-3",
    "part-1",
    "part-2",
    "part-3",
    "assessed",
    "mgrs",
    "lower",
    "event",
]
"""The keys of ``converters.CONVERTERS``, as a type that pydantic can check; a test compares the two."""


class MappingTable(BaseModel):
    """A table of a mapping file: immutable, and rejects unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class FilterRow(MappingTable):
    """The M2M filter that searches by a property: a part of the scene filter, or a dataset filter's label.

    ``bounds`` are the smallest and largest possible value. M2M accepts only closed ranges, so a comparison that is
    open on one side is sent with a bound on the other.
    """

    cloud_cover: bool | None = None
    months: bool | None = None
    like: str | None = None
    equals: str | None = None
    between: str | None = None
    bounds: tuple[float, float] | None = None

    @model_validator(mode="before")
    @classmethod
    def _expand_short_form(cls, value: object) -> object:
        return {value: True} if value in ("cloud_cover", "months") else value

    @model_validator(mode="after")
    def _require_one_filter(self) -> Self:
        if len(self.model_fields_set - {"bounds"}) != 1:
            raise ValueError("a filter is cloud_cover, months, or one of like, equals, between with the filter's label")
        return self

    @property
    def label(self) -> str | None:
        """The filter's label in dataset-filters; None for a part of the scene filter."""
        return self.like or self.equals or self.between


class Row(MappingTable):
    """The source of one value, its converter, and its fallback.

    A row that is not a table is a constant: ``gsd: 30`` means ``gsd: {value: 30}``.
    """

    scene: SceneValue | None = None
    field: str | None = None
    value: Any = None
    convert: Converter = Field("text", alias="as")
    values: dict[str, Any] | None = None
    """Translates the converted value, written as text; a value that is not listed counts as absent."""
    otherwise: Row | None = Field(None, alias="else")
    """The row to use if this one has no value."""
    filter: FilterRow | None = None

    @model_validator(mode="before")
    @classmethod
    def _expand_constant(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"value": value}

    @model_validator(mode="after")
    def _require_one_source(self) -> Self:
        if len({"scene", "field", "value"} & self.model_fields_set) != 1:
            raise ValueError("a row takes its value from exactly one of scene, field, value")
        return self

    @property
    def is_constant(self) -> bool:
        """Whether every scene has the same value."""
        return "value" in self.model_fields_set

    @property
    def chain(self) -> tuple[Row, ...]:
        """This row and its fallbacks in order, each without its own fallback."""
        alone = self.model_copy(update={"otherwise": None})
        return (alone, *(self.otherwise.chain if self.otherwise else ()))
