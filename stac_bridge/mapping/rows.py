"""Rows of a mapping file: the source of one value of an Item, and the M2M filter that can search by it.

A *row* takes its value from an attribute of the scene, a labeled field of the scene's metadata, or a constant, and
names the converter that cleans the value.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

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
    "day",
    "month",
    "digits-2",
    "digits-3",
    "part-1",
    "part-2",
    "part-3",
    "assessed",
    "mgrs",
    "part-5-day",
    "tile-horizontal",
    "tile-vertical",
    "mission",
    "platform",
    "event",
]
"""The keys of ``converters.CONVERTERS``, as a type that pydantic can check; a test compares the two."""


class MappingTable(BaseModel):
    """A table of a mapping file: immutable, and rejects unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


Correspondence = Literal["same", "text", "unchecked"]
"""How the keys of a filter's valueList correspond to the values of Items; see ``FilterRow.keys``."""


class FilterRow(MappingTable):
    """The M2M filter that searches by a property: a part of the scene filter, or a dataset filter.

    A dataset filter is found by its ``id``, else by the ``column`` in its SQL, else by its whole label, which is the
    value of ``like``, ``equals`` or ``between``, or of ``by`` if it is compared however M2M's SQL compares it.
    """

    cloud_cover: bool | None = None
    months: bool | None = None
    like: str | None = None
    equals: str | None = None
    between: str | None = None
    by: str | None = None
    id: str | None = None
    column: str | None = None
    keys: Correspondence | dict[str, Any] = "same"
    """How the filter's keys correspond to the property's values: ``same``: a key is the raw value of the field;
    ``text``: the valueList's text of a key is the value, in any case; a table: key to value, with ``%`` in a key for
    any characters; ``unchecked``: unknown, so M2M's answer counts and the condition is not tested on Items."""
    bounds: tuple[float, float] | None = None
    """The smallest and largest possible value. M2M accepts only closed ranges, so a comparison that is open on one
    side is sent with a bound on the other."""
    agrees: bool = False
    """Whether all sources of the row (its ``else``) hold the value that M2M compares. Without this, a row with several
    sources is not pushed down, unless ``keys`` says what its values are."""

    @model_validator(mode="before")
    @classmethod
    def _expand_short_form(cls, value: object) -> object:
        return {value: True} if value in ("cloud_cover", "months") else value

    @model_validator(mode="after")
    def _require_one_filter(self) -> Self:
        if len({"cloud_cover", "months", "like", "equals", "between", "by"} & self.model_fields_set) != 1:
            raise ValueError("a filter is cloud_cover, months, or one of like, equals, between, by with its label")
        return self

    @property
    def label(self) -> str | None:
        """The filter's label in dataset-filters; None for a part of the scene filter."""
        return self.like or self.equals or self.between or self.by


_CODE_RANGE = re.compile(r"(?P<first>\d+)(?P<suffix>\w*)\.\.(?P<last>\d+)(?P=suffix)")


def _codes(key: str) -> list[str]:
    """Return the codes of a range: two numbers with the same ending, and all between; any other key alone.

    >>> _codes("8001..8003"), _codes("9001A..9002A"), _codes("KH-7")
    (['8001', '8002', '8003'], ['9001A', '9002A'], ['KH-7'])
    """
    match = _CODE_RANGE.fullmatch(key)
    if not match:
        return [key]
    width = len(match["first"])
    return [f"{number:0{width}d}{match['suffix']}" for number in range(int(match["first"]), int(match["last"]) + 1)]


class Row(MappingTable):
    """The source of one value, its converter, and its fallback.

    A row that is not a table is a constant: ``gsd: 30`` means ``gsd: {value: 30}``.
    """

    scene: SceneValue | None = None
    field: str | None = None
    value: Any = None
    convert: Converter = Field("text", alias="as")
    values: dict[str, Any] | None = None
    """Translates the converted value, written as text; a value that is not listed counts as absent, and case does not
    matter. A key can be a range of codes (``1001..1052``)."""
    otherwise: Row | None = Field(None, alias="else")
    """The row to use if this one has no value."""
    filter: FilterRow | None = None

    @model_validator(mode="before")
    @classmethod
    def _expand_constant(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"value": value}

    @field_validator("values")
    @classmethod
    def _expand_ranges(cls, values: dict[str, Any] | None) -> dict[str, Any] | None:
        """Write a range of codes, such as ``1001..1052``, as one entry for each code."""
        if values is None:
            return None
        return {code: value for key, value in values.items() for code in _codes(key)}

    @model_validator(mode="after")
    def _require_one_source(self) -> Self:
        if len({"scene", "field", "value"} & self.model_fields_set) != 1:
            raise ValueError("a row takes its value from exactly one of scene, field, value")
        return self

    @property
    def is_constant(self) -> bool:
        """Whether every scene has the same value."""
        return "value" in self.model_fields_set

    @cached_property
    def chain(self) -> tuple[Row, ...]:
        """This row and its fallbacks in order, each without its own fallback."""
        alone = self.model_copy(update={"otherwise": None})
        return (alone, *(self.otherwise.chain if self.otherwise else ()))
