"""The file of the saved catalog."""

from __future__ import annotations

from pathlib import Path

import pytest

from stac_bridge.catalog import Catalog, DatasetDetails, build_catalog, load_catalog, save_catalog
from stac_bridge.mapping import load_mappings
from tests.support import entry_of

MAPPINGS = load_mappings()
LANDSAT = entry_of("landsat_ot_c2_l2")


def catalog() -> Catalog:
    """A catalog of two datasets, one of which has been used."""
    details = LANDSAT.details
    assert details
    # M2M writes an absent valueList as null; read back, it is an empty one
    filters = tuple(one.model_copy(update={"value_list": one.value_list or {}}) for one in details.filters)
    datasets = (LANDSAT.dataset, entry_of("corona2").dataset)
    return build_catalog(datasets, MAPPINGS, 1234.5).replace_details(
        LANDSAT.id, DatasetDetails(filters, details.products)
    )


def test_a_saved_catalog_is_loaded_with_what_was_learnt(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "catalog.json"
    save_catalog(catalog(), path)
    loaded = load_catalog(path, MAPPINGS)
    assert loaded == catalog()
    assert [file.name for file in path.parent.iterdir()] == ["catalog.json"]


def test_a_file_under_the_old_name_is_read_until_the_new_one_exists(tmp_path: Path) -> None:
    save_catalog(catalog(), tmp_path / "catalogue.json")
    assert load_catalog(tmp_path / "catalog.json", MAPPINGS) == catalog()
    newer = build_catalog([], MAPPINGS, 2000)
    save_catalog(newer, tmp_path / "catalog.json")
    assert load_catalog(tmp_path / "catalog.json", MAPPINGS) == newer


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"version": 1}', b'{"version": 2}', b'{"version": 2, "datasets": 3}']
)
def test_a_file_that_cannot_be_read_is_no_catalog(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "catalog.json"
    path.write_bytes(content)
    assert load_catalog(path, MAPPINGS) is None


def test_without_a_file_there_is_no_catalog(tmp_path: Path) -> None:
    assert load_catalog(tmp_path / "catalog.json", MAPPINGS) is None
