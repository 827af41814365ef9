"""The schema of a mapping file. It holds names of sources and converters only, never code."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from stac_bridge.mapping.assets import AssetRow, FileStem, ProductRow, Render
from stac_bridge.mapping.grids import DegreeTiles, Grid, TileGrid
from stac_bridge.mapping.id_forms import IdForm
from stac_bridge.mapping.rows import MappingTable, Row

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
"""Names of the example pictures that the server has."""

Slot = Literal["time", "place", "cloud", "months"]
"""Parts of M2M's scene filter."""


class Provider(MappingTable):
    """A provider, as STAC defines it."""

    name: str
    roles: tuple[Literal["licensor", "producer", "processor", "host"], ...]
    url: str | None = None
    description: str | None = None


class Span(MappingTable):
    """The days of the first and last scene that a dataset has or will have (YYYY-MM-DD), and how that is known."""

    start: str | None = None
    end: str | None = None
    source: str


class CollectionText(MappingTable):
    """The parts of a Collection that M2M's dataset record does not have, or has in a worse form.

    ``name_as`` converts M2M's name of the dataset into a title; ``{title}`` in the description is replaced by it.
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
    span: Span | None = None
    """A span that M2M's record lacks or has in part; the Collection's extent is at least as wide."""
    picture: Picture | None = None
    """The picture that shows what the dataset's scenes look like."""


class ItemRows(MappingTable):
    """The rows that every Item needs. ``datetime: middle`` sets datetime to the middle of start and end."""

    id: Row
    geometry: Row
    start_datetime: Row
    end_datetime: Row
    datetime: Literal["middle"] | None = None
    patterns: tuple[str, ...] = ()
    """Patterns of the dataset's Item ids, with ``*`` and ``?``; empty: any id is possible."""
    other_ids: dict[str, IdForm] = Field(default_factory=dict)
    """Forms of ids at other services and in the names of files, by a name of the form; they find the Item, too."""
    title: tuple[str | tuple[str, ...], ...] = ()
    """Parts of the Item's title. ``{…}`` is a property, or ``id``, ``date``, ``platform`` (in words), ``cloud`` (in
    percent) or ``collection`` (its title). A part with a property that the Item lacks is left out; of a list of parts,
    the first without one is used."""

    @property
    def describes_ids(self) -> bool:
        """Whether anything is known about the forms of ids."""
        return bool(self.patterns or self.other_ids)

    @property
    def constant_span(self) -> tuple[str, str] | None:
        """The start and end of every Item, if the mapping sets both to constants."""
        start, end = self.start_datetime, self.end_datetime
        return (start.value, end.value) if start.is_constant and end.is_constant else None

    @property
    def has_constant_times(self) -> bool:
        """Whether the times of some Items are constants, and so differ from M2M's day of acquisition."""
        return any(row.is_constant for row in (*self.start_datetime.chain, *self.end_datetime.chain))


class LinkRow(MappingTable):
    """A link of every Item. ``{…}`` in the href is the id or a property; Items without that property have no link.

    An href without a scheme is relative to the API's address.
    """

    rel: str
    href: str
    title: str | None = None
    type: str | None = None
    only: dict[str, Any] = Field(default_factory=dict)


class S3Row(MappingTable):
    """The bucket folder that holds the same files as M2M; ``{…}`` as in a LinkRow, and ``{year}``."""

    folder: str
    region: str
    requester_pays: bool = True


class Mapping(MappingTable):
    """A mapping file: how to translate one dataset, the datasets of a pattern (``event*``), or any (generic)."""

    dataset: str | None
    collection: CollectionText = CollectionText()
    item: ItemRows
    slots: tuple[Slot, ...] = ("time", "place", "cloud", "months")
    """The parts of a scene filter that M2M supports for the dataset; it returns no scenes if any other is sent."""
    properties: dict[str, Row] = Field(default_factory=dict)
    fields: bool = True
    """Whether each metadata field that no row reads becomes a property ``m2m:<label>``."""
    drop: tuple[str, ...] = ()
    """Labels of metadata fields that repeat the footprint or an id, and have no property.

    A coordinate's label stands for the same coordinate in degrees and in decimals.
    """
    grid: Grid | None = None
    tiles: TileGrid | None = None
    degree_tiles: DegreeTiles | None = None
    links: tuple[LinkRow, ...] = ()
    s3: S3Row | None = None
    assets: dict[str, AssetRow] = Field(default_factory=dict)
    products: dict[str, ProductRow | None] | None = None
    """By product code or any other name; null for a code that is not a file. None: products are not assets."""
    renders: dict[str, Render] = Field(default_factory=dict)
    file_names: FileStem | None = None
    """How the names of product files begin; None: with the display id."""

    @property
    def is_generic(self) -> bool:
        """Whether this is the mapping of all datasets without a mapping of their own."""
        return self.dataset is None

    def has_file(self, key: str) -> bool:
        """Whether the asset with this key is one of the scene's files."""
        return any((row.key or name) == key and row.file is not None for name, row in self.assets.items())

    @property
    def is_pattern(self) -> bool:
        """Whether this is the mapping of all datasets whose alias matches its pattern."""
        return self.dataset is not None and "*" in self.dataset

    @field_validator("properties", mode="before")
    @classmethod
    def _remove_rows_without_source(cls, rows: object) -> object:
        """Remove rows that are null: a mapping removes a family's row so, and may do so if the family has none."""
        return {name: row for name, row in rows.items() if row is not None} if isinstance(rows, dict) else rows

    @model_validator(mode="after")
    def _require_known_conditions(self) -> Self:
        conditions = {f"assets.{key}": asset.only for key, asset in self.assets.items()}
        conditions |= {f"links.{index}": link.only for index, link in enumerate(self.links)}
        conditions |= {f"products.{name}": row.only for name, row in (self.products or {}).items() if row}
        for row, only in conditions.items():
            for name in only:
                # Fields without a row are properties, too, whose names depend on the scene.
                if name not in self.properties and not (self.fields and name.startswith("m2m:")):
                    raise ValueError(f"{row}.only names {name!r}, but properties has no such row")
        return self

    @model_validator(mode="after")
    def _require_paired_times(self) -> Self:
        # Times are read in pairs, so that start and end of an Item never come from different sources.
        if len(self.item.start_datetime.chain) != len(self.item.end_datetime.chain):
            raise ValueError("item.start_datetime and item.end_datetime need the same number of sources")
        return self

    @model_validator(mode="after")
    def _forbid_searching_by_constant_times(self) -> Self:
        if "time" in self.slots and self.item.has_constant_times:
            raise ValueError(
                "item.start_datetime or item.end_datetime is a constant, and M2M cannot search by it: "
                "list slots without time"
            )
        return self


class Union(MappingTable):
    """A file in ``mappings/unions``: a Collection over several datasets, which stay Collections of their own.

    ``aliases`` are the ids of the same Collection at other services.
    """

    union: str = Field(min_length=1)
    datasets: tuple[str, ...] = Field(min_length=2)
    aliases: tuple[str, ...] = ()
    collection: CollectionText = CollectionText()
