"""A part of an Item agrees with the whole Item, for every dataset of the sandbox."""

from __future__ import annotations

import pytest

from m2m_sandbox.archive.datasets import archive_of, dataset
from m2m_sandbox.archive.fact_sheets import sheets
from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator

MAPPINGS = load_mappings()


@pytest.mark.parametrize("alias", [name for name in sheets() if archive_of(name)])
def test_a_property_read_alone_is_that_of_the_whole_item(alias: str) -> None:
    translator = Translator(Entry(Dataset.model_validate(dataset(alias)), MAPPINGS.for_dataset(alias)))
    archive = archive_of(alias)
    assert archive is not None
    for index in (0, len(archive) // 2, len(archive) - 1):
        scene = read_scene(archive.scene(index, full=True))
        whole = translator.core(scene)
        for name in (*whole["properties"], "m2m:no_such_field", "proj:no_such_thing"):
            part = translator.core(scene, frozenset((name,)))
            assert part["properties"].get(name) == whole["properties"].get(name)
            assert (part["id"], part["collection"]) == (whole["id"], whole["collection"])
        part = translator.core(scene, frozenset(("geometry",)))
        assert (part["geometry"], part.get("bbox")) == (whole["geometry"], whole.get("bbox"))


def test_a_part_holds_little_more_than_the_requested_properties() -> None:
    alias = "landsat_ot_c2_l2"
    translator = Translator(Entry(Dataset.model_validate(dataset(alias)), MAPPINGS.for_dataset(alias)))
    archive = archive_of(alias)
    assert archive is not None
    scene = read_scene(archive.scene(0, full=True))
    part = translator.core(scene, frozenset(("eo:cloud_cover", "id")))
    assert part["geometry"] is None
    assert "eo:cloud_cover" in part["properties"]
    assert not {"datetime", "proj:code", "landsat:wrs_path", "platform"} & part["properties"].keys()
