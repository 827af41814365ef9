"""The closed model of a mapping file: names only, never code."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from stac_bridge.mapping.assets import AssetRow, ProductRow
from stac_bridge.mapping.rows import Closed, Row

__all__ = ["CollectionText", "Grid", "IdForm", "ItemRows", "LinkRow", "Mapping", "Provider", "S3Row", "Union"]

Picture = Literal[
    "natural",
    "clouds",
    "infrared",
    "oldest",
    "snow",
    "warm",
    "sharp",
    "photo",
    "relief",
    "film",
    "aerial",
]
Slot = Literal["time", "place", "cloud", "months"]


class Provider(Closed):
    """A provider as STAC has it."""

    name: str
    roles: tuple[Literal["licensor", "producer", "processor", "host"], ...]
    url: str | None = None
    description: str | None = None


class CollectionText(Closed):
    """What a Collection says beyond what M2M tells of its dataset.

    ``name_as`` converts M2M's name of the dataset into a title; ``{title}`` in a description stands for the title.
    """

    title: str | None = None
    name_as: Literal["text", "event"] = "text"
    description: str | None = None
    license: str = "other"
    license_url: str | None = None
    page: str | None = None
    keywords: tuple[str, ...] = ()
    providers: tuple[Provider, ...] = ()
    doi: str | None = None
    summaries: dict[str, Any] = Field(default_factory=dict)
    picture: Picture | None = None
    """What its scenes look like, by the name of a picture that the server has."""


class IdForm(Closed):
    """Another form in which ids are given: with an ending of its own, or without one of its parts.

    Parts stand between underscores; ``lacks`` counts from 1, ``of`` is how many the whole id has, and ``day`` is
    the one before it that tells the day of acquisition, by which the scene is sought.
    """

    ends: str | None = None
    lacks: int | None = Field(None, ge=1)
    of: int | None = None
    day: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.model_fields_set == {"ends"} and self.ends:
            return self
        day, lacks, parts = (number or 0 for number in (self.day, self.lacks, self.of))
        if self.model_fields_set == {"lacks", "of", "day"} and 0 < day < lacks <= parts:
            return self
        raise ValueError("a form of id has ends, or lacks, of and day (numbers of parts, day before the one lacking)")


class ItemRows(Closed):
    """The rows every Item needs. ``datetime: middle`` takes the middle of start and end."""

    id: Row
    geometry: Row
    start_datetime: Row
    end_datetime: Row
    datetime: Literal["middle"] | None = None
    patterns: tuple[str, ...] = ()
    """Forms that ids have, with ``*`` and ``?``; none: any."""
    other_ids: tuple[IdForm, ...] = ()
    """Forms that other services give the same ids, which find the Item, too."""

    @property
    def constant_span(self) -> tuple[str, str] | None:
        """The start and end of every Item, where the mapping gives all of them the same."""
        start, end = self.start_datetime, self.end_datetime
        return (start.value, end.value) if start.is_constant and end.is_constant else None

    @property
    def has_constant_times(self) -> bool:
        """Whether some Item's times come from the mapping, and so not from M2M's day of acquisition."""
        return any(row.is_constant for row in (*self.start_datetime.chain, *self.end_datetime.chain))


class Grid(Closed):
    """Which fields hold the product's CRS and the centres of its corner pixels (decimal degrees, WGS 84).

    Without ``resolution`` and ``corners`` the fields tell the CRS alone.
    """

    projection: str
    zone: str
    datum: str | None = None
    resolution: float | None = None
    corners: Annotated[tuple[tuple[str, str], ...], Field(max_length=4)] = ()
    """(latitude, longitude) labels of the upper left, upper right, lower right and lower left corner."""

    @model_validator(mode="after")
    def _four_or_none(self) -> Self:
        if len(self.corners) != (0 if self.resolution is None else 4):
            raise ValueError("a grid has a resolution and four corners, or neither")
        return self


class LinkRow(Closed):
    """A link of every Item. ``{…}`` in the href stands for the id or a property; without it there is no link."""

    rel: str
    href: str
    title: str | None = None
    type: str | None = None
    only: dict[str, Any] = Field(default_factory=dict)


class S3Row(Closed):
    """The bucket's folder that holds a scene's files beside M2M; ``{…}`` as in a LinkRow, and ``{year}``."""

    folder: str
    region: str
    requester_pays: bool = True


class Mapping(Closed):
    """A mapping file: what one dataset, a family of them (``event*``), or for the generic one any means in STAC."""

    dataset: str | None
    collection: CollectionText = CollectionText()
    item: ItemRows
    slots: tuple[Slot, ...] = ("time", "place", "cloud", "months")
    """Which parts of a scene filter M2M is sent for the dataset; by any other it would lose its scenes."""
    properties: dict[str, Row] = Field(default_factory=dict)
    fields: bool = False
    """Whether each metadata field that no row reads becomes a property ``m2m:<label>``."""
    grid: Grid | None = None
    links: tuple[LinkRow, ...] = ()
    s3: S3Row | None = None
    assets: dict[str, AssetRow] = Field(default_factory=dict)
    products: dict[str, ProductRow | None] | None = None
    """Product codes whose files' endings are known, null for one that is no file; None: products make no assets."""

    @property
    def is_generic(self) -> bool:
        """Whether this mapping serves every dataset that has none of its own."""
        return self.dataset is None

    def has_file(self, key: str) -> bool:
        """Whether the asset of this key is one of the scene's files."""
        return any((row.key or name) == key and row.file is not None for name, row in self.assets.items())

    @property
    def is_pattern(self) -> bool:
        """Whether this mapping serves every dataset whose alias fits its pattern."""
        return self.dataset is not None and "*" in self.dataset

    @model_validator(mode="after")
    def _known_conditions(self) -> Self:
        rows = {f"assets.{key}": asset.only for key, asset in self.assets.items()}
        rows |= {f"links.{place}": link.only for place, link in enumerate(self.links)}
        for row, only in rows.items():
            for name in only:
                if name not in self.properties:
                    raise ValueError(f"{row}.only names {name}, which is no row of properties")
        return self

    @model_validator(mode="after")
    def _times_in_pairs(self) -> Self:
        if len(self.item.start_datetime.chain) != len(self.item.end_datetime.chain):
            raise ValueError("item.start_datetime and item.end_datetime have as many sources each, taken in pairs")
        return self

    @model_validator(mode="after")
    def _constant_times_are_not_days(self) -> Self:
        if "time" in self.slots and self.item.has_constant_times:
            raise ValueError(
                "item.start_datetime or item.end_datetime is a constant, which M2M does not search by: "
                "list slots without time"
            )
        return self


class Union(Closed):
    """A file in ``mappings/unions``: a Collection over several datasets, each of which keeps its own.

    ``aliases`` are ids by which other services know it.
    """

    union: str = Field(min_length=1)
    datasets: tuple[str, ...] = Field(min_length=2)
    aliases: tuple[str, ...] = ()
    collection: CollectionText = CollectionText()
