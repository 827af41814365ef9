"""Where one value of an Item comes from, and which M2M filter can be asked for it.

A *row* takes its value from an attribute of the scene, a labelled field of its metadata, or a constant, and names
the converter that cleans it.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["Closed", "Converter", "FilterRow", "Row", "SceneValue"]

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
Converter = Literal[
    "text",
    "number",
    "integer",
    "elevation",
    "azimuth",
    "off-nadir",
    "size",
    "percent",
    "instant",
    "day-start",
    "day-end",
    "month",
    "digits-2",
    "digits-3",
    "part-1",
    "part-2",
    "part-3",
    "lower",
    "event",
]


class Closed(BaseModel):
    """A table that takes no other words than its own, and does not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class FilterRow(Closed):
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


class Row(Closed):
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

    @property
    def chain(self) -> tuple[Row, ...]:
        """This row and its fallbacks in order, each without the next."""
        alone = self.model_copy(update={"otherwise": None})
        return (alone, *(self.otherwise.chain if self.otherwise else ()))
