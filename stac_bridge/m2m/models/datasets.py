"""Datasets as M2M lists them, with the filters and products that each of them offers."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from stac_bridge.m2m.models.values import (
    Model,
    as_count,
    as_flag,
    as_list,
    as_map,
    as_names,
    as_sides,
    as_span,
    as_text,
    as_words,
)

__all__ = ["Bounds", "Dataset", "DatasetFilter", "DatasetProduct", "read_datasets"]

_log = logging.getLogger(__name__)


class Bounds(Model):
    """A dataset's bounds in degrees, which may leave the globe."""

    north: float
    south: float
    east: float
    west: float


Words = Annotated[str | None, BeforeValidator(as_text)]
Flag = Annotated[bool, BeforeValidator(as_flag)]


class Dataset(Model):
    """A dataset as dataset-search lists it. Only alias and id must be there; anything else may be nonsense."""

    alias: str = Field(alias="datasetAlias", min_length=1)
    id: str = Field(alias="datasetId", min_length=1)
    name: Words = Field(None, alias="collectionName")
    long_name: Words = Field(None, alias="collectionLongName")
    abstract: Words = Field(None, alias="abstractText")
    category: Words = Field(None, alias="datasetCategoryName")
    catalogs: Annotated[tuple[str, ...], BeforeValidator(as_names)] = ()
    owner: Words = Field(None, alias="dataOwner")
    date_updated: Words = None
    doi: Words = Field(None, alias="doiNumber")
    ingest_frequency: Words = None
    keywords: Annotated[str | None, BeforeValidator(as_words)] = None
    legacy_id: Words = None
    scene_count: Annotated[int | None, BeforeValidator(as_count)] = None
    spatial_bounds: Annotated[Bounds | None, BeforeValidator(as_sides)] = None
    acquisition_start: Words = None
    acquisition_end: Words = None
    temporal_coverage: Annotated[tuple[str | None, str | None] | None, BeforeValidator(as_span)] = None
    supports_cloud_cover: Flag = Field(False, alias="supportCloudCover")
    supports_deletion_search: Flag = Field(False, alias="supportDeletionSearch")


class _FieldConfig(Model):
    type: str
    validators: Annotated[tuple[dict[str, Any], ...], BeforeValidator(as_list)] = ()


class DatasetFilter(Model):
    """A filter that a dataset offers; ``sql`` shows its column and operator (``WRS_PATH between ?``)."""

    id: str
    label: str = Field(alias="fieldLabel")
    sql: str = Field("", alias="searchSql")
    config: _FieldConfig = Field(alias="fieldConfig")
    value_list: Annotated[dict[str, Any] | None, BeforeValidator(as_map)] = None

    @property
    def kind(self) -> str:
        """Text, Select or Range."""
        return self.config.type


class DatasetProduct(Model):
    """A product that a dataset delivers (dataset-download-options)."""

    product_id: str
    code: str = Field(alias="productCode")
    name: str = Field("", alias="productName")
    system: str | None = Field(None, alias="downloadSystem")


def read_datasets(data: Any, _size: int = 0) -> tuple[Dataset, ...]:
    """The ``data`` of dataset-search: one that lacks its name must not hide the others.

    Raises ValueError where none can be read.
    """
    found = []
    for raw in data or ():
        try:
            found.append(Dataset.model_validate(raw))
        except ValidationError as nameless:
            _log.warning("M2M lists a dataset that cannot be read: %s", nameless.errors()[0]["msg"])
    if data and not found:
        raise ValueError("no element is a dataset")
    return tuple(found)
