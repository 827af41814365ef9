"""Datasets in dataset-search, and the filters and products that each of them offers."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from stac_bridge.m2m.models.text import without_markup
from stac_bridge.m2m.models.values import (
    Flag,
    Label,
    Line,
    M2MModel,
    Prose,
    Text,
    Word,
    as_bounds,
    as_count,
    as_interval,
    as_keywords,
    as_list,
    as_map,
    as_names,
    as_text,
    read_rows,
)

_OPERATOR = re.compile(r"(like|between|<=|=)\s*\?\s*$", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_]\w*\b(?!\s*\()")
_QUOTED = re.compile(r"'[^']*'")


class Bounds(M2MModel):
    """A dataset's bounds in degrees; they may exceed the globe."""

    north: float
    south: float
    east: float
    west: float


class Dataset(M2MModel):
    """A dataset in dataset-search. Only alias and id are required; any other value may be nonsense, read as None."""

    alias: str = Field(alias="datasetAlias", min_length=1)
    id: str = Field(alias="datasetId", min_length=1)
    name: Line = Field(None, alias="collectionName")
    long_name: Line = Field(None, alias="collectionLongName")
    abstract: Prose = Field(None, alias="abstractText")
    category: Line = Field(None, alias="datasetCategoryName")
    catalogs: Annotated[tuple[str, ...], BeforeValidator(as_names)] = ()
    owner: Line = Field(None, alias="dataOwner")
    date_updated: Text = None
    doi: Text = Field(None, alias="doiNumber")
    ingest_frequency: Text = None
    keywords: Annotated[Line, BeforeValidator(as_keywords)] = None
    legacy_id: Text = None
    scene_count: Annotated[int | None, BeforeValidator(as_count)] = None
    spatial_bounds: Annotated[Bounds | None, BeforeValidator(as_bounds)] = None
    acquisition_start: Text = None
    acquisition_end: Text = None
    temporal_coverage: Annotated[tuple[str | None, str | None] | None, BeforeValidator(as_interval)] = None
    supports_cloud_cover: Flag = Field(False, alias="supportCloudCover")
    supports_deletion_search: Flag = Field(False, alias="supportDeletionSearch")

    @property
    def holds_single_files(self) -> bool:
        """Whether its scenes are single files of other datasets' scenes, such as landsat_band_files_c2_l1.

        USGS lists these datasets without a category, which keeps them out of EarthExplorer [REFERENCE §7].
        """
        return self.category is None and "_files" in self.alias


class _FieldConfig(M2MModel):
    type: str
    validators: Annotated[tuple[dict[str, Any], ...], BeforeValidator(as_list)] = ()


def _as_value_list(value: Any) -> Any:
    """Return a value list with plain texts, without the keys that are markup."""
    values = as_map(value)
    if not isinstance(values, dict):
        return values
    texts = ((key, as_text(text)) for key, text in values.items() if without_markup(str(key)) == str(key))
    return {str(key): None if text is None else " ".join(without_markup(text).split()) for key, text in texts}


class DatasetFilter(M2MModel):
    """A filter that a dataset offers; ``sql`` shows its column and operator (``WRS_PATH between ?``)."""

    id: str
    label: Label = Field(alias="fieldLabel")
    sql: Word = Field("", alias="searchSql")
    config: _FieldConfig = Field(alias="fieldConfig")
    value_list: Annotated[dict[str, str | None] | None, BeforeValidator(_as_value_list)] = None
    """The text of each value that M2M compares."""

    @property
    def kind(self) -> str:
        """Text, Select or Range."""
        return self.config.type

    @cached_property
    def operator(self) -> str | None:
        """How M2M compares the column: ``=``, ``like``, ``between`` or ``<=``; None if the SQL does not show it."""
        match = _OPERATOR.search(self.sql)
        return match[1].lower() if match else None

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns in the SQL, in lower case: usually one."""
        words = _WORD.findall(_QUOTED.sub("", self.sql))
        return frozenset(word.lower() for word in words) - {"like", "between"}


class DatasetProduct(M2MModel):
    """A product that a dataset delivers (dataset-download-options)."""

    product_id: str
    code: Label = Field(alias="productCode")
    name: Label = Field("", alias="productName")
    system: Text = Field(None, alias="downloadSystem")


def read_datasets(data: Any, _size: int = 0) -> tuple[Dataset, ...]:
    """Read the ``data`` of dataset-search. Raises ValueError if no dataset is readable."""
    return read_rows(Dataset, data)
