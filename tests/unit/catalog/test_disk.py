"""The file of the saved catalog."""

from __future__ import annotations

import json
import random
import time
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


def test_a_damaged_file_is_no_catalog_and_never_an_error(tmp_path: Path) -> None:
    chance = random.Random(22)
    path = tmp_path / "catalog.json"
    save_catalog(catalog(), path)
    whole = path.read_bytes()
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 1, 1, 20])):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        if chance.random() < 0.2:
            del damaged[chance.randrange(len(damaged)) :]
        path.write_bytes(damaged)
        assert load_catalog(path, MAPPINGS) in (None, catalog())


@pytest.mark.parametrize("name", ["version", "fetched", "datasets", "details", "digest"])
@pytest.mark.parametrize("value", [None, 3, -1e300, "text", [], [1], {}, {"a": None}, {"a": []}, True])
def test_a_value_of_another_type_is_never_an_error(tmp_path: Path, name: str, value: object) -> None:
    path = tmp_path / "catalog.json"
    save_catalog(catalog(), path)
    document = json.loads(path.read_bytes())
    if name != "digest":
        del document["digest"]
    path.write_text(json.dumps({**document, name: value}))
    loaded = load_catalog(path, MAPPINGS)
    assert loaded is None or isinstance(loaded.fetched, float)


def test_a_time_in_the_future_does_not_put_off_the_refresh(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    save_catalog(build_catalog([], MAPPINGS, time.time() + 10 * 86400), path)
    loaded = load_catalog(path, MAPPINGS)
    assert loaded
    assert loaded.fetched <= time.time()


def test_without_a_file_there_is_no_catalog(tmp_path: Path) -> None:
    assert load_catalog(tmp_path / "catalog.json", MAPPINGS) is None
