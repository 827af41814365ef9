"""Titles of queryables are words, for every property that a mapping has."""

from __future__ import annotations

import re

import pytest

from stac_bridge.catalog import DatasetDetails, Entry
from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter
from stac_bridge.mapping import load_mappings
from stac_bridge.mapping.titles import TITLES, in_usual_order, title_of
from stac_bridge.translate.queryables import property_schemas
from tests.recorded_m2m import recordings

MAPPINGS = load_mappings()
KEY = re.compile(r"\w:\w|_")
"""A prefix of an extension, or an underscore, which words do not have."""


def detailed_entry(alias: str) -> Entry:
    record = Dataset.model_validate({"datasetAlias": alias, "datasetId": "1"})
    filters = tuple(DatasetFilter.model_validate(one) for one in recordings().filters.get(alias, ()))
    return Entry(record, MAPPINGS.for_dataset(alias), DatasetDetails(filters, ()))


@pytest.mark.parametrize("alias", sorted({*MAPPINGS.by_dataset, *recordings().filters, "any_other_dataset"}))
def test_no_title_of_a_queryable_is_a_bare_key(alias: str) -> None:
    for name, schema in property_schemas(detailed_entry(alias).queryables, {}).items():
        assert not KEY.search(schema["title"]), name
        assert schema["title"] != name
        assert not schema["title"][0].islower(), name


@pytest.mark.parametrize("alias", sorted(MAPPINGS.by_dataset))
def test_the_usual_queryables_come_first(alias: str) -> None:
    names = list(property_schemas(detailed_entry(alias).queryables, {}))
    known = [name for name in names if name in TITLES]
    assert names[: len(known)] == known
    assert known == [name for name in TITLES if name in known]
    assert {"datetime", "geometry"} <= set(names[:8])


def test_a_cloud_cover_is_named_with_its_unit() -> None:
    assert title_of("eo:cloud_cover", "Scene Cloud Cover L1") == "Cloud cover (%)"


def test_properties_without_a_title_keep_their_order_at_the_end() -> None:
    assert list(in_usual_order({"m2m:b": 1, "gsd": 2, "m2m:a": 3, "id": 4})) == ["id", "gsd", "m2m:b", "m2m:a"]
