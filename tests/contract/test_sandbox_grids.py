"""Items of the sandbox's Landsat scenes have the exact grid of their files."""

from __future__ import annotations

from typing import Any

import pytest

from m2m_sandbox.archive.datasets import dataset
from m2m_sandbox.archive.landsat.archive import landsat
from m2m_sandbox.archive.landsat.families import FAMILIES
from stac_bridge.catalog import build_catalog
from stac_bridge.m2m.models.datasets import read_datasets
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator

MAPPINGS = load_mappings()


@pytest.mark.parametrize("name", FAMILIES)
def test_an_item_has_the_grid_of_its_files(name: str) -> None:
    (entry,) = build_catalog(read_datasets([dataset(name)]), MAPPINGS, 0).entries.values()
    translator, archive = Translator(entry), landsat(name)
    for number in range(0, len(archive), len(archive) // 60):
        grid = archive.facts(number).grid
        properties: dict[str, Any] = translator.core(read_scene(archive.scene(number, full=True)))["properties"]
        corner = grid.west - grid.pixel / 2, grid.north + grid.pixel / 2
        assert properties["proj:shape"] == [grid.height, grid.width]
        assert properties["proj:transform"] == [grid.pixel, 0, corner[0], 0, -grid.pixel, corner[1]]
        assert properties["proj:code"] == f"EPSG:{grid.crs}"
