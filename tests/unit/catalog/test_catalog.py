"""The list of entries, and the unions that have members."""

from __future__ import annotations

import orjson
import pytest

from stac_bridge.catalog import DatasetDetails, Together, build_catalog
from stac_bridge.errors import NotFound
from stac_bridge.m2m.models.datasets import read_datasets
from stac_bridge.mapping import load_mappings
from tests.support import RECORDINGS, entry_of

MAPPINGS = load_mappings()
LANDSAT = entry_of("landsat_ot_c2_l2").dataset


def test_a_union_has_the_members_that_m2m_lists_under_its_own_id() -> None:
    catalog = build_catalog([LANDSAT], MAPPINGS, 0)
    (union,) = (union for union in catalog.unions.values() if "landsat_ot_c2_l2" in union.union.datasets)
    assert [(entry.id, entry.dataset.alias) for entry in union.members] == [(union.id, "landsat_ot_c2_l2")]
    assert isinstance(catalog.find(union.id), Together)


def test_datasets_of_single_files_are_no_collections() -> None:
    every = read_datasets(orjson.loads((RECORDINGS / "recorded/dataset-search__all__1.json").read_bytes())["data"])
    entries = build_catalog(every, MAPPINGS, 0).entries
    assert {dataset.alias for dataset in every} - entries.keys() == {"landsat_band_files_c2_l1"}


@pytest.mark.parametrize(
    ("alias", "category", "is_listed"),
    [
        ("landsat_ba_tile_files_c2", None, False),
        ("landsat_ba_tile_files_c2", "Landsat Collection 2 Level-3", True),
        ("sentinel_2a", None, True),
    ],
)
def test_a_dataset_is_hidden_as_usgs_hides_it(alias: str, category: str | None, is_listed: bool) -> None:
    dataset = LANDSAT.model_copy(update={"alias": alias, "category": category})
    assert (alias in build_catalog([dataset], MAPPINGS, 0).entries) == is_listed


def test_what_was_learnt_survives_a_refresh_unless_the_dataset_was_updated() -> None:
    details = DatasetDetails(filters=())
    before = build_catalog([LANDSAT], MAPPINGS, 0).replace_details(LANDSAT.alias, details)
    updated = LANDSAT.model_copy(update={"date_updated": "2099-01-01"})
    assert build_catalog([LANDSAT], MAPPINGS, 1, before).entries[LANDSAT.alias].details is details
    assert build_catalog([updated], MAPPINGS, 1, before).entries[LANDSAT.alias].details is None


def test_an_entry_of_a_dataset_that_m2m_no_longer_lists_is_not_found() -> None:
    (entry,) = build_catalog([LANDSAT], MAPPINGS, 0).entries.values()
    with pytest.raises(NotFound, match="no collection 'landsat_ot_c2_l2'"):
        build_catalog([], MAPPINGS, 1).latest(entry)
